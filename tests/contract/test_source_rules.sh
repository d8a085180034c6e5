#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Rules of the source tree that a compiler does not check: includes point one way, and only the
# folders that may talk to HDF5, libtorch and the terminal do so. Argument: the source tree.
set -euo pipefail

cd "$1/src"
n_broken=0

complain() {
    printf '%s\n' "$1" >&2
    n_broken=$((n_broken + 1))
}

# Folders of src/ that each folder may include, besides itself. "evalrun" is include/.
declare -A allowed=(
    [base]="evalrun"
    [stats]="evalrun base"
    [samples]="evalrun base"
    [picture]="evalrun base"
    [set]="evalrun base"
    [import]="evalrun base picture set"
    [render]="evalrun base set"
    [inspect]="evalrun base picture set render"
    [int8]="evalrun base"
    [backend]="evalrun base int8"
    [train]="evalrun base set backend"
    [measure]="evalrun base stats samples set backend"
    [eval]="evalrun base stats samples set backend measure"
    [report]="evalrun base stats samples picture set backend measure eval"
    [drive]="evalrun base stats samples set render backend measure eval report"
    [cli]="evalrun base stats samples picture set import render inspect backend train measure eval report drive"
    [torch]="evalrun"
    [cuda]="evalrun int8"
)

for folder in */; do
    folder=${folder%/}
    if [[ -z ${allowed[$folder]-} ]]; then
        complain "src/$folder: not in the table of $0"
        continue
    fi
    while IFS=: read -r file line text; do
        header=${text#*\"}
        header=${header%\"*}
        target=${header%%/*}
        [[ $header == */* ]] || target=$folder # beside the file
        if [[ " ${allowed[$folder]} $folder " != *" $target "* ]]; then
            complain "src/$file:$line: $folder must not include \"$header\""
        fi
    done < <(grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$folder"/* 2>/dev/null || true)
done

# only_in FOLDERS WHAT PATTERN: a pattern that only some folders' code may contain.
only_in() {
    local folders=$1 what=$2 pattern=$3 file line text
    while IFS=: read -r file line text; do
        if [[ " $folders " != *" ${file%%/*} "* && " $folders " != *" $file "* ]]; then
            complain "src/$file:$line: only $folders may $what: ${text#"${text%%[![:space:]]*}"}"
        fi
    done < <(grep -nHE "$pattern" ./*/*.c ./*/*.cpp ./*/*.h 2>/dev/null | sed 's|^\./||' || true)
}

only_in "set samples" "call HDF5" '#[[:space:]]*include[[:space:]]*<hdf5'
only_in "picture" "call libpng and libjpeg" '#[[:space:]]*include[[:space:]]*<(png|jpeglib|jerror)\.h'
only_in "torch" "call libtorch" '#[[:space:]]*include[[:space:]]*<(torch|ATen|c10)/'
only_in "cuda" "call the NVIDIA driver" '#[[:space:]]*include[[:space:]]*<cuda'
only_in "cli" "end the program" '(^|[^_[:alnum:]])(exit|abort)[[:space:]]*\('
only_in "cli base/progress.c" "print" \
    '(^|[^_[:alnum:]])((printf|puts|perror)[[:space:]]*\(|fprintf[[:space:]]*\([[:space:]]*std(err|out)|std::c(out|err))'

if ((n_broken > 0)); then
    printf '%d rule(s) broken\n' "$n_broken" >&2
    exit 1
fi
