# Times of worker processes: profiles, what a run leaves, and workers that fail.
work=$EV_PLUGINS/plugin_work.so slow=$EV_PLUGINS/plugin_slow.so stops=$EV_CLI_PLUGINS/plugin_stops.so
small_set a.h5

# --- A run: every condition of the profile in each process, the baseline twice ---
passes evalrun --backend "$work,$slow" --set a.h5 --batch 8 --profile quick --out run -q
says "Times, each backend in fresh processes"
[[ $(wc -l <run/timings.csv) == 16 ]] || die "not 3 entries in 5 conditions"
for condition in cold,e2e,1,1 hot,compute,1,1 hot,e2e,1,1 paced,e2e,1,1 resident,e2e; do
    [[ $(grep -c ",$condition," run/timings.csv) == 3 ]] || die "$condition: not measured for all"
done
# Batches are in every second process.
[[ $(grep -v ',resident,' run/timings.csv | tail -n +2 | cut -d, -f8 | sort -u) == [1-6] ]] ||
    die "not as many for all"
# The 20 % more work of the slow one, with room for any machine's mood.
change() { awk -F, -v mode="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "change_percent") c = i }
    $1 == "'"$slow"'" && $3 == mode && $4 == "e2e" { print $c }' run/timings.csv; }
awk -v c="$(change hot)" 'BEGIN { exit !(c > 5 && c < 60) }' || die "hot: changed by $(change hot) %"
passes evalrun verify run
passes evalrun report run --plots run/plots
says "Times, each backend in fresh processes"

# --- None, and one that there is not ---
passes evalrun --backend "$work" --set a.h5 --profile none --calls 5 --out none -q
[[ ! -e none/timings.csv && ! -e none/rounds.csv ]] || die "times without a profile"
fails 2 "unknown --profile 'fast': expected one of none, quick, std, strict" \
    evalrun --backend null --set a.h5 --profile fast

# --- Workers that fail: after the pass (three calls), errors are kept, and one line says why ---
code=0
EV_TEST_FAIL_AT=20 evalrun --backend "$stops" --set a.h5 --batch 4 --out failed -q \
    >"$out" 2>"$err" || code=$?
[[ $code == 3 ]] || die "exit code $code, expected 3"
warns "stopped as asked"
[[ $(grep -v '^evalrun: note: ' "$err" | wc -l) == 1 ]] || die "not one line"
[[ -s failed/results.csv && ! -e failed/timings.csv ]] || die "the errors were not kept"
code=0
EV_TEST_SIGNAL_AT=20 evalrun --backend "$stops" --set a.h5 --batch 4 --out signalled -q \
    >"$out" 2>"$err" || code=$?
[[ $code == 3 ]] || die "exit code $code, expected 3"
warns "worker process 0 was ended by signal 2 (Interrupt)"

# --- Nobody but the program starts a worker ---
fails 2 "unknown command 'worker'" evalrun worker 0
