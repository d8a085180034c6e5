# SPDX-License-Identifier: MIT
# --dry-run names all that would be done, with a time, finds what is wrong with the input, and writes
# nothing anywhere.
small_set a.h5 12
small_set b.h5 5
engine=$EV_PLUGINS/plugin_min.so
passes evalrun --dry-run --backend "null,$engine" --set a.h5,b.h5 --batch 4 --threads 1 --calls 20 \
    --out r/s
nothing_left a.h5 b.h5
[[ ! -s $err ]] || die "something on standard error"
says "  a            12 rows of 66 x 200 x 3, a.h5"
says "  b            5 rows of 66 x 200 x 3, b.h5"
says "Backends on cpu, 1 thread, batches of 4 rows"
says "  null "
says "$engine"
says "  opening      engines, and each model once"
says "  warm-up      a batch before each pass: 16 pictures"
says "  passes       each backend on each set, 2 x 2: 34 pictures"
says "  singles      up to 256 of each set one by one: 34 pictures"
says "20 calls of each backend on each set"
says "profile quick: 6 processes, 3 models each"
says "    paced      e2e      1 round of 3 calls"
says "r/s/ and r/s/plots/"
grep -qE '^Planned time: about ([1-9][0-9]* s|[1-9][0-9]* min [0-9]+ s), by' "$out" || die "no time"

# The parts add up to the planned time; one second is planned at least.
seconds() { # of "2 h 3 min", "1 min 20 s", "12 s", "under 1 s"
    [[ $1 != under* ]] || { echo 0; return; }
    sed -E 's/([0-9]+) h/\1 * 3600 +/; s/([0-9]+) min/\1 * 60 +/; s/([0-9]+) s/\1/; s/\+ *$//' <<<"$1"
}
adds_up() {
    local line sum=0 total
    passes evalrun --dry-run --backend null "$@"
    while read -r line; do
        sum=$((sum + $(seconds "$line")))
    done < <(sed -n '/^Work/,/^$/s/^  [a-z].* \{2,\}\(.*\)$/\1/p' "$out" | sed 's/.*pictures* //')
    total=$(seconds "$(sed -n 's/^Planned time: about \(.*\), by .*/\1/p' "$out")")
    total=$((total))
    ((sum == total || sum == 0 && total == 1)) || die "the parts are $sum s, planned are $total s"
}
adds_up --set a.h5
adds_up --set a.h5,b.h5 --profile std --batch 4 --calls 50
adds_up --set a.h5 --profile strict
adds_up --set a.h5 --profile none --calls 100000
adds_up --set a.h5 --profile none --calls 0

# The time is that of what there is to do: paced calls alone take 6 x 3 x 5 / 20 s.
planned() {
    local minutes seconds
    passes evalrun --dry-run --backend null --set a.h5 "$@"
    minutes=$(sed -n 's/^Planned time: about \([0-9]*\) min.*/\1/p' "$out")
    seconds=$(sed -nE 's/^Planned time: about ([0-9]* min )?([0-9]*) s,.*/\2/p' "$out")
    echo $((${minutes:-0} * 60 + seconds))
}
none=$(planned --profile none --calls 0)
quick=$(planned --profile quick)
std=$(planned --profile std)
((none >= 1 && quick >= none + 1 && std > 2 * quick)) || die "planned: $none, $quick and $std s"
passes evalrun --dry-run --backend null --set a.h5 --profile std
says "up to 24 processes"
passes evalrun --dry-run --backend null --set a.h5 --profile none --layers --study
says "Not in it: the study's figures, layers, tables"
[[ $(<"$out") != *"times "* ]] || die "times without a profile"

# Sets that are not rendered yet stay so; their rows are known all the same.
passes evalrun --dry-run --backend null --set simple,a.h5
says "rows of 66 x 200 x 3, not rendered yet"
says "Not in it: rendering, "
passes evalrun --dry-run --backend null --set simple,a.h5 --layout nhwc # of the file
rows=$(sed -n 's/^  simple *\([0-9,]*\) rows.*/\1/p' "$out")
passes evalrun --dry-run --backend null
says "  montmelo "
[[ ! -e $EVALRUN_CACHE ]] || die "a cache was made"
nothing_left a.h5 b.h5
passes evalrun dataset render simple --out whole.h5 --quiet
passes evalrun --dry-run --backend null --set whole.h5
says "  whole        $rows rows of 66 x 200 x 3, whole.h5"
rm whole.h5

# What is wrong is found as by the evaluation itself.
echo kept >file
printf 'no set' >bad.h5
cp a.h5 before.h5
wrong() { # CODE TEXT OPTION...
    fails "$1" "$2" evalrun --dry-run "${@:3}"
    [[ ! -e results && ! -e plots ]] || die "folders were made"
    fails "$1" "$2" evalrun "${@:3}"
    rm -rf results plots
}
wrong 2 "none.h5" --backend null --set none.h5
wrong 2 "bad.h5: not an HDF5 file" --backend null --set a.h5,bad.h5
wrong 2 "unknown backend" --backend nul --set a.h5
wrong 2 "no-such-engine" --backend ./no-such-engine --set a.h5
wrong 2 "unknown device" --backend null --set a.h5 --device gpu
wrong 2 "file" --backend null --set a.h5 --out file
wrong 2 "file" --backend null --set a.h5 --out file/sub
wrong 2 "no-templates: no such folder" --backend null --set a.h5 --templates no-templates
EV_TEST_FAIL_AT=1 wrong 3 "stopped as asked" --backend "$EV_CLI_PLUGINS/plugin_stops.so" --set a.h5
fails 2 "--dry-run: shows whole evaluations" evalrun --dry-run --resume --backend null --set a.h5
nothing_left a.h5 b.h5 bad.h5 before.h5 file
cmp a.h5 before.h5 || die "a set was changed"

# Results that are there stay as they are.
passes evalrun --backend null --set a.h5 --profile none --calls 0 --out r -q
cp -r r before
passes evalrun --dry-run --backend null --set a.h5 --profile none --calls 0 --out r
diff -r r before || die "results were changed"
