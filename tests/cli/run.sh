#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs one case as a user would: in an empty folder, with the program on the PATH as `evalrun` and
# an empty cache. A case is a bash script; it fails at the first command that fails. Helpers:
#
#   passes COMMAND...         exit code 0
#   fails CODE TEXT COMMAND...  that exit code, and exactly one line on standard error, "evalrun: "
#                             and TEXT somewhere in it, and nothing on standard output
#   says TEXT                 the last command's standard output contains TEXT
#   warns TEXT                the last command's standard error contains TEXT
#   nothing_left [NAME...]    the folder holds these files and folders and no others
#   small_set FILE [N]        renders a set of N frames (default 8)
#   all_commands              prints the names of all commands, a line each, as --help lists them
#
# Usage: run.sh PROGRAM CASE.sh. Exit code 77: skipped, with the reason.
set -euo pipefail

program=$(realpath "$1")
script=$(realpath "$2")
base=$(mktemp -d)
trap 'rm -rf "$base"' EXIT
mkdir "$base/bin" "$base/work"
ln -s "$program" "$base/bin/evalrun"
export PATH="$base/bin:$PATH"
export EVALRUN_CACHE="$base/cache"
cd "$base/work"

out=$base/stdout
err=$base/stderr

die() {
    local i line=0
    for i in "${!BASH_LINENO[@]}"; do # the case's own line, through any helpers
        [[ ${BASH_SOURCE[i + 1]-} != "$script" ]] || line=${BASH_LINENO[i]}
    done
    printf 'case %s, line %s: %s\n' "${script##*/}" "$line" "$1" >&2
    printf -- '--- stdout\n%s\n--- stderr\n%s\n' "$(head -c 4000 "$out")" "$(head -c 4000 "$err")" >&2
    exit 1
}

passes() {
    local code=0
    "$@" >"$out" 2>"$err" || code=$?
    [[ $code == 0 ]] || die "exit code $code, expected 0: $*"
}

fails() {
    local expected=$1 text=$2 code=0
    shift 2
    "$@" >"$out" 2>"$err" || code=$?
    [[ $code == "$expected" ]] || die "exit code $code, expected $expected: $*"
    [[ $(wc -l <"$err") == 1 ]] || die "not one line on standard error: $*"
    [[ $(<"$err") == "evalrun: "* ]] || die "the line does not start with 'evalrun: ': $*"
    [[ $(<"$err") == *"$text"* ]] || die "the line lacks '$text': $*"
    [[ ! -s $out ]] || die "standard output is not empty: $*"
}

says() {
    [[ $(<"$out") == *"$1"* ]] || die "standard output lacks '$1'"
}

warns() {
    [[ $(<"$err") == *"$1"* ]] || die "standard error lacks '$1'"
}

nothing_left() {
    local found expected
    found=$(ls -A)
    expected=$( (($# == 0)) || printf '%s\n' "$@" | LC_ALL=C sort)
    [[ $(LC_ALL=C sort <<<"$found") == "$expected" ]] || die "the folder holds: ${found//$'\n'/ }"
}

small_set() {
    passes evalrun dataset render simple --quiet --frames "${2:-8}" --out "$1"
}

all_commands() {
    evalrun --help | sed -n '/^Commands:/,/^`/s/^  \([a-z ]*[a-z]\)  .*/\1/p'
}

# shellcheck source=/dev/null
source "$script"
