# SPDX-License-Identifier: MIT
# The functions over the tables.

# Offers what a value may be: FORM says "list" for several with commas between, and whether files or
# folders are meant beside the names: "files.h5.hdf5" are those with these endings, and folders.
_evalrun_offer() { # FORM NAME...
    local form=$1
    local -a offers given
    shift
    if [[ $form == *list* ]]; then
        compset -P '*,'
        given=(${(s:,:)${IPREFIX#*=}})
        set -- ${@:|given}
    fi
    (($# == 0)) || offers+=("names:name:(${(j: :)${(q)@}})")
    case $form in
    (files.*) offers+=("files:file:_files -g '*.(${${${form%+list}#files.}//./|})(-.)'") ;;
    (files*) offers+=('files:file:_files') ;;
    (folders*) offers+=('folders:folder:_files -/') ;;
    esac
    (($#offers == 0)) || _alternative $offers
}

_evalrun() {
    local -a names=(${_evalrun_commands%%:*}) next typed=($words[2,CURRENT-1])
    local name before
    if [[ ${typed[1]-$words[CURRENT]} == -* ]]; then
        _evalrun_command $names[1] '(- *)'{-V,--version}'[the version]'
        return
    fi
    for name in "$typed[1] $typed[2]" $typed[1]; do
        if ((${names[(Ie)$name]})); then
            shift ${(w)#name} words
            ((CURRENT -= ${(w)#name}))
            _evalrun_command $name
            return
        fi
    done
    before="${(j: :)typed}${typed:+ }"
    for name in $_evalrun_commands; do
        [[ $name == $before* ]] || continue
        name=${name#$before}
        # Of a group's commands only the first word comes next.
        [[ ${name%%:*} != *' '* ]] || name=${name%% *}
        next+=($name)
    done
    _describe command next
}

# As a file of $fpath this is the function's first call; otherwise it is sourced.
if [[ $funcstack[1] == _evalrun ]]; then
    _evalrun "$@"
else
    compdef _evalrun evalrun
fi
