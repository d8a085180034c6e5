# SPDX-License-Identifier: MIT
# Evaluations that were interrupted, killed or ran into an error go on with --resume, and say in the
# end what one without a break says. The engine stops at a call that the environment names.
small_set a.h5 20
small_set b.h5 18
cp "$EV_CLI_PLUGINS/plugin_stops.so" "$base/stops.so"
# The same under another name.
LC_ALL=C sed 's/\x00stops\x00/\x00other\x00/' "$base/stops.so" >"$base/other.so"
# Two backends with calls of their own, on two sets: 4 passes of an uncounted batch and 5 batches.
# When both have passed over a set, its pictures are given to them one by one.
both=$base/stops.so,$base/other.so

backends=$both sets=a.h5,b.h5 batch=4 threads=1 calls=0 profile=none
evaluate() { # OUT OPTION...: without charts, for speed
    PATH=$base/bin evalrun --backend "$backends" --set "$sets" --batch $batch \
        --threads $threads --calls $calls --profile $profile -q --out "$@"
}
ends() { # CODE COMMAND...
    local code=0
    "${@:2}" >"$out" 2>"$err" || code=$?
    [[ $code == "$1" ]] || die "exit code $code, expected $1: ${*:2}"
}
# All that is no time.
figures() {
    grep -v -e '"started_utc"' -e '"command_line"' -e '"images_per_s"' -e '"resumed"' \
        "$1/results.json"
}
same_as_whole() {
    cmp "$1/samples.h5" whole/samples.h5 || die "$1: other outputs"
    figures "$1" >"$base/figures"
    cmp "$base/figures" "$base/whole" || die "$1: other figures"
    grep -q '"resumed": true' "$1/results.json" || die "$1: does not say that it was resumed"
    [[ ! -e $1/.resume ]] || die "$1: a journal is left"
}
count() { # batches in the file, which is emptied
    local n
    n=$(grep -c -v '^1$' "$base/calls" || true)
    : >"$base/calls"
    echo "$n"
}
: >"$base/calls"
export EV_TEST_CALLS=$base/calls
passes evaluate whole
figures whole >"$base/whole"
grep -q '"resumed": false' whole/results.json || die "a whole one says that it was resumed"
[[ ! -e whole/.resume ]] || die "a journal is left"
[[ $(count) == 24 ]] || die "not 6 calls a pass"

# --- At any call, in any way ---

# Call n of the first backend: 1 to 6 on a, 20 single ones, 27 to 32 on b. At a SIGKILL the batch that
# is computed is lost.
for case in INT:2 INT:4 INT:6 INT:9 INT:29 INT:32 KILL:2 KILL:5 KILL:29; do
    signal=$(kill -l "${case%:*}")
    rm -rf run
    EV_TEST_SIGNAL=$signal EV_TEST_SIGNAL_AT=${case#*:} ends $((128 + signal)) evaluate run
    before=$(count)
    # A journal is in the way of nothing.
    [[ $case != INT:29 ]] || passes evalrun verify run
    [[ ! -e run/results.json ]] || passes evalrun report run
    passes evaluate run --resume
    same_as_whole run
    again=$((before + $(count) - 24))
    # An uncounted batch, at most.
    ((again >= 0 && again <= 1)) || die "$case: $again calls again"
done
rm -rf run
EV_TEST_FAIL_AT=4 ends 3 evaluate run
passes evaluate run --resume
same_as_whole run
count >/dev/null

# Several times, and each time only what is missing.
rm -rf run
EV_TEST_SIGNAL_AT=3 ends 130 evaluate run
EV_TEST_SIGNAL_AT=2 ends 130 evaluate run --resume # a warm-up and a batch
EV_TEST_SIGNAL_AT=5 ends 130 evaluate run --resume
passes evaluate run --resume
same_as_whole run
fails 2 "run: no interrupted evaluation there to go on with" evaluate run --resume
count >/dev/null

# --- Single calls, kept set by set ---

single() {
    PATH=$base/bin evalrun --backend "$base/stops.so" --set a.h5,b.h5 --batch 4 \
        --profile none --calls 20 --warmup 0 --threads 1 -q --out "$@"
}
samples() { # those of set a
    sed -n '/"set": "a"/,/"set": "b"/p' "$1/results.json" | sed -n '/samples_ns/,/]/p'
}
EV_TEST_SIGNAL_AT=52 ends 130 single timed # 6 + 20 + 22 on a, then b
samples timed >"$base/samples"
[[ $(wc -l <"$base/samples") -gt 20 ]] || die "a was not timed"
passes single timed --resume
samples timed >"$base/after"
cmp "$base/samples" "$base/after" || die "a was timed again"

# --- Refused ---

rm -rf run
EV_TEST_SIGNAL_AT=4 ends 130 evaluate run
cp -r run kept
small_set c.h5 20
passes evalrun dataset render montmelo --quiet --frames 20 --out other.h5
other="run: the evaluation interrupted there had other models, sets or options"
batch=5 fails 2 "$other" evaluate run --resume
threads=2 fails 2 "$other" evaluate run --resume
calls=10 fails 2 "$other" evaluate run --resume
profile=quick fails 2 "$other" evaluate run --resume
sets=a.h5 fails 2 "$other" evaluate run --resume
sets=b.h5,a.h5 fails 2 "$other" evaluate run --resume
backends=$base/other.so,$base/stops.so fails 2 "$other" evaluate run --resume
mv a.h5 right.h5
cp other.h5 a.h5
fails 2 "$other" evaluate run --resume # another set of that name
mv right.h5 a.h5
printf ' ' >>"$base/stops.so"
fails 2 "$other" evaluate run --resume # another engine of that name
cp "$EV_CLI_PLUGINS/plugin_stops.so" "$base/stops.so"
sets=no.h5 fails 2 "no.h5" evaluate run --resume
sets=no.h5 fails 2 "no.h5" evaluate run
printf 'no set' >bad.h5
sets=bad.h5 fails 2 "bad.h5: not an HDF5 file" evaluate run
diff -r run kept || die "what was refused changed something"
passes evaluate run --resume
same_as_whole run

# The model's file is another one.
echo 1 >model
model() {
    evalrun --backend "$base/stops.so" --model model --set a.h5 --batch 4 --profile none --calls 0 \
        -q --out "$@"
}
EV_TEST_SIGNAL_AT=4 ends 130 model modelled
echo 2 >model
fails 2 "modelled: the evaluation interrupted there had other models" model modelled --resume
echo 1 >model
passes model modelled --resume

mkdir empty
fails 2 "empty: no interrupted evaluation there to go on with" evaluate empty --resume
[[ -z $(ls -A empty) ]] || die "something is left in an empty folder"
fails 2 "new: no interrupted evaluation there to go on with" evaluate new --resume
[[ ! -e new ]] || die "a folder is left"

# One evaluation writes into a folder at a time. The first one's engine waits until the second one
# has been refused.
rm -rf run
mkfifo "$base/wait"
EV_TEST_WAIT=$base/wait evaluate run >"$base/first" 2>&1 &
pid=$!
exec 3>"$base/wait" # it waits by now
for option in "" --resume; do
    # shellcheck disable=SC2086
    fails 2 "run: another evaluation writes there" evaluate run $option
done
exec 3>&-
wait "$pid"
cmp run/samples.h5 whole/samples.h5 || die "other outputs"
[[ ! -e run/.resume ]] || die "a journal is left"

# --- Damage ---

# A new evaluation begins anew, and removes the old journal.
rm -rf run
EV_TEST_SIGNAL_AT=4 ends 130 evaluate run
count >/dev/null
passes evaluate run
[[ $(count) == 24 && ! -e run/.resume ]] || die "not all of it was computed"

damaged() { # COMMAND...: changes the journal of an evaluation that has finished the set a
    rm -rf run
    EV_TEST_SIGNAL_AT=29 ends 130 evaluate run
    (cd run/.resume && "$@")
    passes evaluate run --resume
    same_as_whole run
}
part=outputs-0-0
damaged truncate -s -1 $part
damaged truncate -s -100 $part
damaged truncate -s 3 $part
damaged truncate -s 0 $part
damaged rm $part
damaged dd if=/dev/urandom of=$part bs=1 count=500 conv=notrunc status=none
damaged dd if=/dev/urandom of=$part bs=1 count=8 seek=150 conv=notrunc status=none
damaged dd if=/dev/urandom of=$part bs=1 count=5000 oflag=append conv=notrunc status=none
damaged cp outputs-0-1 $part
rm -rf run
EV_TEST_SIGNAL_AT=4 ends 130 evaluate run
echo other >run/.resume/run
fails 2 "run: the evaluation interrupted there had other models" evaluate run --resume

# --- Worker processes ---

timed() {
    PATH=$base/bin evalrun --backend "$base/stops.so" --set a.h5 --batch 4 \
        --profile quick -q --out "$@"
}
processes() { # those in the table of rounds
    awk -F, 'NR > 1 { print $1 }' "$1/rounds.csv" | sort -u | wc -l
}
unset EV_TEST_CALLS
# Batches are in every second process.
EV_TEST_WORKER=3 ends 130 timed times
[[ $(processes times) == 3 ]] || die "not the three processes that finished"
cp times/rounds.csv "$base/rounds"
EV_TEST_WORKER=5 EV_TEST_SIGNAL=9 ends 137 timed times --resume
passes timed times --resume
[[ $(processes times) -gt 5 ]] || die "the other processes are missing"
[[ $(grep -c -F -x -f "$base/rounds" times/rounds.csv) == "$(wc -l <"$base/rounds")" ]] ||
    die "the processes that had finished were measured again"
[[ $(sort -u times/rounds.csv | wc -l) == "$(wc -l <times/rounds.csv)" &&
    $(grep -c '^1,' times/rounds.csv) == "$(grep -c '^1,' "$base/rounds")" ]] ||
    die "a process is there twice"
passes evalrun verify times
