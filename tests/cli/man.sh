# SPDX-License-Identifier: MIT
# The manual page: its sections, what comes from tables, and lines that fit a terminal. Formatters
# check it where there are any; completion.sh compares its options with --help.
passes evalrun man
cp "$out" evalrun.1
for section in NAME SYNOPSIS DESCRIPTION COMMANDS "EXIT STATUS" ENVIRONMENT FILES EXAMPLES; do
    says $'\n.SH '"$section"$'\n'
done
for name in EVALRUN_CACHE EVALRUN_DATA_DIR EVALRUN_MODULE_PATH XDG_CACHE_HOME TMPDIR; do
    says $'\n.TP\n\\fB'"$name"$'\\fR\n'
done
# Exit codes, in the words of --help.
mapfile -t codes < <(evalrun --help | sed -n '/^Exit codes:/,/^$/s/^  \([0-9]*\) *\([a-z].*\)/\1:\2/p')
((${#codes[@]} == 7)) || die "not 7 exit codes in --help"
for code in "${codes[@]}"; do
    says $'\n.TP\n\\fB'"${code%%:*}"$'\\fR\n'"${code#*:}"$'\n'
    [[ $(tr '\n' ' ' <"${script%/*}/../../README.md") == *" ${code%%:*} ${code#*:}"[,.]* ]] ||
        die "README.md has other words for exit code ${code%%:*}"
done
says $'\n\\fBevalrun list\\fR shows '
[[ $(<"$out") != *'\(ga'* ]] || die "a literal backtick"
says $'\nevalrun \\-\\-backend qat \\-\\-set montreal '
says $'\n    \\-\\-units m/s,rad/s'
says "evalrun dataset render\\fR \\fICIRCUIT\\fR [\\fIOPTIONS\\fR]"
version=$(evalrun --version)
says "\"$version\""
[[ $(grep -c 'Example' evalrun.1) == 0 ]] || die "examples stand in a command's section"

# A page is indented by 7 columns, and what stands as it is is not wrapped.
sed -n '/^\.EX/,/^\.EE/p' evalrun.1 | sed 's/\\-/-/g; s/\\&//g; s/\\(../_/g' >lines
grep -q "evalrun" lines
awk 'length > 73 { print; exit 1 }' lines >long || die "longer than 73 columns: $(<long)"

if command -v man >/dev/null; then
    MANWIDTH=80 man --warnings -l evalrun.1 >rendered 2>warnings || true
    [[ ! -s warnings ]] || die "man: $(<warnings)"
fi
if command -v mandoc >/dev/null; then
    mandoc -T lint evalrun.1 >warnings || die "mandoc: $(<warnings)"
fi
rm -f evalrun.1 lines long rendered warnings
fails 2 "man: unexpected 'more'" evalrun man more
nothing_left
