# SPDX-License-Identifier: MIT
# Laps: what is written, the same again, and what is refused. The null engine drives straight on.
straight_on() {
    evalrun drive simple --backend null --latency 0.02 --quiet "$@"
}
passes straight_on --laps 2 --perturb --threads 2 --out a
says "simple: 428.6 m"
says "simple, reverse: 428.6 m"
says "left the road"
[[ $(wc -l <a/drive.csv) == 5 ]] || die "drive.csv has not a row for each lap"
for name in drive.md drive.json drive_trace.csv; do
    [[ -s a/$name ]] || die "no $name"
done
if command -v gnuplot >/dev/null; then
    for name in map-simple map-simple-reverse lap-simple lap-simple-reverse; do
        [[ -s a/plots/$name.png && -s a/plots/$name.svg ]] || die "no chart $name"
    done
fi
passes straight_on --laps 2 --perturb --threads 1 --out b
# All but the wall clock's columns.
cmp <(cut -d, -f1-19 a/drive.csv) <(cut -d, -f1-19 b/drive.csv) || die "threads change the laps"
cmp a/drive_trace.csv b/drive_trace.csv || die "threads change the paths"

# One lap to look at, and as a set like any other.
passes straight_on --direction forward --out c --record lap.webp --contact-sheet lap.png --save lap.h5
[[ $(head -c 4 lap.webp) == RIFF ]] || die "the film is no WebP"
[[ $(head -c 4 lap.png) == $'\x89PNG' ]] || die "the sheet is no PNG"
passes evalrun --backend null --set lap.h5 --profile none --calls 0 --out d --quiet
says "lap: "
rm -r a b c d lap.*

# A circuit of the user's, in another folder.
mkdir circuits
awk 'BEGIN { print "x_m,y_m,left_m,right_m"
    for (i = 0; i < 300; i++) printf "%.4f,%.4f,1.5,1.5\n", 20 * cos(i / 300 * 6.2831853), \
        20 * sin(i / 300 * 6.2831853) }' >circuits/ring.csv
passes evalrun drive circuits/ring.csv --backend null --latency 0 --out a --quiet
says "ring, reverse: 125.7 m"
[[ -s a/drive.csv && $(cut -d, -f2 a/drive.csv | tail -1) == ring ]] || die "another name"
fails 2 "two circuits are called 'ring'" evalrun drive circuits/ring.csv ./circuits/ring.csv
one_lap() {
    evalrun drive circuits/ring.csv --backend null --direction forward --latency 0 --out a --quiet "$@"
}
fails 2 "circuits/ring.csv: would be overwritten" one_lap --save circuits/ring.csv
fails 2 "x.png: named for two files" one_lap --record x.png --contact-sheet x.png
cp circuits/ring.csv $'circuits/two\nlines.csv'
fails 2 "a name of plain characters" evalrun drive $'circuits/two\nlines.csv' --backend null
rm -r a circuits

fails 2 "--latency soon: expected measured, or seconds" evalrun drive simple --latency soon
fails 2 "--latency -1" evalrun drive simple --latency=-1
fails 2 "unknown circuit 'simpel': did you mean 'simple'?" evalrun drive simpel
fails 2 "--record shows one lap" evalrun drive simple --backend null --record lap.webp
fails 2 "--save shows one lap" evalrun drive --backend null --direction forward --save lap.h5
printf 'x_m,y_m,left_m,right_m\n0,0,1,1\n' >short.csv
fails 2 "short.csv: 1 points, expected at least" evalrun drive ./short.csv --backend null
rm short.csv
fails 2 "no/lap.png: " straight_on --direction forward --out c --contact-sheet no/lap.png
nothing_left
