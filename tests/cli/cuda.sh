# SPDX-License-Identifier: MIT
# A CUDA device, in software where there is none: int8 models are run by the cuda engine, with the
# outputs of plain C; and devices that are missing, too old, too small or lost are one line.
evaluate() { # OUT OPTION...: without charts, for speed
    PATH=$base/bin evalrun --set few.h5 --batch 4 --profile none --calls 0 -q --out "$@"
}
column() { # CSV NAME: of all rows
    python3 -c 'import csv, sys
print(*(row[sys.argv[2]] for row in csv.DictReader(open(sys.argv[1]))))' "$1" "$2"
}
static_pt=$EV_SOURCE_ROOT/results/models/static.pt
[[ -n $EV_EMULATED && $EV_HAVE_TORCH == 1 && -f $static_pt ]] || {
    fails 2 "engine 'cuda' is not part of this build" \
        evalrun --backend "null" --device cuda --engine cuda --model "$0" --set simple
    exit 0
}
small_set few.h5 6

# --- No driver ---

if ! ldconfig -p | grep -q 'libcuda\.so\.1'; then
    unset LD_LIBRARY_PATH # where meson may have put the one in software
    fails 3 "engine 'cuda': no CUDA device: there is no NVIDIA driver" \
        evaluate none --device cuda --backend static
    fails 3 "no CUDA device: there is no NVIDIA driver" evaluate none --device cuda --backend baseline
fi
export LD_LIBRARY_PATH=$EV_EMULATED

# --- Outputs ---

passes evalrun list
says "  cuda:0       emulated device"

passes evaluate gpu --device cuda --backend static,qat
passes evaluate cpu --engine reference --backend static,qat
[[ $(column gpu/results.csv device) == "cuda:0 cuda:0" ]] || die "another device"
[[ $(column gpu/results.csv engine) == "cuda cuda" ]] || die "another engine"
[[ $(column gpu/results.csv outputs_sha256) == "$(column cpu/results.csv outputs_sha256)" ]] ||
    die "other outputs than plain C"
passes evaluate mine --device cuda --model "$static_pt"
[[ $(column mine/results.csv engine) == cuda ]] || die "a file of int8 has another engine"
passes evalrun verify gpu
fails 2 "engine 'cuda' does not run on the CPU, but on --device cuda" evaluate none --engine cuda --backend static

# --- Devices that cannot ---

refused() { # SETTING CODE TEXT
    rm -rf none
    fails "$2" "$3" env "$1" PATH="$base/bin" evalrun --set few.h5 --profile none --calls 0 -q --out none \
        --device cuda --backend static
    [[ ! -e none ]] || die "something is left"
}
refused EMULATED_CUDA_DEVICES=0 3 "no CUDA device: the NVIDIA driver sees none"
refused EMULATED_CUDA_VERSION=12080 3 "the NVIDIA driver is for CUDA 12.8, these kernels need 13.0"
refused EMULATED_CUDA_CAPABILITY=75 2 "has compute capability 7.5, int8 kernels need 8.0 or more"
refused EMULATED_CUDA_BYTES=4000000 3 "MiB are free"
fails 3 "no CUDA device 1: there is 1" evaluate none --device cuda:1 --backend static

# --- A device that is lost ---

# Looking at the layers, in the first pass, in the second one: what was finished is kept.
refused EMULATED_CUDA_LOST=5 3 "cuda:0 (emulated device): "
code=0
EMULATED_CUDA_LOST=200 evaluate lost --device cuda --backend static,qat >"$out" 2>"$err" || code=$?
[[ $code == 3 && $(grep -vc ': note: ' "$err") == 1 ]] || die "not one line and 3"
[[ $(column lost/results.csv backend) == static ]] || die "the finished pass is not reported"
warns "cuda:0 (emulated device): "
warns "unspecified launch failure (CUDA_ERROR_LAUNCH_FAILED)"
[[ -d lost/.resume ]] || die "nothing is kept"
passes evaluate lost --device cuda --backend static,qat --resume
cmp lost/samples.h5 gpu/samples.h5 || die "other outputs after a device was lost"
