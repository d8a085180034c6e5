# SPDX-License-Identifier: MIT
# The list loads no engine: a broken one beside it does not matter.
mkdir modules
if [[ $EV_HAVE_TORCH == 0 ]]; then
    EVALRUN_MODULE_PATH='' passes evalrun list
    says "  torch        TorchScript models, by libtorch (not part of this build)"
fi
echo "no module" >modules/evalrun_torch.so
export EVALRUN_MODULE_PATH=$PWD/modules
passes evalrun list
says "  torch        TorchScript models, by libtorch (present)"
says "  null         constant outputs, needs no model (present)"
(($(wc -l <"$out") <= 24)) || die "more than a screen"
for name in baseline dynamic static qat null simple montreal montmelo many_curves nurburgring cpu cuda; do
    says "  $name"
done
awk -v cache="$EVALRUN_CACHE" 'length > 80 && !index($0, cache) { exit 1 }' "$out" || die "longer than 80 columns"
says "$EVALRUN_CACHE"
says "not rendered"
passes evalrun list --cache elsewhere
says "elsewhere"
fails 2 "list: unexpected 'more'" evalrun list more
nothing_left modules
