# SPDX-License-Identifier: MIT
# Size of the model file: a bar for each backend.
# $data: backend, MiB. labels[]: of each backend. largest: MiB.

chart_height = 138 + 46 * n_backends
eval start_chart

set bmargin at screen 56.0 / chart_height
set xlabel 'size of the model file (MiB)' textcolor rgb ink
set xrange [0:1.15 * largest]
set yrange [n_backends + 0.6:0.4]
set border 1
set grid noytics xtics
set ytics scale 0

half = 0.32
plot for [i = 1:n_backends] $data every ::i - 1::i - 1 \
         using (0):1:(0):2:($1 - half):($1 + half) with boxxyerror \
         linecolor rgb colour(i) fillstyle solid noborder, \
     for [i = 1:n_backends] $data every ::i - 1::i - 1 \
         using (0):1:(0):2:($1 - half):($1 + half) with boxxyerror \
         linecolor rgb paper fillstyle transparent pattern pattern(i) border linecolor rgb ink, \
     $data using (valid(2) ? $2 : 0):1:(labels[int($1)]):ytic(names[int($1)]) with labels left \
         offset character 0.7, 0 textcolor rgb ink
