# SPDX-License-Identifier: MIT
# Mean squared error of the normalised outputs: a group of bars for each set.
# $data: set, backend, MSE, its interval's low and high end, and labels[]: all sets of the first
# backend, then of the next. groups[]: names of the n_groups sets. largest: MSE or end of an
# interval. has_intervals: whether there are any. tick_decimals: of the MSE's axis.

key_columns = 4
key_rows = ceil(1.0 * n_backends / key_columns)
chart_height = 430 + 22 * key_rows
eval start_chart

set tmargin at screen from_top(86 + 22 * key_rows)
set bmargin at screen 56.0 / chart_height
# gnuplot's own key shows one layer of a bar only.
key_x(i) = 0.02 + 0.245 * ((i - 1) % key_columns)
key_y(i) = from_top(74 + 22 * ((i - 1) / key_columns))
do for [i = 1:n_backends] {
    set object 2 * i rectangle center screen key_x(i) + 0.012, key_y(i) \
        size screen 0.022, screen 13.0 / chart_height \
        fillcolor rgb colour(i) fillstyle solid noborder
    set object 2 * i + 1 rectangle center screen key_x(i) + 0.012, key_y(i) \
        size screen 0.022, screen 13.0 / chart_height \
        fillcolor rgb paper fillstyle transparent pattern pattern(i) border linecolor rgb ink
    set label i names[i] at screen key_x(i) + 0.03, key_y(i) left textcolor rgb ink
}
set ylabel 'MSE of outputs scaled to 0..1' textcolor rgb ink
set format y sprintf('%%.%df', tick_decimals)
set yrange [0:1.22 * largest]
set xrange [0.45:n_groups + 0.55]
set xtics scale 0
set grid ytics noxtics

step = 1.0 / (n_backends + 1)
place(group, backend) = group + (backend - (n_backends + 1) / 2.0) * step
# Labels stand upright where bars are narrower than they are wide.
crowded = n_groups * n_backends > 12
above = crowded ? "rotate by 90 left offset character 0, 0.5" : "center offset character 0, 0.7"
# Whiskers overlap where the difference of two variants, which see the same images, is well known.
if (has_intervals) {
    set label 1003 'whiskers: 95 % interval of each error by itself; ' \
        .'differences on the same images are known better' \
        at screen from_left(16), 14.0 / chart_height left font font_name.',9' textcolor rgb grey
}
each_set = "for [i = 1:n_backends] $data every ::(i - 1) * n_groups::i * n_groups - 1"
plot @each_set using (place($1, $2)):3:(0.92 * step) with boxes @filled, \
     @each_set using (place($1, $2)):3:(0.92 * step) with boxes @hatched, \
     $data using (place($1, $2)):4:(0):($5 - $4) with vectors heads size screen 0.003, 90 \
         nofilled linecolor rgb ink, \
     $data using (place($1, $2)):(valid(5) ? $5 : valid(3) ? $3 : 0):(labels[int($0) + 1]) \
         with labels @above font font_name.',9' textcolor rgb ink, \
     $data every ::0::n_groups - 1 using 1:(0):xtic(groups[int($1)]) with points pointtype -1
