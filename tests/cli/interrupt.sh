# SPDX-License-Identifier: MIT
# Ctrl-C, and an engine that fails, in the middle of an evaluation: what is finished is reported.
# The engine raises the signal itself, at a call that the environment names.
small_set a.h5 8
small_set b.h5 8
engine=$EV_CLI_PLUGINS/plugin_stops.so

stopped() { # CODE TEXT OUT: an evaluation of two sets that ends during the second
    local code=0
    evalrun --backend "$engine" --set a.h5,b.h5 --batch 4 --calls 0 --out "$3" -q >"$out" 2>"$err" ||
        code=$?
    [[ $code == "$1" ]] || die "exit code $code, expected $1"
    [[ $(wc -l <"$err") == 1 ]] || die "not one line on standard error"
    warns "$2"
    says "plugin_stops"
    [[ $(wc -l <"$3/results.csv") == 2 ]] || die "not one finished row"
    grep -q ',a,' "$3/results.csv" || die "not the row of a"
    [[ -z $(find . -name '*part*') ]] || die "a temporary file is left"
    passes evalrun report "$3"
}
EV_TEST_SIGNAL_AT=4 stopped 130 "interrupted" interrupted
grep -q '"interrupted": true' interrupted/results.json || die "the result does not say it"
EV_TEST_FAIL_AT=4 stopped 3 "stopped as asked" failed

# Before the first row there is nothing to report.
code=0
EV_TEST_SIGNAL_AT=1 evalrun --backend "$engine" --set a.h5 --calls 0 --out none -q \
    >"$out" 2>"$err" || code=$?
[[ $code == 130 ]] || die "exit code $code, expected 130"
[[ ! -e none/results.csv ]] || die "an empty table was written"

# Rendering leaves nothing behind. The signal is sent as soon as the temporary file is there.
mkdir rendering
evalrun dataset render simple --frames 100000 --threads 1 --out rendering/big.h5 -q 2>"$err" &
pid=$!
until [[ -n $(ls rendering) ]]; do
    kill -0 "$pid" 2>/dev/null || die "it ended by itself"
done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[[ $code == 130 ]] || die "exit code $code, expected 130"
warns "evalrun: interrupted"
[[ -z $(ls rendering) ]] || die "a file is left"
