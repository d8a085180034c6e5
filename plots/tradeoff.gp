# SPDX-License-Identifier: MIT
# Size against error against time: time to the right, error upwards, size as the area of a disc, and
# below the chart the three figures of each backend.
# $data: backend, ms, MSE. disc_x[], disc_y[], disc_radius[]: the same and pixels. label_x[],
# label_y[]: centre of the name beside the disc. $front: corners of the line behind which no backend
# is, from the fastest to the most accurate. names[], times[], errors[], sizes[]: as text.
# [xy]_min, [xy]_max, [xy]_logarithmic: the axes. tick_decimals: of the MSE's axis.

row_height = 20.0
table_height = 84 + row_height * n_backends
chart_height = 470 + table_height
eval start_chart

set lmargin at screen 0.11
set rmargin at screen 0.97
set bmargin at screen (table_height + 46) / chart_height
set xlabel 'median inference time of a single image (ms'.(x_logarithmic ? ', logarithmic)' : ')') \
    textcolor rgb ink
set ylabel 'MSE of outputs scaled to 0..1'.(y_logarithmic ? ' (logarithmic)' : '') \
    textcolor rgb ink
set xrange [x_min:x_max]
set yrange [y_min:y_max]
if (x_logarithmic) {
    set logscale x
    marks = decades(x_min, x_max)
    eval log_ticks
}
if (y_logarithmic) {
    set logscale y
    set format y '%g'
} else {
    set format y sprintf('%%.%df', tick_decimals)
}

row(i) = (table_height - 26 - row_height * i) / chart_height
set label 1 'disc area: size (MiB)' at screen 0.60, row(0) right textcolor rgb grey
set label 2 'time (ms)' at screen 0.75, row(0) right textcolor rgb grey
set label 3 'MSE' at screen 0.90, row(0) right textcolor rgb grey
n_points = 0
do for [i = 1:n_backends] {
    set label 5 * i '' at screen 0.12, row(i) \
        point pointtype point(i) pointsize point_size linecolor rgb colour(i)
    set label 5 * i + 1 names[i] at screen 0.14, row(i) left textcolor rgb ink
    set label 5 * i + 2 sizes[i] at screen 0.60, row(i) right textcolor rgb ink
    set label 5 * i + 3 times[i] at screen 0.75, row(i) right textcolor rgb ink
    set label 5 * i + 4 errors[i] at screen 0.90, row(i) right textcolor rgb ink
    # NaN, for a figure that is missing, is not equal to itself.
    n_points = n_points + (disc_x[i] == disc_x[i] && disc_y[i] == disc_y[i])
    if (disc_radius[i] == disc_radius[i]) {
        set object i circle at disc_x[i], disc_y[i] size screen from_left(disc_radius[i]) \
            fillcolor rgb '#B0'.colour(i)[2:7] fillstyle solid border linecolor rgb colour(i)
    }
    if (label_x[i] == label_x[i]) {
        set label 5000 + i names[i] at label_x[i], label_y[i] center font font_name.',10' \
            textcolor rgb ink front
    }
}
if (n_points == 0) {
    set label 4 'no backend has both a time and an error' at graph 0.5, graph 0.5 center \
        textcolor rgb grey
}

set label 1003 'dashed: no backend is both faster and more accurate than those on the line' \
    at screen from_left(16), 14.0 / chart_height left font font_name.',9' textcolor rgb grey

plot $front using 1:2 with fsteps dashtype 2 linewidth 1.2 linecolor rgb '#A0A0A0', \
     @each using 2:3 with points pointtype point(i) pointsize point_size linecolor rgb colour(i)
