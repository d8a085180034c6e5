# SPDX-License-Identifier: MIT
# A folder of results is what its samples give, and whatever was changed is named.
env FOLDER=fine "$EV_MAKE_RESULTS" >/dev/null || die "no results were made"

# finds TEXT: verify ends with 1, and says so in one line of its own.
finds() {
    local code=0
    evalrun verify broken >"$out" 2>"$err" || code=$?
    [[ $code == 1 ]] || die "exit code $code, expected 1"
    [[ $(wc -l <"$err") == 1 ]] || die "not one line on standard error"
    warns "mismatch"
    says "$1"
}
copy() {
    rm -rf broken
    cp -r fine broken
}
# sums: digests as if the change had been there from the beginning.
sums() {
    (cd broken && sha256sum $(sed 's/^[0-9a-f]* [ *]//' SHA256SUMS) >new && mv new SHA256SUMS)
}

passes evalrun verify fine
says "28 files checked, 560 figures recomputed, all equal"
says "note: results/models/a.pt: not here, not checked"
(cd fine && sha256sum --quiet -c SHA256SUMS) || die "sha256sum disagrees"

# Changed, missing and additional files.
copy
echo >>broken/results.md
finds "results.md: changed"
copy
rm broken/plots/error.png
finds "plots/error.png: missing"
copy
rm broken/results.csv
finds "results.csv: missing"
copy
rm broken/samples.h5
finds "samples.h5: missing"
says "results.json: 490 figures cannot be recomputed: samples.h5 is missing"
[[ $(wc -l <"$out") == 5 && $(<"$out") != *results.md* ]] || die "blames what is as it was"
# A report without them says what it lacks.
passes evalrun report broken
[[ $(wc -l <"$err") == 1 ]] || die "not one line on standard error"
warns "note: broken/samples.h5: missing, so the charts latency, histogram, where and worst and rounds.csv are left out"
[[ ! -e broken/rounds.csv && ! -e broken/plots/histogram.png ]] || die "of what samples?"
finds "results.json: 490 figures cannot be recomputed: samples.h5 is missing"
[[ $(wc -l <"$out") == 4 ]] || die "blames what is as it was"
copy
sed -i '/samples/d' broken/SHA256SUMS
finds "samples.h5: not in SHA256SUMS"
copy
echo mine >broken/notes.txt
passes evalrun verify broken
says "note: notes.txt: not in SHA256SUMS, not checked"
copy
echo nonsense >broken/SHA256SUMS
finds "SHA256SUMS: line 1"
copy
rm broken/SHA256SUMS
finds "SHA256SUMS: missing"

# Figures that were changed with their digests.
copy
sed -i '0,/"r2": 0\.\([0-9]\)/s//"r2": 0.1\1/' broken/results.json
cmp -s fine/results.json broken/results.json && die "nothing was changed"
sums
finds "results.json: baseline on simple: r2 is 0.1"
copy
sed -i '0,/"verdict": "[A-Z]*"/s//"verdict": "BETTER"/' broken/results.json
sums
finds "verdict is BETTER, the samples give "
copy
sed -i '2s/torch/mocha/' broken/results.csv
sums
finds "results.csv: line 2 is not what results.json gives"
copy
sed -i '0,/static/s//statin/' broken/results.md
sums
finds "results.md: line "
# A sample: the last of four bytes, so that the file still can be read.
copy
python3 - <<'END'
data = bytearray(open("broken/samples.h5", "rb").read())
other = len(data) // 8 & ~3
data[other + 2] ^= 0x40
open("broken/samples.h5", "wb").write(data)
END
finds "samples.h5: changed"
says "figures cannot be recomputed: samples.h5 is not what it was"
[[ $(<"$out") != *results.md* ]] || die "blames what is as it was"
sums
finds "the samples give"

# Charts elsewhere, and in a folder whose name is escaped in links.
passes evalrun report fine --out moved --plots charts
[[ ! -s $err ]] || die "something is left out"
passes evalrun verify moved
says "7 files checked"
passes evalrun report fine --out other --plots "other/my charts (2)"
passes evalrun verify other
says "28 files checked"
# Without gnuplot there are no charts, and nothing is missing.
PATH=$base/bin passes evalrun report fine --out bare
passes evalrun verify bare
says "7 files checked"

# A model and a set that changed since.
small_set a.h5
passes evalrun --backend null --set a.h5 --profile none --calls 20 --out run -q
evalrun verify run >"$out" 2>"$err" || true
grep -q "a.h5: changed" "$out" && die "the set is the same"
small_set a.h5 9
code=0
evalrun verify run >"$out" 2>"$err" || code=$?
[[ $code == 1 ]] || die "exit code $code, expected 1"
says "a.h5: changed: its SHA-256 is"

# No folder of results.
mkdir empty
fails 2 "empty/results.json: " evalrun verify empty
fails 2 "nowhere/results.json: " evalrun verify nowhere
echo '{"schema": "another-tool"}' >empty/results.json
fails 2 'empty/results.json: schema' evalrun verify empty
fails 2 "verify: DIR is missing" evalrun verify
