# SPDX-License-Identifier: MIT
# An evaluation of the null backend: what is printed, what is written and where.
small_set a.h5 12
small_set b.h5 5
passes evalrun --backend null --set a.h5,b.h5 --profile none --calls 20
says "null"
says "tables: results/latest/, charts: plots/latest/"
for file in results.csv results.md results.json; do
    [[ -s results/latest/$file ]] || die "$file is missing"
done
[[ $(wc -l <results/latest/results.csv) == 4 ]] || die "not three rows: a, b, all"
[[ -z $(find . -name '*part*') ]] || die "a temporary file is left"
nothing_left a.h5 b.h5 plots results

# --out takes both; an engine of the user's is named by its path.
passes evalrun --backend null,"$EV_PLUGINS/plugin_min.so" --set ./a.h5 --out r/s --profile none --calls 0 --quiet
says "tables: r/s/, charts: r/s/plots/"
[[ $(wc -l <r/s/results.csv) == 3 ]] || die "not two rows"
grep -q plugin_min.so r/s/results.csv || die "the engine's path is missing"

# Errors are the same for every batch size.
column() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
                          { print $c }' "$2"
}
for batch in 1 5 1024; do
    passes evalrun --backend null --set a.h5,b.h5 --batch "$batch" --profile none --calls 0 --out "batch$batch" -q
    column mse_norm "batch$batch/results.csv" >"mse$batch"
    [[ $(wc -w <"mse$batch") == 3 ]] || die "no column mse_norm"
done
cmp mse1 mse5 && cmp mse1 mse1024 || die "the batch size changes the error"

# The study's figures: the weighted error always, what costs further passes if it is asked for.
passes evalrun --backend null --set a.h5 --profile none --calls 0 --out plain -q
[[ -n $(column study_mse plain/results.csv) ]] || die "no study_mse"
[[ -z $(column study_mse_mirrored plain/results.csv) ]] || die "mirrored pictures were not asked for"
grep -q "evalrun --study measures them" plain/results.md || die "how to get the rest is not said"
passes evalrun --backend null --set a.h5 --profile none --calls 0 --study --out study -q
for figure in study_mse study_mse_mirrored study_mean_1000_us; do
    [[ -n $(column $figure study/results.csv) ]] || die "no $figure"
done
cmp <(column outputs_sha256 plain/results.csv) <(column outputs_sha256 study/results.csv) ||
    die "the same outputs have two digests"
passes evalrun verify study
says "all equal"
