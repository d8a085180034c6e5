# SPDX-License-Identifier: MIT
# Recorded drives become sets: a folder, and logs as they come from elsewhere.
picture() {
    "$EV_MAKE_PICTURE" "$@"
}

# A folder needs no options; what cannot be evaluated would not be a set.
mkdir drive
printf 'v,w\n' >drive/data.csv
for i in 0 1 2; do
    picture drive/$i.png $((10 * i)) 480 640
    printf '%s,0.5\n' $((7 + i)) >>drive/data.csv
done
passes evalrun dataset import drive --out drive.h5
[[ $(<"$out") == "drive.h5: 3 rows of 3 pictures (none left out)" ]] || die "not what was done"
warns "import: 3 pictures"
passes evalrun --backend null --profile none --set ./drive.h5 --out results --plots plots
says "drive"
rm -r results plots
passes evalrun dataset import drive --out again.h5 --threads 3 --quiet
[[ ! -s $err ]] || die "--quiet is not quiet"
cmp drive.h5 again.h5 || die "the threads change the file"
passes evalrun dataset import drive --out packed.h5 --chunk 2 --deflate 6
(($(stat -c %s packed.h5) < $(stat -c %s drive.h5))) || die "deflate does not make it smaller"
# Sets whose labels differ are not evaluated together: which label, and in what.
differ() {
    local text=$1
    shift
    passes evalrun dataset import drive --out other.h5 --quiet "$@"
    fails 2 "other.h5: ${text}drive.h5" evalrun --backend null --quiet --set ./drive.h5,./other.h5
}
differ "1 label column, but ./" --targets w
differ "label column 1 is 'w', but 'v' in ./" --targets w,v
differ "the unit of label w is '1/s', but 'rad/s' in ./" --units m/s,1/s
differ "the range of label v is 0 to 24, but 6.5 to 24 in ./" --ranges 0:24,-7.1:7.1
rm -r other.h5 results plots
picture drive/3.png 30 480 640
passes evalrun dataset import drive --out again.h5 --quiet
warns "drive/3.png: has no row in data.csv"

# A log from another machine: three cameras, Windows paths, steering beyond its range.
mkdir -p log/IMG
printf 'center,left,right,steering,throttle,brake,speed\r\n' >log/driving_log.csv
for i in 0 1 2 3; do
    for camera in center left right; do
        picture log/IMG/${camera}_$i.jpg $((20 * i)) 160 320
        printf 'C:\\Users\\me\\run\\IMG\\%s_%s.jpg,' $camera $i >>log/driving_log.csv
    done
    printf ' 0.9, 1, 0, 30.2\r\n' >>log/driving_log.csv
done
passes evalrun dataset import log --out log.h5 --offsets 0,0.2,-0.2 --crop 60:-25 --flip steering \
    --oversample 1:3 --colour yuv --resize area --size 33x100 --frame-rate 10
warns "steering lies outside its range, -1 to 1 (as in 4 of 12 labels; they reach from 0.7 to 1.1)"
warns "import: 12 pictures"
warns "log/driving_log.csv: 12 of 12 paths were followed from their end on, as C:\Users\me\run\IMG\center_0.jpg -> log/IMG/center_0.jpg"
# 4 rows with a picture that comes three times, each with its mirror image: 40 of 9,900 bytes.
(($(stat -c %s log.h5) / 9900 == 40)) || die "not 40 rows"
grep -aq '"colour":"yuv"' log.h5 || die "no provenance"
passes evalrun dataset import log --out one.h5 # the camera in the middle alone
warns "import: 4 pictures"

# The same without a header, pictures under a root elsewhere.
mkdir elsewhere
tail -n +2 log/driving_log.csv >elsewhere/plain.csv
passes evalrun dataset import elsewhere/plain.csv --root log --out plain.h5
passes evalrun dataset import elsewhere/plain.csv --root log --cameras 1 --targets 4 --no-header --out numbers.h5
cmp plain.h5 numbers.h5 || die "names and numbers differ"
fails 2 "elsewhere/plain.csv: line 1: C:" evalrun dataset import elsewhere/plain.csv --out x.h5 --quiet

# Bad pictures and cells: an error with line and file, nothing written, what was there untouched.
before=$(sha256sum one.h5)
for damage in missing cut text bomb cell nan; do
    cp -r log bad
    case $damage in
    missing) rm bad/IMG/center_2.jpg && what="line 4: C:" ;;
    cut) truncate -s 900 bad/IMG/center_2.jpg && what="bad/IMG/center_2.jpg: damaged JPEG" ;;
    text) echo text >bad/IMG/center_2.jpg && what="bad/IMG/center_2.jpg: neither PNG nor JPEG" ;;
    bomb) picture bad/IMG/center_2.jpg bomb && what="center_2.jpg: 60000 x 60000 pixels, more than 16384" ;;
    cell) sed -i '4s/ 0\.9,/ left,/' bad/driving_log.csv && what="line 4: steering is 'left'" ;;
    nan) sed -i '4s/ 0\.9,/nan,/' bad/driving_log.csv && what="line 4: steering is 'nan'" ;;
    esac
    fails 2 "$what" evalrun dataset import bad --out one.h5
    fails 2 "bad/driving_log.csv: line 4: " evalrun dataset import bad --out bad.h5 --quiet
    passes evalrun dataset import bad --out left.h5 --quiet --skip-bad
    warns "evalrun: note: left out: bad/driving_log.csv: line 4: "
    [[ $(<"$out") == "left.h5: 3 rows of 4 pictures (1 left out)" ]] || die "not what was done"
    (($(wc -l <"$err") == 2)) || die "more than this note and that of the paths"
    (($(stat -c %s left.h5) / 39600 == 3)) || die "not 3 rows"
    rm -r bad left.h5
done
[[ $(sha256sum one.h5) == "$before" ]] || die "a failure changed the file"

# Cells and pictures are listed in the order of their lines.
cp -r log bad
sed -i '4s/ 0\.9,/ left,/' bad/driving_log.csv
rm bad/IMG/center_{0,3}.jpg
passes evalrun dataset import bad --out left.h5 --quiet --skip-bad
[[ $(sed -n 's/.*left out: .*: line \([0-9]*\): .*/\1/p' "$err" | tr '\n' ' ') == "2 4 5 " ]] || die "not in order"
says "left.h5: 1 row of 4 pictures (3 left out)"
rm -r bad left.h5

# Ctrl-C leaves nothing. The signal is sent as soon as the temporary file is there.
mkdir stopped
awk 'BEGIN { for (i = 0; i < 300000; i++) print "IMG/center_0.jpg,0.5" }' >log/long.csv
evalrun dataset import log/long.csv --cameras 1 --targets 2 --ranges 0:1 --threads 1 \
    --out stopped/big.h5 -q 2>"$err" &
pid=$!
until [[ -n $(ls stopped) ]]; do
    kill -0 "$pid" 2>/dev/null || die "it ended by itself"
done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[[ $code == 130 ]] || die "exit code $code, expected 130"
warns "evalrun: interrupted"
rmdir stopped || die "a file is left"

# A quote that is never closed stops the import even with --skip-bad: the rows behind it would be
# gone without being counted.
awk 'BEGIN { print "image,steering"
    for (i = 0; i < 5000; i++) print (i == 1 ? "\"" : "") "IMG/center_0.jpg,0.5" }' >log/quote.csv
fails 2 "log/quote.csv: line 3: a quote is open from here to line 5001" \
    evalrun dataset import log/quote.csv --skip-bad --out x.h5 --quiet

# A table that is written to while it is read, with as many bytes. The import stands still where it
# tells of bad rows, as nobody reads more than the first line.
awk 'BEGIN { for (i = 0; i < 4000; i++) print "IMG/center_0.jpg,bad"
    print "IMG/center_0.jpg,0.5" }' >log/changing.csv
touch -d 2020-01-01 log/changing.csv
mkfifo notes
evalrun dataset import log/changing.csv --cameras 1 --targets 2 --ranges 0:1 --no-header --skip-bad \
    --out x.h5 >"$out" 2>notes &
pid=$!
exec 3<notes
read -r line <&3
[[ $line == *"line 1: column2 is 'bad'"* ]] || die "the first note is: $line"
printf 9 | dd of=log/changing.csv bs=1 seek=$(($(stat -c %s log/changing.csv) - 2)) conv=notrunc status=none
tail -n 1 <&3 >"$err"
exec 3<&-
code=0
wait "$pid" || code=$?
[[ $code == 2 ]] || die "exit code $code, expected 2"
warns "log/changing.csv: changed while it was read"
rm notes

# Options that are wrong.
fails 2 "dataset import: --out is missing" evalrun dataset import log
fails 2 "no column 'stering' for --targets: did you mean 'steering'?" evalrun dataset import log --targets stering --out x.h5
fails 2 "no column 9 for --cameras: it has 7" evalrun dataset import log --cameras 9 --out x.h5
fails 2 "no range is known for speed" evalrun dataset import log --targets speed --out x.h5
fails 2 "--offsets: 2 for 1 camera: " evalrun dataset import log --offsets 0,1 --out x.h5
fails 2 "--ranges: '1:0', expected MIN:MAX" evalrun dataset import log --ranges 1:0 --out x.h5
fails 2 "--ranges: 2 for 1 target" evalrun dataset import log --ranges 0:1,0:1 --out x.h5
for range in -1e308:1e308 0:1e-320 0:0x10; do
    fails 2 "--ranges: '$range', expected MIN:MAX" evalrun dataset import log --ranges=$range --out x.h5
done
for crop in 9 none 10:0 0:0,0:0 20:20 30:20 0:50,9:0 0x1:50; do
    fails 2 "--crop: '$crop', expected" evalrun dataset import log --crop $crop --out x.h5
done
passes evalrun dataset import log --crop 0:,0: --out whole.h5 --quiet
fails 2 "--root: nowhere: not a folder" evalrun dataset import log --root nowhere --out x.h5
fails 2 "--offsets: '0x1', expected a number" evalrun dataset import log --offsets 0x1 --out x.h5
fails 2 "center_1.jpg: would be overwritten" evalrun dataset import log --out log/IMG/center_1.jpg --quiet
fails 2 "center_0.jpg: rows 100 to 200 and columns 0 to 320 do not lie in its 160 rows" \
    evalrun dataset import log --crop 100:200 --out x.h5 --quiet
fails 2 "--size: '66'" evalrun dataset import log --size 66 --out x.h5
fails 2 "--oversample: '2:5', expected limits that rise" evalrun dataset import log --oversample 3:2,2:5 --out x.h5
fails 2 "unknown --colour 'gray': did you mean 'grey'?" evalrun dataset import log --colour gray --out x.h5
fails 2 "'throttle' is not among the targets" evalrun dataset import log --flip throttle --out x.h5
fails 2 "--cameras is for logs" evalrun dataset import drive --cameras center --out x.h5
fails 2 "one.h5: an HDF5 file, expected a folder or a log" evalrun dataset import one.h5 --out x.h5
fails 2 "nowhere: " evalrun dataset import nowhere --out x.h5
fails 2 "elsewhere: no data.csv" evalrun dataset import elsewhere --out x.h5
fails 2 "would be overwritten" evalrun dataset import log --out log/driving_log.csv
fails 2 "no/folder/x.h5" evalrun dataset import log --out no/folder/x.h5
fails 2 "no/folder/x.h5" evalrun dataset import log --out no/folder/x.h5 --skip-bad
nothing_left drive log elsewhere {drive,again,packed,log,one,plain,numbers,whole}.h5
