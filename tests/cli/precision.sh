# SPDX-License-Identifier: MIT
# --precision: a row for each precision that a model has, computed in it wherever it is opened.
column() { # NAME FILE
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
                          { gsub(/"[^"]*"/, "-"); print $c }' "$2"
}
has() { # NAME FOLDER VALUE...: that column of results.csv
    [[ $(column "$1" "$2/results.csv" | tr '\n' ' ') == "${*:3} " ]] ||
        die "$2: $1 is $(column "$1" "$2/results.csv" | tr '\n' ' ')"
}
small_set a.h5 12
cp "$EV_CLI_PLUGINS/plugin_precise.so" two.so
export EV_TEST_OPENED=$base/opened
two() { # OPTION...
    : >"$EV_TEST_OPENED"
    PATH=$base/bin evalrun --backend ./two.so --set a.h5 --threads 2 -q "$@"
}
opened_in() { # WHERE PRECISION...: of all that were opened there
    [[ $(sed -n "s/^$1 \([0-9]*\) .*/\1/p" "$EV_TEST_OPENED" | sort -nu | tr '\n' ' ') == "${*:2} " ]] ||
        die "$1 opened: $(sort "$EV_TEST_OPENED" | uniq -c)"
}

# Without the option all is as it was.
passes two --profile none --calls 0 --out none
has backend none ./two.so
has precision none ""
opened_in program 0
# In the program, in its worker processes, for layers.
passes two --precision fp32,fp16 --profile quick --layers --out both
has backend both ./two.so ./two.so-fp16
has precision both fp32 fp16
has alarms both "" ""
opened_in program 1 4
opened_in worker 1 4
grep -q '^./two.so-fp16,0,only,linear,float16,' both/layers.csv || die "its layers are those of another"
grep -q '"precision": "fp16"' both/results.json || die "results.json lacks it"
passes evalrun verify both
says "all equal"
passes evalrun report both --out again
cmp both/results.csv again/results.csv || die "it is lost in a report"
code=0
evalrun compare none both --only error >"$out" 2>"$err" || code=$?
[[ $code == 0 || $code == 77 ]] || die "compare ends with $code"
says "./two.so-fp16: only in B"
# The list's order is that of the rows.
passes two --precision fp16,fp32 --profile none --calls 0 --out turned
has backend turned ./two.so-fp16 ./two.so
passes two --precision int8,fp16 --profile none --calls 0 --out half
has backend half ./two.so-fp16
has mse_norm half "$(column mse_norm both/results.csv | tail -1)"
# Outputs that should differ.
EV_TEST_EQUAL=1 passes two --precision fp32,fp16 --profile none --calls 0 --out equal
has alarms equal "" equal-outputs
grep -q "although their precisions differ" equal/results.md || die "the alarm does not say why"

# The plan, and laps.
passes two --dry-run --precision fp32,fp16 --profile quick
says "  ./two.so-fp16  opens in"
says "no model, fp16"
opened_in program 1 4
: >"$EV_TEST_OPENED"
passes evalrun drive simple --backend ./two.so --precision fp16,fp32 --direction forward \
    --latency measured --quiet --out laps
opened_in program 1 4
[[ $(sed 1d laps/drive.csv | cut -d, -f1 | tr '\n' ' ') == "./two.so-fp16 ./two.so " ]] || die "laps of others"
grep -q '"precision": "fp16"' laps/drive.json || die "drive.json lacks it"

# What was interrupted goes on in the same precision alone.
cp "$EV_CLI_PLUGINS/plugin_stops.so" stops.so
stops() {
    PATH=$base/bin evalrun --backend ./stops.so --set a.h5 --batch 4 --profile none --calls 0 -q --out run "$@"
}
code=0
EV_TEST_SIGNAL_AT=3 stops >"$out" 2>"$err" || code=$?
[[ $code == 130 ]] || die "exit code $code"
fails 2 "run: the evaluation interrupted there had other models, sets or options" stops --resume --precision fp32
passes stops --resume
rm -r none both again turned half equal laps run stops.so

# Refused.
wrong() { # TEXT OPTION...
    fails 2 "$1" evalrun --set a.h5 --profile none --calls 0 "${@:2}"
    fails 2 "$1" evalrun drive simple "${@:2}"
}
wrong "--precision fp16: backend 'static' is int8" --backend static --precision fp16
wrong "--precision fp16,fp32: backend 'dynamic' is int8" --backend all --precision fp16,fp32
wrong "--precision int8: backend 'baseline' is float32: int8 models are made by" \
    --backend baseline --precision int8
wrong "unknown precision 'fp61': did you mean 'fp16'?" --backend baseline --precision fp61
wrong "unknown precision 'half': expected one of fp32, tf32, fp16, int8" --backend baseline --precision half
wrong "unknown precision 'all'" --precision all
wrong "--precision: 'fp32' is given twice" --precision fp32,fp32
wrong "--precision: empty name in the list" --precision fp32,
wrong "engine 'null' does not compute in fp32" --backend null --precision fp32
wrong "engine 'precise' does not compute in tf32" --backend ./two.so --precision fp16,tf32
wrong "--precision int8: model 'two' is float32" --backend ./two.so --model two.so --precision int8
cp two.so two.so-fp16
wrong "--precision fp32,fp16: two would be called './two.so-fp16'" --backend ./two.so,./two.so-fp16 \
    --precision fp32,fp16
rm -rf results plots

# The rows of a table: two of the float model, and one of an int8 one.
if [[ $EV_HAVE_TORCH == 1 ]]; then
    regress() {
        evalrun --set "$EV_SOURCE_ROOT/tests/data/regress.h5" --profile none --calls 0 -q "$@"
    }
    passes regress --backend baseline,static --precision fp32,fp16,int8 --out table
    has backend table baseline baseline-fp16 static
    has precision table fp32 fp16 int8
    has alarms table "" "" ""
    passes regress --backend baseline,static --out plain
    has precision plain "" ""
    column outputs_sha256 plain/results.csv >plain.txt
    column outputs_sha256 table/results.csv | sed 2d >table.txt
    cmp plain.txt table.txt || die "fp32 and int8 are not what the models are without the option"
    column outputs_sha256 table/results.csv | sort -u | wc -l | grep -qx 3 || die "fp16 is fp32"
    passes evalrun verify table
    # Of files it is found out by looking.
    models=$EV_SOURCE_ROOT/results/models
    passes regress --model "$models/baseline.pt,$models/static.pt" --precision fp32,int8 --out files
    has backend files baseline static
    has precision files fp32 int8
    fails 2 "--precision fp16: model 'static' is int8" regress --model "$models/static.pt" --precision fp16
    # Also of one that is no chain of layers.
    "$EV_MAKE_MODEL" int8_mean mean.pt 2>"$err"
    passes regress --model "$models/baseline.pt,mean.pt" --precision fp32,int8 --out mean
    has precision mean fp32 int8
    fails 2 "--precision fp32: model 'mean' is int8" regress --model mean.pt --precision fp32
    fails 2 "engine 'torch': computes in tf32 on CUDA devices only" \
        regress --backend baseline --precision tf32
    rm -rf results plots
    fails 2 "engine 'reference' does not compute in fp16" \
        regress --backend baseline --engine reference --precision fp16
fi
true
