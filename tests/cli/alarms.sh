# SPDX-License-Identifier: MIT
# Alarms are in all reports, in those of saved results too, and verify misses those that were taken
# out. Colours are for terminals.
small_set a.h5 12
odd=$EV_CLI_PLUGINS/plugin_odd.so
moved="alarm: $odd was to run on cpu, but its engine says that it runs on cuda:3 (moved-device)"
nan="alarm: $odd on a: 1 of 24 outputs are NaN or infinite, the first in row 0 (nan)"
float="alarm: $odd is an int8 model of 2 layers, but computes in floats: second (float-layer)"

passes evalrun --backend null,"$odd" --set a.h5 --calls 0 --out odd -q
says "$moved"
says "$nan"
says "$float"
[[ $(grep -c alarm: "$out") == 3 ]] || die "not three alarms"
awk -F, 'NR == 1 && $NF != "alarms" || NR == 2 && $NF != "" ||
         NR == 3 && $NF != "moved-device nan float-layer" { exit 1 }' odd/results.csv ||
    die "wrong codes in results.csv"
grep -q '^## Alarms' odd/results.md || die "no section in results.md"
grep -q '<section id="alarms">' odd/results.html || die "no section in results.html"
for file in odd/results.md odd/results.html; do
    [[ $(grep -c 'in row 0 (nan)' "$file") == 1 ]] || die "not one NaN in $file"
done
passes evalrun verify odd
passes evalrun report odd --out again
says "$nan"
passes cmp odd/results.csv again/results.csv

# An alarm that was taken out, with the digests as if it had never been there.
python3 - <<'END'
import json
result = json.load(open("odd/results.json"))
assert [alarm["set"] for alarm in result["alarms"]] == ["", "a", ""]
result["alarms"] = [alarm for alarm in result["alarms"] if alarm["code"] != "nan"]
json.dump(result, open("odd/results.json", "w"))
END
evalrun verify odd >"$out" 2>"$err" || true
says "results.json: lacks an alarm: $odd on a: 1 of 24 outputs are NaN or infinite"
[[ $(grep -c "lacks an alarm" "$out") == 1 ]] || die "others are missed too"

# Without alarms nothing is said of them.
passes evalrun --backend null --set a.h5 --calls 0 --out fine -q
grep -q alarm: "$out" && die "an alarm of the null engine"
grep -qi '<section id="alarms">' fine/results.html && die "an empty section"
grep -q Alarms fine/results.md && die "an empty section"

# Colours. on_terminal COMMAND: its output on a terminal.
on_terminal() {
    script -qec "$1" /dev/null </dev/null >"$out" 2>"$err" || die "exit code $?: $1"
}
esc=$'\033['
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    export TERM=xterm
    on_terminal "evalrun report again"
    says "${esc}1;31m$nan${esc}0m"
    for setting in NO_COLOR=1 TERM=dumb TERM=; do
        on_terminal "env $setting evalrun report again"
        says "$nan"
        grep -q $'\033' "$out" && die "colours with $setting"
    done
    on_terminal "env NO_COLOR= evalrun report again"
    says "${esc}1;31m"

    # Verdicts; without its colours the table is the one of a file.
    env FOLDER=worse MSE=0.5 "$EV_MAKE_RESULTS" >/dev/null || die "no results were made"
    passes evalrun report worse
    cp "$out" plain
    grep -q $'\033' plain && die "colours in a file"
    on_terminal "evalrun report worse"
    says "${esc}31mWORSE${esc}0m"
    says "${esc}33mUNRESOLVED${esc}0m"
    sed 's/\x1b\[[0-9;]*m//g; s/\r$//' "$out" | cmp - plain || die "another table"
    grep -q $'\033' worse/results.* && die "colours in a report"
fi

if [[ $EV_HAVE_TORCH == 1 ]]; then
    # Models in each other's places.
    mkdir -p data/results/models
    root=$EV_SOURCE_ROOT
    ln -s "$root/plots" "$root/datasets" data/
    models=$root/results/models
    cp "$models/baseline.pt" data/results/models/baseline.pt
    cp "$models/baseline.pt" data/results/models/dynamic.pt
    cp "$models/dynamic.pt" data/results/models/static.pt
    cp "$models/dynamic.pt" data/results/models/qat.pt
    EVALRUN_DATA_DIR=$PWD/data passes evalrun --set a.h5 --calls 0 --out mixed -q
    says "alarm: qat has the same model file as static"
    says "alarm: dynamic on a gives the same outputs as baseline"
    says "alarm: dynamic is an int8 model of 10 layers, but computes in floats: fc1, fc2"
    says "alarm: static is an int8 model of 10 layers, but computes in floats: conv1, conv2,"
    says "alarm: dynamic: its int8 model file of 6,390,130 bytes is more than 0.5 times"
    grep -q '"runs_on": "cpu"' mixed/results.json || die "the engine does not say where it runs"

    # As they are they raise none.
    passes evalrun --set a.h5 --calls 0 --out ours -q
    grep -q alarm: "$out" && die "alarms of our models"
fi
true

# A model that gives nothing else: no map can show where its errors are.
if [[ $EV_HAVE_TORCH == 1 ]]; then
    "$EV_MAKE_MODEL" nan nan.pt 2>"$err"
    passes evalrun --model nan.pt --set a.h5 --profile none --calls 0 -q --out nan
    says "outputs are NaN or infinite"
    [[ ! -e nan/plots/where.svg ]] || die "a map of nothing"
fi
