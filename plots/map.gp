# SPDX-License-Identifier: MIT
# A circuit seen from above, once for each backend, with the car's path coloured by its distance
# from the line.
# $edges: left edge, right edge (x y, m). $paths: a block for each backend (x y distance, m).
# names[], verdicts[]: of each backend. most: the largest distance (m).

n_across = n_backends == 1 ? 1 : 2
n_down = (n_backends + n_across - 1) / n_across
stats $edges using 1:2 nooutput
margin = 0.04 * (STATS_max_x - STATS_min_x > STATS_max_y - STATS_min_y ? \
                 STATS_max_x - STATS_min_x : STATS_max_y - STATS_min_y)
shape = (STATS_max_y - STATS_min_y + 2 * margin) / (STATS_max_x - STATS_min_x + 2 * margin)
panel_width = 0.86 / n_across
panel_height = panel_width * chart_width * (shape < 0.35 ? 0.35 : shape > 1.4 ? 1.4 : shape)
chart_height = 100 + n_down * (panel_height + 44) + 40
eval start_chart

set palette defined (0 '#B7D7EC', 0.35 '#3B8BC2', 0.7 '#7B3294', 1 '#2A0A3C')
set cbrange [0:most]
set colorbox user origin screen 0.91, 90.0 / chart_height \
    size screen 0.018, (chart_height - 220.0) / chart_height
set cblabel 'distance from the line (m)' textcolor rgb ink
set xrange [STATS_min_x - margin:STATS_max_x + margin]
set yrange [STATS_min_y - margin:STATS_max_y + margin]
set size ratio -1
unset border
unset tics
unset grid
set cbtics textcolor rgb ink

set multiplot
do for [i = 1:n_backends] {
    column = (i - 1) % n_across
    row = (i - 1) / n_across
    set lmargin at screen 0.02 + column * panel_width
    set rmargin at screen 0.02 + (column + 1) * panel_width - 0.01
    set tmargin at screen from_top(100 + row * (panel_height + 44) + 20)
    set bmargin at screen from_top(100 + row * (panel_height + 44) + 20 + panel_height)
    set label 1 names[i] at screen 0.025 + column * panel_width, \
        from_top(96 + row * (panel_height + 44)) left font font_name.',12' textcolor rgb ink
    set label 2 verdicts[i] at screen 0.025 + column * panel_width, \
        from_top(114 + row * (panel_height + 44)) left font font_name.',9' textcolor rgb grey
    plot $edges with lines linewidth 0.8 linecolor rgb '#A0A0A0', \
         $paths index i - 1 using 1:2:3 with lines linewidth 3 linecolor palette
    unset label 1001
    unset label 1002
    unset colorbox
}
unset multiplot
