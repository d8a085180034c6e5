# SPDX-License-Identifier: MIT
# Inference time of a single image: median, quartiles and tails of each backend.
# $data: backend, ms at percentiles 10 25 50 75 90 99. labels[]: median of each backend
# as text. largest, least: ms.
# logarithmic: whether the times differ so much that a linear axis would hide some.

chart_height = 170 + 46 * n_backends
eval start_chart
eval set_rows

set bmargin at screen 88.0 / chart_height
set label 1003 'thick line: median  |  box: 25 to 75 %  |  thin line: 10 to 90 %  ' \
    .'|  point: 99 % of the calls were faster' \
    at screen from_left(16), 14.0 / chart_height left font font_name.',10' textcolor rgb grey
set xlabel logarithmic ? 'time (ms), logarithmic' : 'time (ms)' textcolor rgb ink
origin = 0
if (logarithmic) {
    origin = 0.4 * least
    set logscale x
    marks = decades(least, largest)
    eval log_ticks
    set xrange [origin:1.6 * largest]
} else {
    set xrange [origin:1.08 * largest]
}

# A column of their own: beside a bar a number would stand at another time than it names. Labels, not
# a plot of them: gnuplot 5.4 crashes on one without a valid point.
set rmargin at screen from_left(chart_width - 130)
set label 1004 'median (ms)' at screen from_left(chart_width - 24), from_top(64) right \
    font font_name.',10' textcolor rgb grey
do for [i = 1:n_backends] {
    set label i labels[i] at screen from_left(chart_width - 24), first i right textcolor rgb ink
}

plot @each using 2:1:($6 - $2):(0) with vectors nohead linewidth 1.5 linecolor rgb ink, \
     @each using 4:1:3:5:($1 - half_bar):($1 + half_bar) with boxxyerror @filled, \
     @each using 4:1:3:5:($1 - half_bar):($1 + half_bar) with boxxyerror @hatched, \
     @each using 4:($1 - half_bar - 0.06):(0):(2 * half_bar + 0.12) with vectors nohead \
         linewidth 3 linecolor rgb ink, \
     @each using 7:1 with points pointtype 7 pointsize 0.6 * point_size linecolor rgb ink, \
     $data using (origin):1:ytic(names[int($1)]) with points pointtype -1
