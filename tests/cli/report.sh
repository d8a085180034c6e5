# SPDX-License-Identifier: MIT
# The same result gives the same tables again, in the same folder and in another.
small_set a.h5
passes evalrun --backend null --set a.h5 --profile none --calls 30 --out first --quiet
cp -r first copy
passes evalrun report copy
says "null"
passes evalrun report first --out second --plots charts
says "tables: second/, charts: charts/"
for file in results.csv results.md results.json; do
    cmp "first/$file" "copy/$file" || die "$file changed"
done
cmp first/results.csv second/results.csv || die "results.csv differs"
cmp first/results.json second/results.json || die "results.json differs"
# The text differs in where the charts are.
cmp <(sed 's|(plots/|(../charts/|' first/results.md) second/results.md || die "results.md differs"
[[ -d charts && ! -d second/plots ]] || die "the charts are elsewhere"

mkdir empty broken
fails 2 "empty/results.json: " evalrun report empty
fails 2 "nowhere/results.json: " evalrun report nowhere
head -c 200 first/results.json >broken/results.json
fails 2 "broken/results.json: " evalrun report broken
[[ $(ls broken) == results.json ]] || die "something was written"
