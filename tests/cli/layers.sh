# SPDX-License-Identifier: MIT
# --layers: tables where an engine tells of its layers, a note where it does not, nothing left over
# from a run with them.
small_set a.h5 12
passes evalrun --backend null --set a.h5 --profile none --calls 0 --layers --out none
warns "note: no layers of null: engine 'null' knows nothing of layers"
[[ ! -e none/layers.csv ]] || die "layers of an engine that has none"

if [[ $EV_HAVE_TORCH == 1 ]]; then
    passes evalrun dataset render simple --frames 40 --out b.h5
    passes evalrun --backend baseline,dynamic --set b.h5 --profile none --calls 0 --layers --out with
    says "Layers of baseline"
    says "dynamic: 94.8 % of the multiply-adds are in layers left in float32, which take "
    [[ $(wc -l <with/layers.csv) == 23 ]] || die "not ten layers and the rest, twice"
    grep -q '^baseline,1,conv2,conv2d,float32,14212800,86544,' with/layers.csv || die "no conv2"
    # Shares of the time add up, and the baseline's layers alone were tried in int8.
    awk -F, 'NR > 1 { share[$1] += $9; tried[$1] += $11 != "" }
             END { exit !(share["baseline"] > 99.99 && share["baseline"] < 100.01 &&
                          share["dynamic"] > 99.99 && share["dynamic"] < 100.01 &&
                          tried["baseline"] == 10 && tried["dynamic"] == 0) }' with/layers.csv ||
        die "shares or changes are wrong"
    grep -q '^## Layers' with/results.md || die "no section in results.md"
    passes evalrun --backend baseline --set b.h5 --profile none --calls 0 --out with
    [[ ! -e with/layers.csv ]] || die "layers of an earlier run"
    grep -q '^## Layers' with/results.md && die "a section without layers"
fi
true
