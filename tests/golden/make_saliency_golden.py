#!/usr/bin/python3
"""Recomputes every tensor that `saccade run saliency` records, in float64 PyTorch, from the same weights.

    make_saliency_golden.py --saccade PATH/TO/saccade      run, check and write tests/golden/saliency_*.npz

An independent implementation: the encoder is torch.nn.GRU, max pooling is torch.max, files are parsed here, and nothing is taken from the trace but the values to
compare. Fails if any tensor differs by more than 1e-5 of its largest magnitude, or if the trace holds one that is not recomputed here. The golden files
are read by saliency_golden_test.cpp, which needs no PyTorch.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch

from make_memory_golden import read_arrays, write_golden

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = os.path.join(HERE, "..", "..", "assets", "models", "date-questions.safetensors")
TOLERANCE = 1e-5
CASES = {  # name: source, index of the question
    "english": ("the 3rd of September 2019", 2),
    "chinese": ("二〇一九年十二月三十一日", 0),
    "unknown": ("Mon, 30 Sép '19?", 1),
}
KEPT = ["annotations", "focus.scores", "focus.weights", "focus.context", "max.weights", "max.pooled", "max.saliency", "gate.gates", "gate.weights",
        "gate.context", "focus.logits", "max.logits", "gate.logits", "focus.answer", "max.answer", "gate.answer", "maps"]


def read_safetensors(path):
    with open(path, "rb") as f:
        data = f.read()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    types = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + n + start:8 + n + end], dtype=types[entry["dtype"]])
        tensors[name] = torch.from_numpy(array.astype(np.float64).reshape(entry["shape"]).copy())
    return tensors


def gates(w, prefix, x, h):
    """r, z, n of one step, from the stacked parameters."""
    hidden = h.shape[-1]
    gi = x
    gh = w[prefix + ".hidden_weight"] @ h + w[prefix + ".hidden_bias"]
    r = torch.sigmoid(gi[:hidden] + gh[:hidden])
    z = torch.sigmoid(gi[hidden:2 * hidden] + gh[hidden:2 * hidden])
    return r, z, torch.tanh(gi[2 * hidden:] + r * gh[2 * hidden:])


def encode(w, ids, out):
    hidden = w["encoder.forward.hidden_weight"].shape[1]
    x = w["encoder.embedding.weight"][ids]
    gru = torch.nn.GRU(x.shape[1], hidden, bidirectional=True).double()
    state = {}
    for prefix, suffix in (("encoder.forward", "_l0"), ("encoder.backward", "_l0_reverse")):
        for ours, theirs in (("input_weight", "weight_ih"), ("hidden_weight", "weight_hh"), ("input_bias", "bias_ih"), ("hidden_bias", "bias_hh")):
            state[theirs + suffix] = w[f"{prefix}.{ours}"]
    gru.load_state_dict(state)
    h = gru(x.unsqueeze(1))[0].squeeze(1)
    zero = torch.zeros(1, hidden, dtype=torch.float64)
    out["source.id"] = torch.tensor(ids, dtype=torch.float64)
    out["encoder.embedding"] = x
    for prefix, states, previous in (("encoder.forward", h[:, :hidden], torch.cat([zero, h[:-1, :hidden]])),
                                     ("encoder.backward", h[:, hidden:], torch.cat([h[1:, hidden:], zero]))):
        steps = [gates(w, prefix, w[prefix + ".input_weight"] @ x[j] + w[prefix + ".input_bias"], previous[j]) for j in range(len(ids))]
        for g, name in enumerate(("reset", "update", "candidate")):
            out[f"{prefix}.{name}"] = torch.stack([s[g] for s in steps])
        out[f"{prefix}.state"] = states
    out["annotations"] = h
    return h


def recompute(w, ids, question):
    out = {}
    h = encode(w, ids, out)
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
    weights = read_safetensors(WEIGHTS)
    with open(os.path.splitext(WEIGHTS)[0] + ".json", encoding="utf-8") as f:
        card = json.load(f)
    ids = {token: i for i, token in enumerate(card["vocabulary"]["source"])}
    for case, (source, question) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "T.npz")
            subprocess.run([args.saccade, "run", "saliency", "--source", source, "--question", card["questions"][question], "--save", path],
                           check=True, stdout=subprocess.DEVNULL)
            recorded = read_arrays(path)
        with torch.no_grad():
            expected = recompute(weights, [ids.get(c, ids["<unk>"]) for c in source], question)
        if set(recorded) != set(expected):
            raise SystemExit(f"{case}: not in both: {sorted(set(recorded) ^ set(expected))}")
        worst = 0.0
        for name, want in expected.items():
            if recorded[name].shape != want.shape:
                raise SystemExit(f"{case}: tensor '{name}' has shape {recorded[name].shape}, expected {want.shape}")
            error = float(np.abs(recorded[name] - want).max() / np.abs(want).max())
            worst = max(worst, error)
            if not error <= TOLERANCE:
                raise SystemExit(f"{case}: tensor '{name}' differs by {error:.2e} of its largest magnitude")
        write_golden(os.path.join(HERE, f"saliency_{case}.npz"), {name: expected[name].astype(np.float32) for name in KEPT})
        print(f"{case}: {len(expected)} tensors, largest error {worst:.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
