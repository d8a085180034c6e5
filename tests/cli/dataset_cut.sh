# SPDX-License-Identifier: MIT
# Parts of sets, joined sets; the same bytes every time, and no input is overwritten.
passes evalrun dataset render simple --quiet --out laps.h5 # a lap each way
small_set a.h5 12

passes evalrun dataset subset laps.h5 --rows ::10 --where '|w|>0.1' --limit 20 --out part.h5 -q
says "part.h5"
passes evalrun dataset subset ./laps.h5 --rows ::10 --where '|w|>0.1' --limit 20 --out other.h5 -q
cmp part.h5 other.h5 || die "the same rows give other bytes"
passes evalrun dataset info part.h5
says "20 of 66 x 200 x 3"
says "dataset subset of laps.h5"
passes evalrun --backend null --set part.h5 --profile none --calls 0 --out tables -q # a set like any other
rm -r tables plots 2>/dev/null || true
fails 2 "dataset subset: --out is missing" evalrun dataset subset a.h5
fails 2 "--where w: expected a column" evalrun dataset subset a.h5 --where w --out x.h5
fails 2 "--where speed>1: no column 'speed' in a.h5, which has v, w" \
    evalrun dataset subset a.h5 --where 'speed>1' --out x.h5
fails 2 "a.h5: no row fulfils --where v>100" evalrun dataset subset a.h5 --where 'v>100' --out x.h5
fails 2 "--out ./a.h5: is the set that is read" evalrun dataset subset a.h5 --out ./a.h5
fails 2 "no/x.h5" evalrun dataset subset a.h5 --out no/x.h5

passes evalrun dataset split laps.h5 --by lap --share 0.5 --out one.h5 --rest two.h5 -q
passes evalrun dataset verify one.h5 two.h5 -q
passes evalrun dataset info one.h5
says "laps        1: "
passes evalrun dataset split laps.h5 --by lap --share 0.8 --out one.h5 --rest two.h5 -q
warns "laps.h5: its laps leave 0.5 of the rows to the first part, not 0.8"
passes evalrun dataset split laps.h5 --by lap --share 0.55 --out one.h5 --rest two.h5 -q
[[ ! -s $err ]] || die "a note about a share that was met"
passes evalrun dataset info one.h5
says "the first part"
fails 2 "--share 80: expected a number above 0 and below 1" \
    evalrun dataset split laps.h5 --by lap --share 80 --out x.h5 --rest y.h5
fails 2 "--share 0: expected a number above 0" \
    evalrun dataset split laps.h5 --by lap --share 0 --out x.h5 --rest y.h5
passes evalrun dataset split laps.h5 --by random --seed 5 --out one.h5 --rest two.h5 -q
cp one.h5 first.h5
passes evalrun dataset split laps.h5 --by random --seed 5 --out one.h5 --rest two.h5 -q
cmp one.h5 first.h5 || die "the same seed gives other bytes"
passes evalrun dataset split laps.h5 --by random --seed 6 --out one.h5 --rest two.h5 -q
! cmp -s one.h5 first.h5 || die "the seed changes nothing"
fails 2 "dataset split: --by is missing" evalrun dataset split a.h5 --out x.h5 --rest y.h5
fails 2 "dataset split: --rest is missing" evalrun dataset split a.h5 --by lap --out x.h5
fails 2 "x.h5: both parts would be the same file" \
    evalrun dataset split laps.h5 --by lap --out x.h5 --rest ./x.h5
fails 2 "a.h5: is a single lap" evalrun dataset split a.h5 --by lap --out x.h5 --rest y.h5
fails 2 "unknown --by 'laps': did you mean 'lap'?" evalrun dataset split a.h5 --by laps --out x.h5 --rest y.h5
fails 2 "--rest two.h5: is the set that is read" evalrun dataset split two.h5 --by random --out x.h5 --rest two.h5

# Together again: the digest is that of the content, so it is the same set.
passes evalrun dataset subset laps.h5 --rows :700 --out one.h5 -q
passes evalrun dataset subset laps.h5 --rows 700: --out two.h5 -q
passes evalrun dataset concat one.h5 two.h5 --out whole.h5 -q
passes evalrun dataset info laps.h5
digest=$(awk '$1 == "sha256" { print $2 }' "$out")
passes evalrun dataset info whole.h5
says "$digest"
says "dataset concat of one.h5 (700 rows), two.h5"
fails 2 "--out one.h5: is the set that is read" evalrun dataset concat two.h5 one.h5 --out one.h5
fails 2 "dataset concat: --out is missing" evalrun dataset concat one.h5 two.h5
fails 2 "nowhere.h5" evalrun dataset concat one.h5 nowhere.h5 --out x.h5
nothing_left laps.h5 a.h5 part.h5 other.h5 one.h5 two.h5 first.h5 whole.h5
