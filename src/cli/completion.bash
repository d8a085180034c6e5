# SPDX-License-Identifier: MIT
# The functions over the tables.

# Offers what a value may be: FORM says "list" for several with commas between, and whether files or
# folders are meant beside the names: "files.h5.hdf5" are those with these endings, and folders.
_evalrun_offer() { # FORM NAME...
    local form=$1 before=$head name found=()
    shift
    [[ $form != *list* || $cur != *,* ]] || before=${cur%,*},
    for name; do
        if [[ $before$name == "$cur"* && ,${before#"$head"} != *",$name,"* ]]; then
            COMPREPLY+=("$before$name")
        fi
    done
    # Where nothing is found Readline looks by itself: it knows about quotes.
    case $form in
    files*)
        compopt -o filenames -o default 2>/dev/null
        form=${form%+list}
        form=${form#files}
        mapfile -t found < <(compgen -f -P "$before" -- "${cur#"$before"}")
        for name in "${found[@]}"; do
            [[ -n $form && $form. != *".${name##*.}."* ]] || COMPREPLY+=("$name")
        done
        [[ -z $form ]] ||
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -P "$before" -- "${cur#"$before"}")
        ;;
    folders*)
        compopt -o filenames -o dirnames 2>/dev/null
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -P "$before" -- "${cur#"$before"}")
        ;;
    esac
}

# Readline splits words at '=' and ':' and replaces what is behind these. Sets `typed` to whole
# words and `glued` to the part of the last one that stays.
_evalrun_read_words() {
    local line=${COMP_LINE:0:COMP_POINT} rest word i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        if ((i == 0)) || [[ $rest != "$line" ]]; then
            typed+=('')
        fi
        glued=${typed[-1]}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        typed[-1]+=$word
        line=${rest#"$word"}
    done
    glued+=${word%%[!=:]*}
}

# What the words before the last one mean: `option` waits for its value.
_evalrun_read_options() { # WORD...
    local word
    for word; do
        if [[ -n $option ]]; then
            option=
        elif [[ -z $ended && $word == -- ]]; then
            ended=yes
        elif [[ -z $ended && $word == -?* ]]; then
            given+=("${word%%=*}")
            [[ -z ${values[$word]-} ]] || option=$word
        else
            n_operands=$((n_operands + 1))
        fi
    done
}

# The words that may come next in a command's name.
_evalrun_offer_commands() {
    local command before="${typed[*]} "
    before=${before# }
    for command in "${_evalrun_commands[@]}"; do
        if [[ $command == "$before$cur"* ]]; then
            command=${command#"$before"}
            COMPREPLY+=("${command%% *}")
        fi
    done
}

_evalrun() {
    local IFS=$' \t\n' typed=() glued=
    _evalrun_read_words
    local cur=${typed[-1]} head='' options=() operands=() most=0 n_words=0
    local -A values=()
    typed=("${typed[@]:1:${#typed[@]}-2}")
    if [[ ${typed[0]-$cur} == -* ]]; then
        _evalrun_command "${_evalrun_commands[0]}"
        options+=(--version -V)
    elif _evalrun_command "${typed[*]:0:2}"; then
        n_words=2
    elif _evalrun_command "${typed[*]:0:1}"; then
        n_words=1
    else
        _evalrun_offer_commands
        return
    fi

    local option='' ended='' given=() n_operands=0 words
    _evalrun_read_options "${typed[@]:n_words}"
    if [[ -z $option$ended && $cur == --*=* ]]; then
        option=${cur%%=*}
        head=$option=
    fi
    if [[ -n $option ]]; then
        read -ra words <<<"${values[$option]-}"
        _evalrun_offer "${words[@]}"
    elif [[ -z $ended && $cur == -* ]]; then
        for option in "${options[@]}"; do
            [[ " ${given[*]} " == *" $option "* ]] || _evalrun_offer names "$option"
        done
    elif ((n_operands < most)); then
        ((n_operands < ${#operands[@]})) || n_operands=-1
        read -ra words <<<"${operands[n_operands]}"
        _evalrun_offer "${words[@]}"
    fi
    COMPREPLY=("${COMPREPLY[@]#"$glued"}")
}

complete -F _evalrun evalrun
