# SPDX-License-Identifier: MIT
# Size of the model file: a bar for each backend.
# $data: backend, MiB. labels[]: of each backend. largest: MiB.

chart_height = 148 + 46 * n_backends
eval start_chart
eval set_rows

set bmargin at screen 66.0 / chart_height
set xlabel 'size of the model file (MiB)' textcolor rgb ink
set xrange [0:1.15 * largest]

plot @each using (0):1:(0):2:($1 - half_bar):($1 + half_bar) with boxxyerror @filled, \
     @each using (0):1:(0):2:($1 - half_bar):($1 + half_bar) with boxxyerror @hatched, \
     $data using (valid(2) ? $2 : 0):1:(labels[int($1)]):ytic(names[int($1)]) with labels left \
         offset character 0.7, 0 textcolor rgb ink
