#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is done when memory is short: the server reads a machine of ours, whose
# memory we take away and give back.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

OPTOP_MEMORY_ROOT=$dir/machine
export OPTOP_MEMORY_ROOT
mkdir -p "$OPTOP_MEMORY_ROOT/proc"
left() { # PERCENT
    printf 'MemTotal: 1000000 kB\nMemAvailable: %d0000 kB\n' "$1" >"$OPTOP_MEMORY_ROOT/proc/meminfo"
}
left 80
cat >"$dir/scale.sh" <<SH
#!/bin/sh
echo "\$1 \$OPTOP_PRESSURE \$OPTOP_PRESSURE_BEFORE" >>"$dir/scaled"
echo "room is made, \$OPTOP_PRESSURE_REASON"
SH
chmod +x "$dir/scale.sh"
write_run() { # NAME PRIORITY
    cat >"$dir/$1.ini" <<INI
[run]
name = $1
priority = $2
[objective]
command = sh -c "sleep 0.05; echo {x}"
[space]
x = int 1..100000
[parallel]
workers = 1
INI
}
write_run first 5
write_run last 1
exits "two runs have room" 0 optop config set runs.slots=2
first=$(optop run --detach "$dir/first.ini")
last=$(optop run --detach "$dir/last.ini")
run_is() { # RUN EXPRESSION
    optop show "$1" --json >"$out" && [ "$(json "$out" "$2")" = true ]
}
ok "both run" until_true 30 run_is "$last" "o['counts']['done'] > 2"
done_of() { optop show "$1" --json >"$out" && json "$out" "o['counts']['done']"; }

is_short() { optop status --json | grep -q '"pressure_level":"[hc]'; }
left 8
ok "memory is short" until_true 20 is_short
sleep 1 # longer than it would take to act
ok "nothing is done by default" run_is "$last" "o['waiting'] == '' and o['state'] == 'running'"
left 80
calm() { optop status --json | grep -q '"pressure_level":"none"'; }
ok "there is room again" until_true 60 calm

exits "freezing is wanted" 0 optop config set pressure.freeze=high \
    "pressure.scale_down=$dir/scale.sh down" "pressure.scale_up=$dir/scale.sh up"
left 8
frozen() { run_is "$1" "o['waiting'].startswith('frozen: memory pressure is ') and 'machine: 8.0% left' in o['waiting']"; }
ok "the run of the lowest priority is frozen" until_true 20 frozen "$last"
ok "first, the other goes on" run_is "$first" "o['waiting'] == ''"
optop show "$last" >"$out"
like "show says why" "$out" 'frozen: memory pressure is '
# a trial that had just ended when its run was frozen is no trial that goes on
stopped() { run_is "$last" "all(t['state'] == 'paused' for t in o['running'])"; }
ok "none of its trials goes on" until_true 20 stopped
before=$(done_of "$last")
ok "then comes the other one's turn" until_true 30 frozen "$first"
is "until then it made no trial" "$(done_of "$last")" "$before"
exits "the trials of one are exported" 0 optop export "$last" --json --force "$dir/last.json"
exits "and those of the other" 0 optop export "$first" --json --force "$dir/first.json"
alone() { # the other run's trials since the last one of the frozen run
    python3 - "$dir/last.json" "$dir/first.json" <<'PYTHON'
import json, sys
last, first = ([t["finished"] for t in json.load(open(f))["trials"]] for f in sys.argv[1:])
print(sum(t > max(last) for t in first))
PYTHON
}
ok "which got on alone" [ "$(alone)" -gt 5 ]
optop alerts history --json >"$out" 2>/dev/null || optop status --json >"$out"
ok "it is told" grep -q 'pressure.frozen' "$out"
like "in words" "$out" "run $last (last, priority 1) is frozen: memory pressure is "
ok "the program was run" grep -q '^down [hc]' "$dir/scaled"
ok "what it wrote is in the log" until_true 20 grep -q 'hook of pressure: room is made, machine: 8' "$OPTOP_STATE/server.log"
is "once" "$(wc -l <"$dir/scaled" | tr -d ' ')" 1
left 80
going() { run_is "$1" "o['waiting'] == '' and [t['state'] for t in o['running']] == ['running']"; }
ok "with room the higher one goes on" until_true 60 going "$first"
ok "then the other" until_true 60 going "$last"
ok "and makes trials" until_true 20 run_is "$last" "o['counts']['done'] > $before"
is "none has failed" "$(json "$out" "o['counts']['failed']")" 0
up() { grep -q '^up none ' "$dir/scaled"; }
ok "the other program was run" until_true 20 up

exits "cancelling is wanted" 0 optop config set pressure.freeze=off pressure.cancel=critical
left 3
ok "the lowest is cancelled" until_true 30 run_is "$last" "o['state'] == 'cancelled'"
optop status --json >"$out"
like "and that is told" "$out" "run $last (last, priority 1) is cancelled: memory pressure is critical"
left 80
exits "what is left ends" 0 optop cancel "$first"
exits "a level that is none" 2 optop config set pressure.freeze=sometimes
finish
