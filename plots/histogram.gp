# SPDX-License-Identifier: MIT
# How errors are spread: a row of panels for each backend, a column for each output. The outline in
# every panel is that of the backend that others are compared with.
# $bins_N: panel N = (backend - 1) * n_columns + output: middle of a bin, images (%). n_bins: of the
# axis from -reaches[output] to reaches[output]. columns[]: outputs with units. means[]: of each panel,
# as text. most: the largest %. reference: backend of the outline. names[].

panel_height = 118
pitch = 152
chart_height = 96 + n_backends * pitch + 56
eval start_chart

set border 1
set yrange [0:1.12 * most]
set ytics scale 0
set grid ytics noxtics
set label 1003 'outermost bars hold what is further out' \
    .(n_backends > 1 ? '  |  dashed: '.names[reference] : '') \
    at screen from_left(16), 14.0 / chart_height left font font_name.',10' textcolor rgb grey
gap = 0.06
panel_width = (0.90 - gap * (n_columns - 1)) / n_columns

set multiplot
do for [b = 1:n_backends] {
    do for [k = 1:n_columns] {
        left = 0.07 + (k - 1) * (panel_width + gap)
        top = 112 + (b - 1) * pitch
        n = (b - 1) * n_columns + k
        r = (reference - 1) * n_columns + k
        set lmargin at screen left
        set rmargin at screen left + panel_width
        set tmargin at screen from_top(top)
        set bmargin at screen from_top(top + panel_height)
        set xrange [-reaches[k]:reaches[k]]
        set label 1 names[b] at screen left, from_top(top - 12) left textcolor rgb ink
        set label 2 means[n] at screen left + panel_width, from_top(top - 12) right \
            font font_name.',10' textcolor rgb grey
        set ylabel (k == 1 ? 'images (%)' : '') textcolor rgb ink
        set format x b == n_backends ? '%g' : ''
        set xlabel (b == n_backends ? columns[k] : '') textcolor rgb ink
        set arrow 1 from 0, graph 0 to 0, graph 1 nohead linewidth 1 dashtype 3 linecolor rgb grey \
            front
        bars = sprintf("plot $bins_%d using 1:2:(2.0 * reaches[%d] / n_bins) with boxes " \
            ."linecolor rgb colour(%d) fillstyle solid 0.75 noborder", n, k, b)
        outline = sprintf(", $bins_%d using 1:2 with histeps linewidth 1.2 dashtype 2 " \
            ."linecolor rgb ink", r)
        eval bars.(n_backends > 1 ? outline : '')
        unset label 1001
        unset label 1002
        unset label 1003
    }
}
unset multiplot
