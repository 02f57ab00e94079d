#!/bin/sh
# The training step of a translation model, ours and PyTorch's at its fastest, in turn on this machine. Run it while nothing else runs.
#   compare_translation.sh cmn-eng.txt [PATH/TO/training_step] [ROUNDS] [STEPS] [MODEL, default zh-en-gru]
# Same batches' sizes and lengths, same model, same work: see training_step.cpp and translation_pytorch.py (whose eight settings of threads and
# decoder are all tried in each round).
set -eu
here=$(dirname "$0")
data=${1:?"give the sentence pairs: cmn-eng.txt"}
step=${2:-build/release/tests/bench/training_step}
rounds=${3:-3}
steps=${4:-60}
model=${5:-zh-en-gru}
[ -x "$step" ] || { echo "$step: not there; build it with ./dev build" >&2; exit 1; }
round=1
while [ "$round" -le "$rounds" ]; do
    ours=$("$step" "$model" "$data" "$steps")
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 "$here/translation_pytorch.py" "$model" --data "$data" \
        --card "$here/../../assets/models/$model.json" --time-only "$steps" | /usr/bin/python3 -c '
import json, sys
peer, ours = json.load(sys.stdin), float("'"$ours"'")
print("round '"$round"': ours %.1f ms; PyTorch %.1f ms (%s); %.2f times as fast; all: %s" % (
    ours, peer["ms_per_step"], peer["setting"], peer["ms_per_step"] / ours,
    "; ".join("%s %.0f" % e for e in peer["all"].items())))'
    round=$((round + 1))
done
