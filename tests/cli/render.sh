# SPDX-License-Identifier: MIT
# The same arguments give the same bytes with any number of threads; other ones do not.
passes evalrun dataset render simple --frames 70 --seed 3 --perturb --threads 1 --out one.h5
says "one.h5"
passes evalrun dataset render simple --frames 70 --seed 3 --perturb --threads 3 --out three.h5 --quiet
[[ ! -s $err ]] || die "--quiet is not quiet"
cmp one.h5 three.h5 || die "the threads change the file"
passes evalrun dataset render simple --frames 70 --seed 4 --perturb --out other.h5
! cmp -s one.h5 other.h5 || die "the seed changes nothing"

# Chunks are smaller and hold the same pictures.
passes evalrun dataset render simple --frames 70 --seed 3 --perturb --chunk 16 --deflate 6 --out small.h5
(($(stat -c %s small.h5) < $(stat -c %s one.h5))) || die "deflate does not make it smaller"

# A circuit of the user's, and the default name.
printf 'x_m,y_m,left_m,right_m\n' >ring.csv
awk 'BEGIN { for (i = 0; i < 400; i++) { a = i * 2 * 3.14159265358979 / 400
             printf "%.6f,%.6f,4,4\n", 40 * cos(a), 40 * sin(a) } }' >>ring.csv
passes evalrun dataset render ./ring.csv --frames 4
nothing_left one.h5 three.h5 other.h5 small.h5 ring.csv ring.h5

fails 2 "./nowhere.csv" evalrun dataset render ./nowhere.csv
fails 2 "ring.csv: would be overwritten, but it is what is read" \
    evalrun dataset render ./ring.csv --out ring.csv
head -n 30 ring.csv >arc.csv
fails 2 "./arc.csv" evalrun dataset render ./arc.csv
printf 'x_m,y_m,left_m,right_m\n1,2,3,four\n' >bad.csv
fails 2 "./bad.csv" evalrun dataset render ./bad.csv
fails 2 "no/such/folder" evalrun dataset render simple --frames 4 --out no/such/folder/x.h5
nothing_left one.h5 three.h5 other.h5 small.h5 ring.csv ring.h5 arc.csv bad.csv
