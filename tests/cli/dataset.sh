# SPDX-License-Identifier: MIT
# Sets looked at, checked and written as folders.
small_set a.h5 12

# info: a screen, JSON, a sheet.
passes evalrun dataset info a.h5
says "12 of 66 x 200 x 3"
says "dataset render of simple: 12 frames, seed 1"
says "6.5 to 24"
passes env LC_ALL=C evalrun dataset info a.h5
says "#"
awk 'length > 80 { exit 1 }' "$out" || die "a line is longer than 80 columns"
! LC_ALL=C grep -q $'\xe2' "$out" || die "block characters without a Unicode locale"
passes evalrun dataset info a.h5 ./a.h5 --json
[[ $(grep -c '"path": ' "$out") == 2 ]] || die "not two sets in the JSON"
passes evalrun dataset info a.h5 --sheet sheet.png
[[ $(head -c 4 sheet.png) == $'\x89PNG' ]] || die "no PNG file"
fails 2 "--sheet: a sheet shows a single set, 2 are given" evalrun dataset info a.h5 ./a.h5 --sheet x.png
fails 2 "--sheet sheet.jpg: expected a name that ends in .png" evalrun dataset info a.h5 --sheet sheet.jpg
ln a.h5 a.png
fails 2 "--sheet a.png: is the set that is read" evalrun dataset info a.h5 --sheet a.png
rm a.png
fails 2 "no/sheet.png" evalrun dataset info a.h5 --sheet no/sheet.png
fails 2 "unknown set 'simpel': did you mean 'simple'?" evalrun dataset info simpel
fails 2 "b.h5: No such file" evalrun dataset info b.h5

# Files that cannot be read are told, and the others shown all the same.
head -c 300000 a.h5 >short.h5
code=0
evalrun dataset info short.h5 a.h5 b.h5 >"$out" 2>"$err" || code=$?
[[ $code == 2 ]] || die "exit code $code, expected 2"
says "12 of 66 x 200 x 3"
[[ $(wc -l <"$err") == 2 ]] || die "not two lines on standard error"
warns "evalrun: short.h5: "
warns "evalrun: b.h5: No such file"
code=0
evalrun dataset info short.h5 a.h5 b.h5 --json >"$out" 2>"$err" || code=$?
[[ $code == 2 ]] || die "exit code $code, expected 2"
[[ $(grep -c '"path": ' "$out") == 3 && $(grep -c '"error": ' "$out") == 2 ]] || die "not three sets"
[[ $(head -n 1 "$out") == "[" && $(tail -n 1 "$out") == "]" ]] || die "the JSON is not whole"
rm sheet.png

# verify: exit code 1 and a line for each finding.
passes evalrun dataset verify a.h5 --quiet
says "a.h5: no findings in 12 rows"
cp a.h5 changed.h5
printf 'x' | dd of=changed.h5 bs=1 seek=$(($(stat -c %s a.h5) / 2)) conv=notrunc status=none
code=0
evalrun dataset verify a.h5 changed.h5 -q >"$out" 2>"$err" || code=$?
[[ $code == 1 ]] || die "exit code $code, expected 1"
says "a.h5: no findings in 12 rows"
says "changed.h5: content was changed: its SHA-256 is"
[[ $(<"$err") == "evalrun: 1 finding" ]] || die "another line on standard error"
code=0
evalrun dataset verify changed.h5 -q --json >"$out" 2>"$err" || code=$?
[[ $code == 1 ]] || die "exit code $code, expected 1"
says '"kind": "digest"'
code=0
evalrun dataset verify changed.h5 short.h5 b.h5 a.h5 -q >"$out" 2>"$err" || code=$?
[[ $code == 2 ]] || die "exit code $code, expected 2"
says "changed.h5: content was changed"
says "short.h5: "
says "b.h5: No such file"
says "a.h5: no findings in 12 rows"
[[ $(<"$err") == "evalrun: short.h5 and 1 more file: cannot be read; 1 finding" ]] || die "standard error"
code=0
evalrun dataset verify short.h5 a.h5 -q --json >"$out" 2>"$err" || code=$?
[[ $code == 2 ]] || die "exit code $code, expected 2"
says '"kind": "unreadable"'
says '"path": "a.h5"'
[[ $(tail -n 1 "$out") == "]" ]] || die "the JSON is not whole"
[[ $(<"$err") == "evalrun: short.h5: cannot be read" ]] || die "standard error"
rm changed.h5 short.h5

# export: a folder, whole or not at all.
passes evalrun dataset export a.h5 pictures --rows 2:5 --threads 1 -q
[[ $(ls pictures) == $'0.png\n1.png\n2.png\ndata.csv' ]] || die "the folder holds: $(ls pictures)"
[[ $(wc -l <pictures/data.csv) == 4 && $(head -n 1 pictures/data.csv) == v,w ]] || die "data.csv"
passes evalrun dataset export a.h5 again --rows 2:5 --threads 3 -q
diff -r pictures again || die "the threads change the files"
fails 2 "pictures: the folder is not empty" evalrun dataset export a.h5 pictures
fails 2 "a.h5: is there already" evalrun dataset export a.h5 a.h5
fails 2 "--rows 12:: no row of 12 is selected" evalrun dataset export a.h5 none --rows 12:
fails 2 "--circuit: nothing is rendered with --as-is" evalrun dataset export a.h5 none --as-is --circuit x.csv
fails 2 "dataset export: SET DIR is missing" evalrun dataset export
fails 2 "dataset export: DIR is missing" evalrun dataset export a.h5
fails 2 "no/none" evalrun dataset export a.h5 no/none
mkdir empty
passes evalrun dataset export a.h5 empty/ --as-is -q
[[ $(find empty -name '*.png' | wc -l) == 12 ]] || die "not 12 pictures"
code=0
(ulimit -f 100 && evalrun dataset export a.h5 full -q >"$out" 2>"$err") || code=$?
[[ $code == 3 ]] || die "exit code $code, expected 3"
[[ $(wc -l <"$err") == 1 ]] || die "not one line"
warns "full/"
rm -r pictures again empty
nothing_left a.h5

# Ctrl-C, as soon as the first picture is there.
passes evalrun dataset render simple --quiet --frames 400 --out long.h5
evalrun dataset export long.h5 stopped --threads 1 -q 2>"$err" &
pid=$!
until [[ -n $(find . -path './stopped.part*/0.png') ]]; do
    kill -0 "$pid" 2>/dev/null || die "it ended by itself"
done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[[ $code == 130 ]] || die "exit code $code, expected 130"
nothing_left a.h5 long.h5
fails 2 "'all' is no set here" evalrun dataset export all pictures
