# SPDX-License-Identifier: MIT
# Two folders of results compared: table, JSON, exit codes. Samples are simulated.
make() {
    env FOLDER="$1" RUN="$2" MSE="${3:-0}" TIME="${4:-0}" "$EV_MAKE_RESULTS" >/dev/null ||
        die "no results were made"
}
# ends CODE COMMAND...: like passes, with another code, and one line on standard error.
ends() {
    local expected=$1 code=0
    shift
    "$@" >"$out" 2>"$err" || code=$?
    [[ $code == "$expected" ]] || die "exit code $code, expected $expected: $*"
    [[ $(wc -l <"$err") == 1 ]] || die "not one line on standard error"
}
make a 0
make same 1
make worse 2 0.05

passes evalrun compare a a
says "B against A: 72 figures, 0 better, 0 worse, 72 same, 0 cannot tell (margin 2 %)"
[[ $(awk '{ n = length($0) > n ? length($0) : n } END { print n }' "$out") -lt 100 ]] ||
    die "lines are too long"
# Two signs, each with a meaning of its own below the table.
[[ $(grep -c '^  baseline .* hot, e2e \* ' "$out") == 1 ]] || die "not one time of the baseline's own"
[[ $(grep -c ' single inference † ' "$out") == 9 ]] || die "not nine of one process"
[[ $(grep -cE ' (\*|†) ' "$out") == 10 ]] || die "other figures are marked"
says $'\n* milliseconds: the baseline\'s own, of which other times are parts; same or cannot tell'
says $'\n† milliseconds: measured in one process; same or cannot tell'
passes evalrun compare a same --only error
[[ $(<"$out") != *milliseconds* ]] || die "marks that nothing has"
passes evalrun compare a same
[[ $(grep -c ' same$' "$out") == 72 ]] || die "not all the same"

ends 1 evalrun compare a worse
warns "worse: 18 figures worse than in a"
[[ $(grep -c '^  static .* worse$' "$out") == 18 ]] || die "not 18 lines of static"
passes evalrun compare worse a
[[ $(grep -c ' better$' "$out") == 18 ]] || die "the other way round is not better"
passes evalrun compare a worse --margin 10
passes evalrun compare a worse --only size
[[ $(grep -c ' same$' "$out") == 6 ]] || die "not six sizes"
ends 1 evalrun compare a worse --only error

# Every figure as JSON, to a file beside the table or in its place.
ends 1 evalrun compare a worse --json table.json
says "18 worse"
python3 - table.json <<'END' || die "table.json"
import json, sys
table = json.load(open(sys.argv[1]))
assert table["schema"] == "evalrun-compare" and table["n_worse"] == 18
assert len(table["figures"]) == 72 and table["a"]["folder"] == "a"
worse = [f for f in table["figures"] if f["verdict"] == "worse"]
assert all(f["backend"] == "static" and f["paired"] for f in worse)
assert all(f["change_low"] < f["change"] < f["change_high"] for f in worse)
END
ends 1 evalrun compare a worse --json -
python3 -m json.tool "$out" >"$base/pretty" || die "standard output is not JSON alone"
cmp -s "$out" table.json || die "two ways, two texts"
fails 2 "no/where.json: cannot be written" evalrun compare a same --json no/where.json

# Without rows to pair, less can be told.
cp -r worse unpaired
rm unpaired/samples.h5 unpaired/SHA256SUMS
ends 77 evalrun compare a unpaired
warns "cannot tell"
says "cannot tell: there are no samples of rows"
[[ $(grep -c ' worse$' "$out") == 0 ]] || die "something is worse"

# What is no folder of results, or a damaged one.
mkdir empty
fails 2 "empty/results.json: " evalrun compare a empty
fails 2 "empty/results.json: " evalrun compare empty a
fails 2 "nowhere/results.json: " evalrun compare nowhere a
fails 2 "compare: DIR is missing" evalrun compare a
fails 2 "--margin" evalrun compare a same --margin -1
cp -r a damaged
printf 'x' | dd of=damaged/samples.h5 bs=1 seek=5000 conv=notrunc status=none
fails 2 "damaged/samples.h5: changed" evalrun compare a damaged
# As a report that was killed may leave it: of another run, and the rest is read.
rm damaged/SHA256SUMS
evalrun compare a damaged >"$out" 2>"$err" || die "the rest is not read"
warns "note: damaged/samples.h5: left out, results.json is of other samples"

# A report made again keeps the samples, here and elsewhere.
passes evalrun report a --out again --plots again/charts
cmp a/samples.h5 again/samples.h5 || die "other samples"
passes evalrun compare a again
cp a/SHA256SUMS damaged
fails 2 "damaged/samples.h5: changed" evalrun report damaged --out elsewhere
[[ ! -e elsewhere ]] || die "something was written"
# A run without samples leaves none of an earlier one beside its tables.
passes evalrun report unpaired --out again --plots again/charts
[[ ! -e again/samples.h5 ]] || die "samples of another run"
(cd again && sha256sum --quiet -c SHA256SUMS) || die "SHA256SUMS"
