# SPDX-License-Identifier: MIT
# Files that are no sets, and sets that are not whole: one line each, nothing written.
small_set good.h5
: >empty.h5
echo "a,b,c" >text.h5
mkdir folder.h5
size=$(stat -c %s good.h5)
head -c 100 good.h5 >head.h5
head -c $((size / 2)) good.h5 >half.h5
head -c $((size - 1)) good.h5 >cut.h5
files=(good.h5 empty.h5 text.h5 folder.h5 head.h5 half.h5 cut.h5)

fails 2 "missing.h5: " evalrun --backend null --set missing.h5
for name in empty text folder head half cut; do
    fails 2 "$name.h5: " evalrun --backend null --set "good.h5,$name.h5" --out results
done
# Training checks the same way; without libtorch it cannot start.
if [[ $EV_HAVE_TORCH == 1 ]]; then
    fails 2 "half.h5: " evalrun train --set half.h5 --out m.pt
fi
[[ -z $(find . -name '*.json' -o -name '*.csv' -o -name '*.pt' -o -name '*part*') ]] ||
    die "something was written"
