# Times of a device apart from the host's: of a plug-in that has a device of its own, and of the cuda
# engine where a device in software is at hand.
device=$EV_PLUGINS/plugin_device.so work=$EV_PLUGINS/plugin_work.so
small_set a.h5

# A cell of timings.csv of the first backend: MODE BOUNDARY COLUMN [FOLDER].
cell() { awk -F, -v mode="$1" -v boundary="$2" -v column="$3" '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i }
    NR > 1 && $2 == 0 && $3 == mode && $4 == boundary { print $c; exit }' "${4:-run}/timings.csv"; }
equals() { [[ $(cell "$1" "$2" "$3") == "$4" ]] || die "$1 $2 $3: $(cell "$1" "$2" "$3"), not $4"; }
exceeds() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > b) }' || die "$1 is not above $2"; }

# --- A plug-in: its own clock says 1 us a picture, 2 us where operations are launched one by one ---
passes evalrun --backend "$device" --set a.h5 --batch 8 --out run -q
[[ $(wc -l <run/timings.csv) == 19 ]] || die "not 2 entries in 9 conditions"
equals hot device median_ms 0.001000
equals eager device median_ms 0.002000
equals resident device median_ms 0.008000
equals resident device images_per_s 1000000.00
equals eager e2e rows_per_call 1
equals eager e2e images_per_s ""
equals eager e2e n_calls "$(cell hot e2e n_calls)"
# By the host's clock they take what they take, eager ones four times the work of hot ones.
exceeds "$(cell hot e2e median_ms)" 0.001
exceeds "$(cell eager e2e median_ms)" "$(awk -v t="$(cell hot e2e median_ms)" 'BEGIN { print 1.5 * t }')"
# As many calls by either clock, eager ones right behind the hot ones.
[[ $(tail -n +2 run/timings.csv | cut -d, -f3,4 | uniq | tr '\n' ' ') == "cold,e2e hot,compute hot,e2e \
hot,device eager,e2e eager,device paced,e2e resident,e2e resident,device " ]] || die "another order"
says "Of these times the device's own"
says "plugin_device.so: the device computes"
grep -q '^### Of these times the device' run/results.md || die "no section in results.md"
grep -q ',eager,device,' run/rounds.csv || die "no rounds of eager calls"
passes evalrun verify run
passes evalrun compare run run
says "eager, device"
passes evalrun --backend "$device" --set a.h5 --dry-run
[[ $(grep -cE '^    (hot|eager|resident) +device ' "$out") == 3 ]] || die "not in the plan"

# --- Not all tell: nothing of it, and on the CPU no word ---
passes evalrun --backend "$device,$work" --set a.h5 --batch 8 --out mixed -q
[[ $(wc -l <mixed/timings.csv) == 16 ]] || die "more than 3 entries in 5 conditions"
[[ $(<"$err") != *"device times"* ]] || die "a note on the CPU"
grep -q 'device' <(cut -d, -f4 mixed/timings.csv) && die "a device's times of engines that tell none"

# --- The cuda engine on a device in software ---
if [[ -n $EV_EMULATED && $EV_HAVE_TORCH == 1 ]]; then
    "$EV_MAKE_MODEL" int8 int8.pt 2>"$err"
    passes evalrun dataset subset a.h5 --rows 0:2 --out b.h5
    passes env LD_LIBRARY_PATH="$EV_EMULATED" evalrun --device cuda --model int8.pt --set b.h5 \
        --batch 2 --out cuda -q
    for condition in hot,device,1 eager,e2e,1 eager,device,1; do
        [[ $(grep -c ",$condition," cuda/timings.csv) == 2 ]] || die "$condition: not measured"
    done
    # The device has its part of what the host waits for.
    exceeds "$(awk -v t="$(cell hot e2e median_ms cuda)" 'BEGIN { print 1.2 * t }')" \
        "$(cell hot device median_ms cuda)"
    exceeds "$(cell eager device median_ms cuda)" 0
    passes evalrun verify cuda

    # An engine on that device that does not tell: one line names it. It is interrupted then.
    env LD_LIBRARY_PATH="$EV_EMULATED" evalrun --device cuda --backend "$EV_PLUGINS/plugin_mute.so" \
        --set b.h5 --batch 2 --out mute >"$out" 2>"$err" &
    until grep -q "no device times: not told by .*plugin_mute.so (mute)" "$err"; do
        kill -0 $! || die "nothing said of an engine that does not tell"
    done
    kill -INT $!
    wait $! || true
fi
true
