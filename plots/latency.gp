# SPDX-License-Identifier: MIT
# How long calls with one picture took: for each time, the part of the calls that took at least as
# long. A panel for hot calls, one for paced ones.
# $hot, $paced: a block for each backend (time ms, part %). $hot_marks, $paced_marks: backend, median,
# p99 (ms). has_hot, has_paced. boundary: what is timed. least, largest: ms.
# smallest_part: of a curve (%). names[].

n_panels = has_hot + has_paced
key_rows = (n_backends + 2) / 3
head = 104 + 20 * key_rows
panel = 230
gap = 56
chart_height = head + n_panels * panel + (n_panels - 1) * gap + 86
eval start_chart

set lmargin at screen 0.085
set rmargin at screen 0.965
set logscale xy
set xrange [0.9 * least:1.15 * largest]
set yrange [0.6 * smallest_part:130]
set ytics ('100' 100, '50' 50, '10' 10, '1' 1, '0.1' 0.1)
set ylabel 'calls at least as long (%)' textcolor rgb ink
marks = decades(least, largest)
eval log_ticks
set label 1003 'circle: median  |  square: 99 % of the calls were faster' \
    at screen from_left(16), 14.0 / chart_height left font font_name.',10' textcolor rgb grey
dash(i) = int(word('1 2 3 4 5', (slot(i) - 1) % 5 + 1))
do for [i = 1:n_backends] {
    x = 0.085 + 0.30 * ((i - 1) % 3)
    y = from_top(74 + 20 * ((i - 1) / 3))
    set arrow 100 + i from screen x, y to screen x + 0.035, y nohead \
        linewidth 2.5 dashtype dash(i) linecolor rgb colour(i)
    set label 100 + i names[i] at screen x + 0.042, y left textcolor rgb ink
}

set multiplot
lines = "for [i = 1:n_backends]"
top = head
if (has_hot) {
    set tmargin at screen from_top(top)
    set bmargin at screen from_top(top + panel)
    set label 1 'hot: one call after the other' at screen 0.085, from_top(top - 12) left \
        textcolor rgb ink
    if (!has_paced) {
        set xlabel 'time (ms, logarithmic), '.boundary textcolor rgb ink
    }
    plot @lines $hot index i - 1 using 1:2 with steps linewidth 2 dashtype dash(i) \
             linecolor rgb colour(i), \
         @lines $hot_marks every ::i - 1::i - 1 using 2:(50) with points pointtype 7 \
             pointsize 0.9 * point_size linecolor rgb colour(i), \
         @lines $hot_marks every ::i - 1::i - 1 using 3:(1) with points pointtype 5 \
             pointsize 0.9 * point_size linecolor rgb colour(i)
    top = top + panel + gap
    unset label
    unset arrow
}
if (has_paced) {
    set tmargin at screen from_top(top)
    set bmargin at screen from_top(top + panel)
    set label 1 'paced: a call each period of the control loop' \
        at screen 0.085, from_top(top - 12) left textcolor rgb ink
    set xlabel 'time (ms, logarithmic), '.boundary textcolor rgb ink
    plot @lines $paced index i - 1 using 1:2 with steps linewidth 2 dashtype dash(i) \
             linecolor rgb colour(i), \
         @lines $paced_marks every ::i - 1::i - 1 using 2:(50) with points pointtype 7 \
             pointsize 0.9 * point_size linecolor rgb colour(i), \
         @lines $paced_marks every ::i - 1::i - 1 using 3:(1) with points pointtype 5 \
             pointsize 0.9 * point_size linecolor rgb colour(i)
}
unset multiplot
