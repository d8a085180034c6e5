# SPDX-License-Identifier: MIT
# Inference time of a single image: medians with their intervals, one call after the other (hot) and
# at the rate of a control loop (paced).
# $data: backend, then for hot and for paced median, its interval's low and high end, p99, and what the
# device takes of a hot call by its own clock, all in ms. has_device: whether any tells that.
# hot_labels[], paced_labels[]: medians as text. has_hot, has_paced: whether any was measured.
# boundary: what is timed. largest, least: ms. logarithmic: whether the times differ so much that a
# linear axis would hide some.

n_bars = has_hot + has_paced
chart_height = 176 + (n_bars == 2 ? 58 : 46) * n_backends
eval start_chart
eval set_rows

set bmargin at screen 88.0 / chart_height
set label 1003 (has_hot ? 'full colour: hot, '.(has_device ? 'the device up to the white line  |  ' : \
    'one call after the other  |  ') : '') \
    .(has_paced ? 'hatched: paced by a control loop  |  ' : '') \
    .'whisker: interval of the median  |  point: 99 % of the calls were faster' \
    at screen from_left(16), 14.0 / chart_height left font font_name.',10' textcolor rgb grey
set xlabel 'time (ms'.(logarithmic ? ', logarithmic), ' : '), ').boundary textcolor rgb ink
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

column_width = 144
set rmargin at screen from_left(chart_width - 24 - column_width * n_bars)
paced_x = from_left(chart_width - 24)
hot_x = from_left(chart_width - 24 - column_width * has_paced)
if (has_hot) {
    set label 1004 'hot (ms)' at screen hot_x, from_top(64) right font font_name.',10' \
        textcolor rgb grey
}
if (has_paced) {
    set label 1005 'paced (ms)' at screen paced_x, from_top(64) right font font_name.',10' \
        textcolor rgb grey
}
do for [i = 1:n_backends] {
    if (has_hot) {
        set label 2 * i hot_labels[i] at screen hot_x, first i right textcolor rgb ink
    }
    if (has_paced) {
        set label 2 * i + 1 paced_labels[i] at screen paced_x, first i right textcolor rgb ink
    }
}

# Two bars share a row, hot above.
thick = n_bars == 2 ? 0.19 : half_bar
hot_y(i) = n_bars == 2 ? i - 0.21 : i
paced_y(i) = n_bars == 2 ? i + 0.21 : i
bar(c) = valid(c) ? column(c) : NaN
device_line = has_device ? each." using (bar(10)):(hot_y($1) - thick):(0):(2 * thick) with vectors \
    nohead linewidth 3 linecolor rgb paper," : ''

plot @each using (origin):(hot_y($1)):(origin):(bar(2)):(hot_y($1) - thick):(hot_y($1) + thick) \
         with boxxyerror @filled, \
     @each using (origin):(paced_y($1)):(origin):(bar(6)):(paced_y($1) - thick):(paced_y($1) + thick) \
         with boxxyerror linecolor rgb colour(i) fillstyle transparent solid 0.35 noborder, \
     @each using (origin):(paced_y($1)):(origin):(bar(6)):(paced_y($1) - thick):(paced_y($1) + thick) \
         with boxxyerror linecolor rgb ink fillstyle transparent pattern 4 border linecolor rgb ink, \
     @device_line \
     @each using 3:(hot_y($1)):($4 - $3):(0) with vectors heads size screen 0.004, 90 nofilled \
         linewidth 1.6 linecolor rgb ink, \
     @each using 7:(paced_y($1)):($8 - $7):(0) with vectors heads size screen 0.004, 90 nofilled \
         linewidth 1.6 linecolor rgb ink, \
     @each using 5:(hot_y($1)) with points pointtype 7 pointsize 0.6 * point_size linecolor rgb ink, \
     @each using 9:(paced_y($1)) with points pointtype 7 pointsize 0.6 * point_size \
         linecolor rgb ink, \
     $data using (origin):1:ytic(names[int($1)]) with points pointtype -1
