# SPDX-License-Identifier: MIT
# Distance from the line, and speed, along the lap: a line for each backend.
# $laps: a block for each backend (way along the line m, distance from it m, speed m/s). names[].
# length: of the lap (m). n_pictures: of all laps; 0 if the drive was interrupted before this one.

chart_height = 640
eval start_chart
dashes = '1 2 3 4 5'
dash(i) = int(word(dashes, (slot(i) - 1) % 5 + 1))

set lmargin at screen 0.085
set rmargin at screen 0.975
set xrange [0:length]
set multiplot
set key noautotitle
do for [i = 1:n_backends] {
    x = 0.085 + 0.22 * ((i - 1) % 4)
    y = from_top(72 + 20 * ((i - 1) / 4))
    set arrow 100 + i from screen x, y to screen x + 0.035, y nohead \
        linewidth 2.5 dashtype dash(i) linecolor rgb colour(i)
    set label 100 + i names[i] at screen x + 0.042, y left textcolor rgb ink
}
key_rows = (n_backends + 3) / 4
set tmargin at screen from_top(78 + 20 * key_rows)
set bmargin at screen 345.0 / chart_height
set ylabel 'distance from the line (m)' textcolor rgb ink
set yrange [0:*]
if (n_pictures == 0) {
    set yrange [0:1]
    set label 1 'not driven' at graph 0.5, graph 0.5 center textcolor rgb grey
}
set format x ''
plot for [i = 1:n_backends] $laps index i - 1 using 1:2 with lines \
    linewidth 1.6 dashtype dash(i) linecolor rgb colour(i)
unset label
unset arrow
set tmargin at screen 325.0 / chart_height
set bmargin at screen 60.0 / chart_height
set ylabel 'speed (m/s)' textcolor rgb ink
set xlabel 'way along the line (m)' textcolor rgb ink
set yrange [0:25]
set format x '%g'
plot for [i = 1:n_backends] $laps index i - 1 using 1:3 with lines \
    linewidth 1.6 dashtype dash(i) linecolor rgb colour(i)
unset multiplot
