# SPDX-License-Identifier: MIT
# Places that cannot be written, and disks that are full: seen early, nothing half written.
small_set a.h5
echo kept >file
fails 2 "file" evalrun --backend null --set a.h5 --out file
fails 2 "file/sub" evalrun --backend null --set a.h5 --out file/sub
fails 2 "/proc/evalrun" evalrun --backend null --set a.h5 --out /proc/evalrun
fails 2 "--out: a control character" evalrun --backend null --set a.h5 --out $'two\nlines'
[[ $(<file) == kept ]] || die "a file was overwritten"
fails 2 "no/folder/m.pt" evalrun train --set a.h5 --out no/folder/m.pt
# A command that is refused leaves no folder behind, nor takes one away.
fails 2 "no-such-engine" evalrun --backend ./no-such-engine --set a.h5 --out new/tables
mkdir empty
printf 'no set' >no-set.h5
fails 2 "no-set.h5: not an HDF5 file" evalrun --backend null --set ./no-set.h5 --out empty
fails 2 "no-set.h5: not an HDF5 file" evalrun --backend null --set ./no-set.h5 --out other
[[ -d empty ]] || die "a folder of the user's was removed"
rm no-set.h5
rmdir empty
nothing_left a.h5 file

# A limit on the size of files stands for a full disk.
limited() {
    (
        ulimit -f "$1"
        shift
        "$@"
    )
}
fails 3 "b.h5" limited 64 evalrun dataset render simple --frames 8 --out b.h5 --quiet
nothing_left a.h5 file
mkdir tables
code=0
(ulimit -f 1 && evalrun --backend null --set a.h5 --profile none --calls 100 --out tables -q >"$out" 2>"$err") || code=$?
[[ $code == 3 ]] || die "exit code $code, expected 3"
[[ $(wc -l <"$err") == 1 ]] || die "not one line"
warns "samples.h5: cannot be written: File too large"
[[ -z $(find tables -name '*part*') && ! -e tables/results.json ]] || die "half a file is left"
# The tables of one folder are of one run: a disk that fills up at any of them leaves the old ones.
passes evalrun --backend null --set a.h5 --profile none --calls 10 --out tables -q
before=$(cat tables/results.*)
for blocks in 1 2 3 4; do
    code=0
    (ulimit -f "$blocks" && evalrun --backend null --set a.h5 --profile none --calls 200 --out tables -q \
        >"$out" 2>"$err") || code=$?
    [[ $code == 3 && $(cat tables/results.*) == "$before" ]] || die "tables of two runs"
done

# Threads that the machine does not give. (A sanitizer needs all of the address space.)
if [[ $EV_SANITIZED == 0 ]]; then
    few='ulimit -v 8000000 && exec "$@" --threads 1024 --quiet'
    fails 3 "--threads: cannot start 2052 threads: Resource temporarily unavailable" \
        bash -c "$few" few evalrun --backend null --set a.h5
    fails 3 "--threads: cannot start" bash -c "$few" few evalrun dataset render simple --out b.h5
    fails 3 "--threads: cannot start" bash -c "$few" few evalrun drive --backend null simple
fi

# What is read is not overwritten, and the log is looked at as early as the model.
small_set train.h5
cp train.h5 kept.h5
echo kept >model.pt
fails 2 "train.h5: would be overwritten, but it is what is read" \
    evalrun train --set train.h5 --out ./train.h5
fails 2 "model.pt: would be overwritten, but it is what is read" \
    evalrun quantize --method static --model model.pt --set train.h5 --out model.pt
cmp train.h5 kept.h5 || die "the set was changed"
[[ $(<model.pt) == kept ]] || die "the model was changed"
mkdir log.csv
fails 2 "log.csv: a folder" evalrun train --out log.pt # no set is rendered before

# Standard output.
for command in list --help --version "train --help"; do
    code=0
    # shellcheck disable=SC2086
    evalrun $command >/dev/full 2>"$err" || code=$?
    [[ $code == 3 ]] || die "exit code $code, expected 3: $command"
    [[ $(<"$err") == "evalrun: standard output: cannot be written: No space left on device" ]] ||
        die "another line: $command"
    code=0
    # shellcheck disable=SC2086
    evalrun $command >&- 2>"$err" || code=$?
    [[ $code == 3 ]] || die "exit code $code, expected 3: $command"
done

# A reader who has seen enough: no message, the code of SIGPIPE, and the files are written all the
# same. The other end of the pipe is closed before the program starts.
unread() {
    local code=0
    mkfifo pipe
    exec 3<>pipe 4>pipe 3>&-
    "$@" >&4 2>"$err" || code=$?
    exec 4>&-
    rm pipe
    [[ $code == 141 ]] || die "exit code $code, expected 141: $*"
    [[ ! -s $err ]] || die "a message: $*"
}
unread evalrun --help
unread evalrun --backend null --set a.h5 --profile none --calls 0 --out unread -q
[[ -s unread/results.csv && -s unread/plots/size.png ]] || die "files are missing"
code=0
mkfifo pipe
exec 3<>pipe 4>pipe 3>&-
evalrun report nowhere >&4 2>"$err" || code=$?
[[ $code == 2 ]] || die "exit code $code, expected 2"
warns "nowhere/results.json"
