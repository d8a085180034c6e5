# SPDX-License-Identifier: MIT
# What all charts share: colours, patterns and points, fonts, terminals, titles. Loaded before the
# chart's own template, with chart_format, chart_file, chart_title and chart_subtitle set.

set encoding utf8
set datafile commentschars ''
set datafile missing '?'

# Colours that are told apart with any kind of colour vision (Okabe and Ito, "Color Universal
# Design", 2008), ordered so that neighbours also differ in grey. Patterns and points repeat the
# distinction for prints without colour: a bar is filled first, then hatched in white.
colours = '#0072B2 #E69F00 #009E73 #CC79A7 #56B4E9 #D55E00 #F0E442 #8C8C8C'
patterns = '0 4 5 1 6 7 2 0'
points = '7 5 9 13 11 15 6 4'
slot(i) = (int(slots[int(i)]) - 1) % 8 + 1
colour(i) = word(colours, slot(i))
pattern(i) = int(word(patterns, slot(i)))
point(i) = int(word(points, slot(i)))

ink = '#202020'
grey = '#606060'
faint = '#D8D8D8'
paper = '#FFFFFF'

# A template sets the size, in pixels of the SVG file (PNG has twice as many), then runs
# `eval start_chart`.
chart_width = 960
chart_height = 480
font_name = 'DejaVu Sans'
start_svg = "set terminal svg noenhanced size chart_width, chart_height font font_name.',12' " \
          . "linewidth 1 background paper"
start_png = "set terminal pngcairo noenhanced size 2 * chart_width, 2 * chart_height " \
          . "font font_name.',12' fontscale 1.5 linewidth 2 pointscale 2 background paper"
# A pixel is a point of the page, 1/72 inch.
start_pdf = "set terminal pdfcairo noenhanced size chart_width / 72.0, chart_height / 72.0 " \
          . "font font_name.',12' fontscale 1.0 linewidth 1.4 pointscale 0.8 background paper"
# The same point is larger in SVG.
point_size = chart_format eq 'svg' ? 0.65 : 1.0
start_chart = (chart_format eq 'svg' ? start_svg : chart_format eq 'pdf' ? start_pdf : start_png) \
            . "; set output chart_file; eval set_titles"

# Titles at the left, the plot below them. All in pixels: characters are higher in one terminal
# than in the other.
from_left(x) = 1.0 * x / chart_width
from_top(y) = 1 - 1.0 * y / chart_height
set_titles = "set label 1001 chart_title at screen from_left(16), from_top(24) " \
           . "left font font_name.',16' textcolor rgb ink; " \
           . "set label 1002 chart_subtitle at screen from_left(16), from_top(48) " \
           . "left font font_name.',10' textcolor rgb grey; " \
           . "set tmargin at screen from_top(76)"

set border 3 linecolor rgb grey linewidth 1
set tics nomirror out scale 0.5 textcolor rgb ink
set grid linetype 1 linecolor rgb faint linewidth 0.8
# The default begins with a space, which moves numbers out of the middle of their ticks.
set format x '%g'
set key noautotitle
# Ticks of a logarithmic axis, which may hold no power of ten: `marks = decades(from, to)`, then
# `eval log_ticks`.
decades(from, to) = to / from > 300 ? '1' : to / from > 8 ? '1 2 5' : \
    to / from > 2.5 ? '1 1.5 2 3 4 5 7' : '1 1.1 1.2 1.3 1.5 1.7 2 2.2 2.5 3 3.5 4 4.5 5 6 7 8 9'
log_ticks = "set for [d = -6:6] for [m in marks] " \
          . "xtics add (sprintf('%g', m * 10.0 ** d) m * 10.0 ** d)"

# Used as macros: `plot @each using ... @filled, @each using ... @hatched`.
each = "for [i = 1:n_backends] $data every ::i - 1::i - 1"
filled = "linecolor rgb colour(i) fillstyle solid noborder"
hatched = "linecolor rgb paper fillstyle transparent pattern pattern(i) border linecolor rgb ink"
# A row for each backend from top to bottom, half_bar to either side of its number.
half_bar = 0.3
set_rows = "set yrange [n_backends + 0.6:0.4]; set border 1; set grid noytics xtics; " \
         . "set ytics scale 0"
