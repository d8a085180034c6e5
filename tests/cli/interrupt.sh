# SPDX-License-Identifier: MIT
# Ctrl-C, and an engine that fails, in the middle of an evaluation: what is finished is reported.
# The engine raises the signal itself, at a call that the environment names.
small_set a.h5 8
small_set b.h5 8
engine=$EV_CLI_PLUGINS/plugin_stops.so

stopped() { # CODE TEXT OUT: an evaluation of two sets that ends during the second
    local code=0
    evalrun --backend "$engine" --set a.h5,b.h5 --batch 4 --profile none --calls 0 --out "$3" -q >"$out" 2>"$err" ||
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
# The signal came between the pass and what follows it: the row has all that verify looks for.
passes evalrun verify interrupted
EV_TEST_FAIL_AT=4 stopped 3 "stopped as asked" failed

# Before the first row there is nothing to report.
code=0
EV_TEST_SIGNAL_AT=1 evalrun --backend "$engine" --set a.h5 --profile none --calls 0 --out none -q \
    >"$out" 2>"$err" || code=$?
[[ $code == 130 ]] || die "exit code $code, expected 130"
[[ ! -e none/results.csv ]] || die "an empty table was written"

# A drive that is interrupted before some laps begin has all its charts; gnuplot cannot draw a chart
# without a point by itself.
code=0
EV_TEST_SIGNAL_AT=1 evalrun drive simple montreal --backend "$engine" --threads 1 --latency 0 \
    --direction forward --out drive >"$out" 2>"$err" || code=$?
[[ $code == 130 ]] || die "exit code $code, expected 130"
[[ $(tail -n 1 "$err") == "evalrun: interrupted" ]] || die "not the last line"
[[ $(<"$err") != *" laps in "* ]] || die "it looks finished"
if [[ -n $(command -v gnuplot) ]]; then
    [[ $(ls drive/plots/*.png drive/plots/*.svg | wc -l) == 8 ]] || die "charts are missing"
    grep -q 'not driven' drive/plots/lap-montreal.svg || die "an empty chart says nothing"
    ! grep -q 'not driven' drive/plots/lap-simple.svg || die "a chart says that it is empty"
fi

# Rendering leaves nothing behind. The signal is sent as soon as the temporary file is there.
mkdir rendering
for signal in INT TERM HUP; do
    # Whoever runs the tests may ignore one of them, as nohup does, and that is inherited.
    env --default-signal="$signal" evalrun dataset render simple --frames 100000 --threads 1 \
        --out rendering/big.h5 -q 2>"$err" &
    pid=$!
    until [[ -n $(ls rendering) ]]; do
        kill -0 "$pid" 2>/dev/null || die "it ended by itself"
    done
    kill -"$signal" "$pid"
    code=0
    wait "$pid" || code=$?
    [[ $code == 130 ]] || die "exit code $code, expected 130: $signal"
    warns "evalrun: interrupted"
    [[ -z $(ls rendering) ]] || die "a file is left: $signal"
done

# --- While charts are drawn, by a program in gnuplot's place that sends the signal itself ---

mkdir "$base/fake"
cat >"$base/fake/gnuplot" <<'END'
#!/bin/sh
# Sends SIGINT to evalrun when it has the script, and does not end before evalrun does. Its own
# child keeps making the files that it was told to write.
echo >>"$EV_TEST_STARTS"
files=$(sed -n "s/^chart_file = '\(.*\)'$/\1/p")
make_files() {
    for file in $files; do echo half >"$file"; done
}
(
    while kill -0 $PPID; do make_files; done
    make_files
) &
kill -INT $PPID
wait
END
chmod +x "$base/fake/gnuplot"
export EV_TEST_STARTS=$base/starts
mkfifo "$base/alive"

interrupted() { # TEXT COMMAND...: ends with 130 and this line, and nothing of gnuplot is left
    local text=$1 code=0 reader
    shift
    : >"$EV_TEST_STARTS"
    cat "$base/alive" &
    reader=$!
    PATH=$base/fake:$PATH "$@" >"$out" 2>"$err" 9>"$base/alive" || code=$?
    wait "$reader" # comes back when nothing that was started is left
    [[ $code == 130 ]] || die "exit code $code, expected 130: $*"
    [[ $(<"$err") == "$text" ]] || die "not the line '$text': $*"
    [[ $(wc -l <"$EV_TEST_STARTS") == 1 ]] || die "gnuplot was not started once: $*"
    [[ -z $(find . -name '*part*') ]] || die "a temporary file is left: $*"
}
chart="evalrun: interrupted: chart 'size' and those after it are not drawn"
interrupted "$chart" evalrun --backend null --set a.h5 --profile none --calls 0 --out tables -q
[[ $(ls tables) == $'plots\nresults.csv\nresults.json\nresults.md\nsamples.h5' ]] || die "not the tables"
[[ -z $(ls tables/plots) ]] || die "half a chart"
passes evalrun report tables
cp -r tables before
interrupted "$chart" evalrun report tables
diff -r -x SHA256SUMS tables before || die "files changed"
[[ ! -e tables/SHA256SUMS ]] || die "digests of a report that was not finished"
interrupted "evalrun: interrupted: chart 'map-simple' and those after it are not drawn" \
    evalrun drive simple --backend null --latency 0 --direction forward --out laps -q
[[ -s laps/drive.csv && -s laps/drive.md && -s laps/drive.json ]] || die "not the tables"

# The second signal, while charts of what was finished are drawn.
EV_TEST_SIGNAL_AT=4 interrupted "" \
    evalrun --backend "$engine" --set a.h5,b.h5 --batch 4 --profile none --calls 0 --out second -q
[[ -s second/results.csv && -z $(ls second/plots) ]] || die "not the tables alone"
