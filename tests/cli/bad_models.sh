# SPDX-License-Identifier: MIT
# Models and engines that cannot be used.
small_set set.h5
echo "no model" >text.pt
echo "no module" >text.so
: >empty.pt
fails 2 "missing.pt: " evalrun --model missing.pt --set set.h5
fails 2 "--model needs one backend" evalrun --model text.pt --backend baseline,qat --set set.h5
fails 2 "./text.so: " evalrun --backend ./text.so --set set.h5
fails 2 "./missing.so: " evalrun --backend ./missing.so --set set.h5
if [[ $EV_HAVE_TORCH == 1 ]]; then
    fails 2 "text.pt: " evalrun --model text.pt --set set.h5 --out results
    fails 2 "empty.pt: " evalrun --model empty.pt --set set.h5 --out results
    fails 2 "text.pt: " evalrun quantize --method dynamic --model text.pt --set set.h5 --out m.pt
fi
# Outputs that are no numbers are told, not only their missing errors.
echo >infer-nan
passes evalrun --backend "$EV_PLUGINS/plugin_wrong.so" --model infer-nan --set set.h5 --profile none --calls 0 -q \
    --out results
warns "infer-nan on set: 1 of 16 outputs are NaN or infinite, first in row 0"
rm -r results
# What an engine says of a model comes with the model's path, and its status is no exit code.
echo >infer-fails
fails 3 "infer-fails: the device's memory is full" evalrun --backend "$EV_PLUGINS/plugin_wrong.so" \
    --model infer-fails --set set.h5 -q --out results
echo >open-verdict
fails 3 "not an engine's: unsure" evalrun --backend "$EV_PLUGINS/plugin_wrong.so" \
    --model open-verdict --set set.h5 -q --out results
[[ -z $(find . -name '*.json' -o -name '*.csv' -o -name m.pt -o -name '*part*') ]] ||
    die "something was written"
