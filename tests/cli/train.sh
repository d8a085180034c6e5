# SPDX-License-Identifier: MIT
# From a circuit to a table: training lowers the loss, every int8 file loads and runs.
[[ $EV_HAVE_TORCH == 1 ]] || { echo "built without libtorch"; exit 77; }
passes evalrun dataset render simple --frames 96 --perturb --out train.h5 --quiet
small_set test.h5 8
passes evalrun train --set train.h5 --out base.pt --epochs 4 --batch 16 --epoch-rows 64 \
    --learning-rate 0.0005 --threads 1 --quiet
says "base.pt: "
[[ ! -s $err ]] || die "--quiet is not quiet"
head -n 1 base.csv | grep -q '^epoch,images,train_loss,val_mse_norm,val_r2_v,val_r2_w,learning_rate,seconds$' ||
    die "the log's columns"
awk -F, 'NR == 2 { first = $3 } NR == 5 { last = $3 } END { exit !(NR == 5 && last < 0.7 * first) }' \
    base.csv || die "the loss does not fall: $(<base.csv)"

declare -A options=(
    [dynamic]=""
    [static]="--batch 16 --calibration-batches 2"
    [qat]="--batch 16 --epochs 2 --epoch-rows 16"
)
for method in dynamic static qat; do
    # shellcheck disable=SC2086
    passes evalrun quantize --method "$method" --model base.pt --set train.h5 --out "$method.pt" \
        ${options[$method]} --threads 1 --quiet
    says "$method.pt: "
    passes evalrun --model "$method.pt" --set test.h5 --profile none --calls 0 --out "r-$method" --quiet
    says "$method"
    (($(stat -c %s "$method.pt") * 2 < $(stat -c %s base.pt))) || die "$method.pt is not smaller"
done

# A run that was killed goes on, and ends as if it had not been.
train=(evalrun train --set train.h5 --epochs 3 --batch 16 --epoch-rows 16 --threads 1 --quiet)
passes "${train[@]}" --out whole.pt
"${train[@]}" --out killed.pt 2>/dev/null &
pid=$!
until [[ -e killed.pt.state || -e killed.pt ]]; do
    kill -0 "$pid" 2>/dev/null || break
done
kill -KILL "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true
if [[ -e killed.pt.state ]]; then
    fails 2 "use those to go on, or --fresh to start afresh" "${train[@]}" --out killed.pt --seed 9
fi
passes "${train[@]}" --out killed.pt
cmp whole.pt killed.pt || die "the resumed run ends differently"

fails 2 "dynamic.pt" evalrun quantize --method static --model dynamic.pt --set train.h5 --out x.pt
[[ -z $(find . -name '*.state*' -o -name '*.best-*' -o -name '*.lock' -o -name '*.part-*') ]] ||
    die "a run's own files are left"
