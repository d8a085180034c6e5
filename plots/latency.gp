# SPDX-License-Identifier: MIT
# How long calls with one picture took: for each time, the part of the calls that took at least as
# long. A panel for hot calls, one for paced ones.
# $hot, $paced: a block for each backend (time ms, part %). $hot_marks, $paced_marks: backend, median,
# p99 (ms). has_hot, has_paced. boundary: what is timed. least, largest: ms. names[].

n_panels = has_hot + has_paced
key_rows = (n_backends + 3) / 4
head = 84 + 20 * key_rows
panel = 230
chart_height = head + n_panels * panel + (n_panels - 1) * 34 + 86
eval start_chart

set lmargin at screen 0.085
set rmargin at screen 0.965
set logscale xy
set xrange [0.9 * least:1.15 * largest]
set yrange [0.015:130]
set ytics ('100' 100, '50' 50, '10' 10, '1' 1, '0.1' 0.1)
set ylabel 'calls at least as long (%)' textcolor rgb ink
set mxtics 10
set grid xtics ytics mxtics linetype 1 linecolor rgb faint linewidth 0.8
# A range of less than a decade may hold no power of ten.
if (largest / least < 20) {
    set xtics add autofreq
    do for [d = -6:6] {
        do for [m in '1 2 3 5 7'] {
            t = m * 10.0 ** d
            if (t > 0.9 * least && t < 1.15 * largest) {
                set xtics add (sprintf('%g', t) t)
            }
        }
    }
}
set label 1003 'circle: median  |  square: 99 % of the calls were faster' \
    at screen from_left(16), 14.0 / chart_height left font font_name.',10' textcolor rgb grey
dash(i) = int(word('1 2 3 4 5', (slot(i) - 1) % 5 + 1))
do for [i = 1:n_backends] {
    x = 0.085 + 0.22 * ((i - 1) % 4)
    y = from_top(74 + 20 * ((i - 1) / 4))
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
    set label 1 'hot: one call after the other' at graph 0.985, graph 0.93 right textcolor rgb grey
    if (!has_paced) {
        set xlabel 'time (ms, logarithmic), '.boundary textcolor rgb ink
    }
    plot @lines $hot index i - 1 using 1:2 with steps linewidth 1.8 dashtype dash(i) \
             linecolor rgb colour(i), \
         @lines $hot_marks every ::i - 1::i - 1 using 2:(50) with points pointtype 7 \
             pointsize 0.9 * point_size linecolor rgb colour(i), \
         @lines $hot_marks every ::i - 1::i - 1 using 3:(1) with points pointtype 5 \
             pointsize 0.9 * point_size linecolor rgb colour(i)
    top = top + panel + 34
    unset label
    unset arrow
}
if (has_paced) {
    set tmargin at screen from_top(top)
    set bmargin at screen from_top(top + panel)
    set label 1 'paced: a call each period of the control loop' at graph 0.985, graph 0.93 right \
        textcolor rgb grey
    set xlabel 'time (ms, logarithmic), '.boundary textcolor rgb ink
    plot @lines $paced index i - 1 using 1:2 with steps linewidth 1.8 dashtype dash(i) \
             linecolor rgb colour(i), \
         @lines $paced_marks every ::i - 1::i - 1 using 2:(50) with points pointtype 7 \
             pointsize 0.9 * point_size linecolor rgb colour(i), \
         @lines $paced_marks every ::i - 1::i - 1 using 3:(1) with points pointtype 5 \
             pointsize 0.9 * point_size linecolor rgb colour(i)
}
unset multiplot
