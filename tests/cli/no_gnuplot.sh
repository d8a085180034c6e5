# SPDX-License-Identifier: MIT
# Without gnuplot there are tables all the same, and one line says what is missing.
small_set a.h5
PATH=$base/bin passes evalrun --backend null --set a.h5 --profile none --calls 10 --out r --quiet
[[ $(wc -l <"$err") == 1 ]] || die "not one line on standard error"
warns "gnuplot"
for file in results.csv results.md results.json; do
    [[ -s r/$file ]] || die "$file is missing"
done
# Nor is a folder of that name a gnuplot.
mkdir "$base/bin/gnuplot"
PATH=$base/bin passes evalrun report r
warns "gnuplot is not installed"
[[ -z $(find . -name '*.png' -o -name '*.svg' -o -name '*part*') ]] || die "there are charts"
