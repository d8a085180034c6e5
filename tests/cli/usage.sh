# SPDX-License-Identifier: MIT
# Wrong use of options that exist.
fails 2 "--backend: 'null' is given twice" evalrun --backend null,null
fails 2 "--set: 'simple' is given twice" evalrun --backend null --set all,simple
fails 2 "--set: empty name in the list" evalrun --backend null --set simple,
fails 2 "--batch 0: expected a whole number from 1" evalrun --batch 0
fails 2 "--batch 1x: expected a whole number" evalrun --batch 1x
fails 2 "--threads: expected N" evalrun --threads
fails 2 "--out: expected DIR" evalrun --out --quiet
for option in backend set model device out plots cache; do
    fails 2 "--$option: empty value" evalrun "--$option" ""
    fails 2 "--$option: empty value" evalrun "--$option="
done
fails 2 "--quiet: given twice" evalrun --quiet -q
fails 2 "--quiet takes no value" evalrun --quiet=yes
fails 2 "eval: unexpected 'surplus'" evalrun eval surplus
fails 2 "report: DIR is missing" evalrun report
fails 2 "report: empty word, expected DIR" evalrun report ""
fails 2 "drive: empty word, expected [CIRCUIT...]" evalrun drive montreal "" --backend null
fails 2 "unknown command ''" evalrun ""
fails 2 "dataset render: CIRCUIT is missing" evalrun dataset render
fails 2 "dataset render: unexpected 'montreal'" evalrun dataset render simple montreal
fails 2 "--deflate needs --chunk" evalrun dataset render simple --deflate 3
fails 2 "train: --out is missing" evalrun train
fails 2 "quantize: --method is missing" evalrun quantize
fails 2 "quantize: --model is missing" evalrun quantize --method qat
fails 2 "quantize: --out is missing" evalrun quantize --method qat --model m.pt
fails 2 "--epochs: not read by --method static, only by qat" \
    evalrun quantize --method static --model m.pt --epochs 2
fails 2 "--observer: not read by --method qat, only by static" \
    evalrun quantize --method qat --model m.pt --observer histogram
fails 2 "--batch: not read by --method dynamic, only by static, qat" \
    evalrun quantize --method dynamic --model m.pt --batch 128
fails 2 "m.pt: No such file" evalrun quantize --method qat --model m.pt --out x.pt --epochs 2
fails 2 "--learning-rate 2: expected a number" evalrun train --learning-rate 2
fails 2 "cuda:x" evalrun --backend null --device cuda:x
# Line feeds in a name do not make two lines.
fails 2 "unknown set 'two?lines'" evalrun --backend null --set $'two\nlines'
# A drive that is not a set yet.
mkdir -p rec/lap simple
for name in rec rec/ ./rec/lap; do
    folder=${name%/}
    fails 2 "$folder: a folder, not a set: bring it in with 'evalrun dataset import $folder --out $folder.h5'" \
        evalrun --backend null --set $name
    fails 2 "$folder: a folder, not a set" evalrun dataset info $name
done
fails 2 "simple: a folder, not a set" evalrun dataset info simple/
fails 2 "unknown set 'no'" evalrun --backend null --set simple,no # the built-in one, not the folder
rm -r rec simple
# Options of files have nothing to say where all sets are built in.
for option in "--images /x" "--labels /y" "--layout nchw" "--white 255"; do
    wrong="${option%% *}: not read for the built-in set 'simple', only for files"
    # shellcheck disable=SC2086
    {
        fails 2 "$wrong" evalrun --backend null $option
        fails 2 "$wrong" evalrun --backend null --set simple,montmelo --dry-run $option
        fails 2 "$wrong" evalrun dataset info simple montreal $option
        fails 2 "$wrong" evalrun dataset verify simple $option
        fails 2 "$wrong" evalrun dataset subset simple --out x.h5 $option
        fails 2 "$wrong" evalrun dataset split simple --by lap --out x.h5 --rest y.h5 $option
        fails 2 "$wrong" evalrun dataset concat simple montreal --out x.h5 $option
        fails 2 "$wrong" evalrun dataset export simple x $option
        fails 2 "no.h5: " evalrun --backend null --set simple,no.h5 $option
    }
done
nothing_left
