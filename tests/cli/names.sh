# SPDX-License-Identifier: MIT
# Unknown names of every kind, with the nearest known one; nothing is written or rendered.
fails 2 "unknown command 'lst': did you mean 'list'?" evalrun lst
fails 2 "unknown command 'dataest': did you mean 'dataset'?" evalrun dataest render
fails 2 "unknown dataset command 'rendr': did you mean 'render'?" evalrun dataset rendr simple
fails 2 "dataset: expected a second word" evalrun dataset
fails 2 "unknown command 'xyzzy': expected one of eval, " evalrun xyzzy
fails 2 "unknown option '--bckend': did you mean '--backend'?" evalrun --bckend qat
fails 2 "unknown option '--epoch': did you mean '--epochs'?" evalrun train --epoch 3
fails 2 "unknown option '--frame': did you mean '--frames'?" evalrun dataset render simple --frame=3
fails 2 "unknown backend 'statik': did you mean 'static'?" evalrun --backend statik
fails 2 "unknown backend 'qta': did you mean 'qat'?" evalrun --backend null,qta
fails 2 "unknown set 'montrael': did you mean 'montreal'?" evalrun --backend null --set montrael
fails 2 "unknown set 'nothing-like-it': expected one of simple, " evalrun --backend null --set nothing-like-it
fails 2 "unknown device 'gpu'" evalrun --backend null --device gpu
fails 2 "unknown device 'cudda': did you mean 'cuda'?" evalrun --backend null --device cudda
fails 2 "unknown circuit 'monmelo': did you mean 'montmelo'?" evalrun dataset render monmelo
fails 2 "unknown --method 'statc': did you mean 'static'?" evalrun quantize --method statc
touch set engine
fails 2 "as in ./set" evalrun --backend null --set set
fails 2 "as in ./engine" evalrun --backend engine
rm set engine
nothing_left
[[ ! -e $EVALRUN_CACHE ]] || die "a cache folder was made"
