# SPDX-License-Identifier: MIT
# Where on each circuit errors are: rows of maps for each set, a map for each backend. Larger errors
# are darker and thicker.
# $points_N: set N, a block for each backend (x m, y m, error). notes_N[]: why a map is empty. sets[],
# names[]. most: the error
# that is darkest. is_cut: whether some are larger.

n_across = n_backends < 4 ? n_backends : n_backends == 5 || n_backends == 6 ? 3 : 4
n_down = (n_backends + n_across - 1) / n_across
area = 0.88
panel_width = area / n_across
array low_x[n_sets]
array high_x[n_sets]
array low_y[n_sets]
array high_y[n_sets]
array heights[n_sets]
total = 0
do for [s = 1:n_sets] {
    eval sprintf("stats $points_%d using 1:2 nooutput", s)
    low_x[s] = STATS_min_x
    high_x[s] = STATS_max_x
    low_y[s] = STATS_min_y
    high_y[s] = STATS_max_y
    wide = high_x[s] - low_x[s]
    shape = wide > 0 ? (high_y[s] - low_y[s]) / wide : 1
    shape = shape < 0.3 ? 0.3 : shape > 1.2 ? 1.2 : shape
    heights[s] = (panel_width * chart_width - 20) * shape + 30
    total = total + 34 + n_down * (heights[s] + 26)
}
chart_height = 84 + total + 30
chart_height = chart_height < 300 ? 300 : chart_height
eval start_chart

set palette defined (0 '#B7D7EC', 0.35 '#3B8BC2', 0.7 '#7B3294', 1 '#2A0A3C')
set cbrange [0:most]
set colorbox user origin screen 0.905, from_top(100 + 0.6 * (chart_height - 160)) \
    size screen 0.018, 0.6 * (chart_height - 160) / chart_height
set cblabel 'error, outputs scaled to 0..1'.(is_cut ? ' (darkest: that or more)' : '') textcolor rgb ink
set cbtics textcolor rgb ink
set size ratio -1
unset border
unset xtics
unset ytics
unset grid

# Points of a large map are further apart.
spot = point_size * (n_across == 1 ? 2.4 : n_across == 2 ? 1.5 : n_across == 3 ? 1.2 : 1)
set multiplot
top = 84
do for [s = 1:n_sets] {
    set label 3 sets[s] at screen from_left(16), from_top(top + 10) left \
        font font_name.',13' textcolor rgb ink
    top = top + 34
    room = 0.06 * (high_x[s] - low_x[s] > high_y[s] - low_y[s] ? high_x[s] - low_x[s] \
                                                               : high_y[s] - low_y[s]) + 0.01
    set xrange [low_x[s] - room:high_x[s] + room]
    set yrange [low_y[s] - room:high_y[s] + room]
    do for [i = 1:n_backends] {
        left = 0.012 + (i - 1) % n_across * panel_width
        y = top + (i - 1) / n_across * (heights[s] + 26)
        set lmargin at screen left
        set rmargin at screen left + panel_width - 0.012
        set tmargin at screen from_top(y + 20)
        set bmargin at screen from_top(y + 20 + heights[s])
        eval sprintf("note = notes_%d[%d]", s, i)
        set label 1 names[i].note at screen left + 0.005, from_top(y + 8) left \
            font font_name.',10' textcolor rgb grey
        eval sprintf("plot $points_%d index %d using 1:2:(spot * (0.25 + 1.1 * ($3 < most ? $3 / most : 1))):3 " \
            ."with points pointtype 7 pointsize variable linecolor palette", s, i - 1)
        unset label
        unset colorbox
    }
    top = top + n_down * (heights[s] + 26)
}
unset multiplot
