#!/usr/bin/python3
"""Recomputes every tensor that `saccade run saliency` records, in float64 PyTorch, from the same weights.

    make_saliency_golden.py --saccade PATH/TO/saccade      run, check and write tests/golden/saliency_*.npz

An independent implementation: the encoder is torch.nn.GRU, max pooling is torch.max, files are parsed here, and nothing is taken from the trace but the values to
compare. Fails if any tensor differs by more than 1e-5 of its largest magnitude, or if the trace holds one that is not recomputed here. The golden files
are read by saliency_golden_test.cpp, which needs no PyTorch.
"""
import argparse
import os
import sys

import torch

from golden_common import ASSETS, compare, encode_both_ways, read_card, read_safetensors, record, write_golden

WEIGHTS = os.path.join(ASSETS, "date-questions.safetensors")
CASES = {  # name: source, index of the question
    "english": ("the 3rd of September 2019", 2),
    "chinese": ("二〇一九年十二月三十一日", 0),
    "unknown": ("Mon, 30 Sép '19?", 1),
}
KEPT = ["annotations", "focus.scores", "focus.weights", "focus.context", "max.weights", "max.pooled", "max.saliency", "gate.gates", "gate.weights",
        "gate.context", "focus.logits", "max.logits", "gate.logits", "focus.answer", "max.answer", "gate.answer", "maps"]


def recompute(w, ids, question):
    out = {}
    h = encode_both_ways(w, ids, out)
    u = out["question.embedding"] = w["question.embedding.weight"]
    q = out["focus.queries"] = u @ w["focus.query_weight"].T
    k = out["focus.keys"] = h @ w["focus.key_weight"].T
    out["focus.scores"] = torch.tanh(q.unsqueeze(1) + k.unsqueeze(0)) @ w["focus.vector"]
    alpha = out["focus.weights"] = torch.softmax(out["focus.scores"], 1)
    out["focus.context"] = alpha @ h

    out["max.pooled"], winner = h.max(0)
    out["max.weights"] = torch.nn.functional.one_hot(winner, len(ids)).double()
    out["max.saliency"] = torch.bincount(winner, minlength=len(ids)).double() / h.shape[1]

    g = out["gate.gates"] = torch.sigmoid(h @ w["gate.vector"] + w["gate.bias"])
    out["gate.weights"] = g / g.sum()
    out["gate.context"] = out["gate.weights"] @ h

    for name, pooled in (("focus", out["focus.context"]), ("max", out["max.pooled"]), ("gate", out["gate.context"])):
        r = torch.tanh(pooled @ w[f"{name}.readout.pooled_weight"].T + u @ w[f"{name}.readout.question_weight"].T + w[f"{name}.readout.bias"])
        o = r @ w[f"{name}.answer.weight"].T + w[f"{name}.answer.bias"]
        out[f"{name}.reading"], out[f"{name}.logits"], out[f"{name}.probabilities"] = r, o, torch.softmax(o, 1)
        out[f"{name}.answer"] = o.argmax(1).double()
    out["maps"] = torch.stack([alpha[question], out["max.saliency"], out["gate.weights"]])
    return {name: t.numpy() for name, t in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    args = parser.parse_args()
    weights, card = read_safetensors(WEIGHTS), read_card(WEIGHTS)
    ids = {token: i for i, token in enumerate(card["vocabulary"]["source"])}
    for case, (source, question) in CASES.items():
        _, recorded = record(args.saccade, "saliency", "--source", source, "--question", card["questions"][question])
        with torch.no_grad():
            expected = recompute(weights, [ids.get(c, ids["<unk>"]) for c in source], question)
        worst = compare(case, recorded, expected)
        write_golden(f"saliency_{case}", {name: expected[name] for name in KEPT})
        print(f"{case}: {len(worst)} tensors, largest error {max(worst.values()):.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
