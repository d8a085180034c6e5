# SPDX-License-Identifier: MIT
# SIGKILL at every call that changes a file, one after the other: the old file or the new one is
# there, never half of one. What was written so far stays beside it as NAME.part-*, as nothing can
# remove it then, and is in nobody's way.
killed() { # N COMMAND...: killed at call N; false if it comes to its end before
    local code=0 options=${ASAN_OPTIONS-}
    EV_TEST_KILL_AT=$1 LD_PRELOAD=$EV_CLI_PLUGINS/kill_at.so \
        ASAN_OPTIONS=${options:+$options:}verify_asan_link_order=0 \
        "${@:2}" >"$out" 2>"$err" || code=$?
    [[ $code == 0 || $code == 137 ]] || die "exit code $code: killed at call $1: ${*:2}"
    [[ $code == 137 ]]
}

# --- A set ---

render() {
    evalrun dataset render simple --quiet --frames 8 --seed "$1" --chunk 3 --deflate 1 --out set.h5
}
passes render 2
mv set.h5 new
passes render 1
mv set.h5 old
n=0 n_old=0 n_new=0
while
    cp old set.h5
    killed $((++n)) render 2
do
    if cmp -s set.h5 old; then
        n_old=$((n_old + 1))
    else
        cmp set.h5 new || die "killed at call $n: half a set"
        n_new=$((n_new + 1))
    fi
    for part in *.part-*; do
        [[ ! -e $part || $part == set.part-??????.h5 ]] || die "killed at call $n: left $part"
    done
done
cmp set.h5 new || die "another set among what was left"
((n_old >= 10 && n_new >= 1)) || die "killed $n_old times before the rename and $n_new after it"
passes evalrun --backend null --set set.h5 --profile none --calls 0 -q --out opened
rm -f -- *.part-*
nothing_left new old opened set.h5

# --- Tables ---

# Without charts, which have other programs in them.
evaluate() {
    PATH=$base/bin evalrun --backend null --set ./new --profile none --calls "$1" --out tables -q
}
# How many, without the note that stands there when calls took long by chance.
lines() {
    grep -v 'Times unsteady' "$1" | grep -c .
}
passes evaluate 20
cp -r tables before
n=0 n_old=0
while
    rm -rf tables
    cp -r before tables
    killed $((++n)) evaluate 30
do
    if diff -r -x '*.part-*' -x .resume tables before >"$base/diff"; then
        n_old=$((n_old + 1))
    fi
    for name in results.csv results.md; do
        [[ $(lines "tables/$name") == "$(lines "before/$name")" ]] ||
            die "killed at call $n: half of $name"
    done
    # What reads it finds a whole result of either run.
    grep -q '"n_calls": [23]0,' tables/results.json || die "killed at call $n: another result"
    PATH=$base/bin passes evalrun report tables
done
((n_old >= 3 && n_old < n - 1)) || die "killed $n_old times before and $((n - 1 - n_old)) after"
grep -q '"n_calls": 30,' tables/results.json || die "not the new result"
