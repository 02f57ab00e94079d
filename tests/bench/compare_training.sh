#!/bin/sh
# The training step of the dates model, ours and PyTorch's at its fastest, in turn on this machine.
#   compare_training.sh [PATH/TO/saccade] [ROUNDS]
# `saccade bench` measures ours, writes the source lengths of its batches, and runs train_step_pytorch.py on the same.
set -eu
saccade=${1:-build/release/saccade}
rounds=${2:-3}
[ -x "$saccade" ] || { echo "$saccade: not there; build it with ./dev build" >&2; exit 1; }
round=1
while [ "$round" -le "$rounds" ]; do
    "$saccade" bench --json | /usr/bin/python3 -c '
import json, sys
lines = {line["name"]: line for line in json.load(sys.stdin)}
ours, speed = lines["training_step"], lines["training_speed_vs_pytorch"]
print("round '"$round"': ours %.2f ms; %s; %s times" % (ours["value"], speed["reference"], speed["value"] and round(speed["value"], 2)))'
    round=$((round + 1))
done
