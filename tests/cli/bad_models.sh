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
[[ -z $(find . -name '*.json' -o -name '*.csv' -o -name m.pt -o -name '*part*') ]] ||
    die "something was written"
