# SPDX-License-Identifier: MIT
# Help and version: every command, to standard output, within a terminal's width.
mapfile -t commands < <(all_commands)
((${#commands[@]} >= 10)) || die "only ${#commands[@]} commands are in the help"
for command in "" "${commands[@]}"; do
    # shellcheck disable=SC2086
    passes evalrun $command --help
    says "Usage: evalrun $command"
    says "Options"
    says "--help"
    [[ ! -s $err ]] || die "help on standard error"
    awk 'length > 80 { exit 1 }' "$out" || die "a line is longer than 80 columns"
    cp "$out" first
    # shellcheck disable=SC2086
    passes evalrun $command -h
    cmp "$out" first || die "-h differs from --help"
done
passes evalrun dataset --help
says "Usage: evalrun dataset COMMAND"
says "dataset render"
passes evalrun help train
says "--learning-rate"
passes evalrun --help
says "dataset render"
says "--backend"
says "EVALRUN_CACHE"
passes evalrun train --bad --help # help comes first
passes evalrun --version
[[ $(<"$out") =~ ^evalrun\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || die "version"

# Nothing of libtorch is loaded for it.
if command -v ldd >/dev/null; then
    [[ $(ldd "$program") != *torch* ]] || die "the program links libtorch"
fi
rm first
nothing_left
