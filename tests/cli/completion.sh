# SPDX-License-Identifier: MIT
# Completion: the script for bash is asked as Readline would ask it. The one for zsh is only read by
# zsh, where there is one; what it says of the tables is checked without.
passes evalrun completion bash
cp "$out" "$base/script.bash"
# shellcheck source=/dev/null
source "$base/script.bash"

# offers LINE NAME...: these and no others for the end of the line, in any order. Words are split as
# Readline does, and what it would replace is put back before each of them.
offers() {
    local line=$1 stays expected found
    shift
    COMP_LINE=$line
    COMP_POINT=${#line}
    mapfile -t COMP_WORDS < <(grep -oE '[=:]+|[^=: ]+' <<<"$line")
    [[ $line != *' ' ]] || COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    stays=${COMP_WORDS[COMP_CWORD]}
    stays=${line%"${stays##*[=:]}"}
    stays=${stays##* }
    _evalrun || true # compopt fails where no completion is under way
    found=$( ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]/#/$stays}" | LC_ALL=C sort -u)
    expected=$( (($# == 0)) || printf '%s\n' "$@" | LC_ALL=C sort)
    [[ $found == "$expected" ]] || die "'$line' offers: ${found//$'\n'/ }; expected: $*"
}

sets=(montreal montmelo many_curves nurburgring simple)
backends=(baseline dynamic static qat null torch reference cuda)

# Commands.
offers "evalrun dr" drive
offers "evalrun da" dataset
offers "evalrun dataset r" render
offers "evalrun dataset im" import
offers "evalrun dataset render si" simple
offers "evalrun nonsense "
offers "evalrun nonsense mo"
# Options, long and short, once; of eval where no command is named.
offers "evalrun --ba" --backend --batch
offers "evalrun eval --ba" --backend --batch
offers "evalrun -q --la" --labels --layers --layout
offers "evalrun eval --batch 3 --ba" --backend
offers "evalrun eval --batch=3 --ba" --backend
offers "evalrun train --l" --learning-rate
offers "evalrun dataset render --f" --frames
offers "evalrun --v" --version
offers "evalrun -q -V" -V
offers "evalrun eval --v"
offers "evalrun list -" --cache --help -h
offers "evalrun report --nonsense"
# Values.
offers "evalrun drive --direction " both forward reverse
offers "evalrun drive --direction f" forward
offers "evalrun drive --direction=f" --direction=forward
offers "evalrun drive --direction=" --direction={both,forward,reverse}
offers "evalrun quantize --observer m" moving-average
offers "evalrun --device c" cpu cuda
offers "evalrun completion " bash zsh
offers "evalrun --batch "
offers "evalrun --batch 1"
# Names in lists, each once.
offers "evalrun --set mon" montreal montmelo
offers "evalrun -s mon" montreal montmelo
offers "evalrun train --set=mon" --set=montreal --set=montmelo
offers "evalrun --set montreal,mon" montreal,montmelo
offers "evalrun --set=montreal,mon" --set=montreal,montmelo
offers "evalrun --backend " all "${backends[@]}"
offers "evalrun drive -b qat," qat,{all,baseline,dynamic,static,null,torch,reference,cuda}
offers "evalrun --precision " fp32 tf32 fp16 int8
offers "evalrun drive --precision fp32,f" fp32,fp16
offers "evalrun --precision=fp32,i" --precision=fp32,int8
# Nothing where nothing may follow.
offers "evalrun dataset render simple "
offers "evalrun dataset render simple mon"
offers "evalrun drive --direction forward --laps 2"
offers "evalrun report results more"
offers "evalrun man "
# Operands are counted without options and their values; several may follow where several may be.
offers "evalrun drive " "${sets[@]}"
offers "evalrun drive montreal nu" nurburgring
offers "evalrun dataset render --seed 7 mo" montreal montmelo
offers "evalrun dataset render --out=a:b.h5 mo" montreal montmelo
offers "evalrun dataset render --perturb -- mo" montreal montmelo
offers "evalrun dataset render -- --out"
offers "evalrun dataset import --crop 60: --out"  --out
# Files and folders.
mkdir mine
touch mine.pt mine.so mine.hdf5 "two words.h5"
offers "evalrun --model m" mine mine.{pt,so,hdf5}
offers "evalrun --model=mi" --model=mine --model=mine.{pt,so,hdf5}
offers "evalrun --out m" mine
offers "evalrun report m" mine
offers "evalrun --set mi" mine mine.hdf5
offers "evalrun --set=simple,mi" --set=simple,mine --set=simple,mine.hdf5
offers "evalrun dataset info mi" mine mine.hdf5
offers "evalrun --set simple,t" "simple,two words.h5"
offers "evalrun --backend qat,mine." qat,mine.so
offers "evalrun --backend ./mi" ./mine ./mine.so
offers "evalrun drive m" mine mine.{pt,so,hdf5} montreal montmelo many_curves
rm -r mine mine.{pt,so,hdf5} "two words.h5"

# Every option of every command is in both scripts and in the manual page.
passes evalrun completion zsh
cp "$out" "$base/script.zsh"
passes evalrun man
sed 's/\\-/-/g; s/\\f.//g; s/\\(aq/'\''/g; s/\\&//g' "$out" >"$base/page"
mapfile -t commands < <(all_commands)
for command in "${commands[@]}"; do
    # shellcheck disable=SC2086
    mapfile -t rows < <(evalrun $command --help |
        sed -n '/^Options:/,/^$/s/^  \(-.,\|   \) --\([a-z-]*\).*/\1 --\2/p')
    ((${#rows[@]} > 0)) || die "$command has no options"
    sed -n "/^    ('$command')/,/;;/p" "$base/script.zsh" >"$base/part.zsh"
    sed -n "/^\.SS evalrun $command$/,/^\.S[SH] /p" "$base/page" >"$base/part.man"
    mapfile -t words < <(printf '%s\n' "${rows[@]}" | grep -oE -e '-[a-z-]+')
    offers "evalrun $command -" "${words[@]}"
    for row in "${rows[@]}"; do
        name=${row##* }
        letter=${row%% *}
        grep -qE -- "(^|[^a-z-])$name([]=}[]|\$)" "$base/part.zsh" || die "zsh: $command lacks $name"
        if [[ -n $letter ]]; then
            grep -qF -- "{${letter}$name" "$base/part.zsh" || die "zsh: $command lacks $letter"
        fi
        # --help is every command's, and described once.
        [[ $name == --help ]] ||
            grep -qE -- "^(-., )?$name( |\$)" "$base/part.man" || die "man: $command lacks $name"
    done
done
for name in $(evalrun list | sed -n 's/^  \([a-z_]*\) .*/\1/p'); do
    grep -qE "[ ,]${name}[ ']" "$base/script.bash" || die "bash: $name is missing"
    grep -qE "[ ,]${name}[ ']" "$base/script.zsh" || die "zsh: $name is missing"
done
if command -v zsh >/dev/null; then
    passes zsh -n "$base/script.zsh"
fi

fails 2 "unknown shell 'fish': expected one of bash, zsh" evalrun completion fish
fails 2 "unknown shell 'zhs': did you mean 'zsh'?" evalrun completion zhs
fails 2 "completion: SHELL is missing" evalrun completion
nothing_left
