#!/bin/sh
# Multi-head attention and a model of GPT-2 small's shape, ours and PyTorch's at its fastest, in turn on this machine, beside what its
# memory and plain Eigen allow. Run it while nothing else runs: some six minutes a round.
#   compare_attention.sh [PATH/TO/saccade] [ROUNDS]
set -eu
saccade=${1:-build/release/saccade}
rounds=${2:-1}
[ -x "$saccade" ] || { echo "$saccade: not there; build it with ./dev build" >&2; exit 1; }
round=1
while [ "$round" -le "$rounds" ]; do
    echo "round $round"
    "$saccade" bench --only attention
    round=$((round + 1))
done
