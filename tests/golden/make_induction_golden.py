#!/usr/bin/python3
"""Recomputes what `saccade run induction` records, in float64 PyTorch, from the bundled weights.

    make_induction_golden.py --saccade PATH/TO/saccade        run, check and write tests/golden/induction_*.npz

An independent implementation: relative positions after Shaw 2018, eq. 3 to 5, scores of heads after Olsson 2022, K-composition after Elhage 2021. Fails above 1e-5 of
a tensor's largest magnitude, or if a tensor is recorded that is not recomputed here. The golden files (without the large ones) are read by induction_golden_test.cpp.
"""
import argparse
import os
import sys

import numpy as np
import torch

from golden_common import ASSETS, compare, read_card, read_safetensors, record, write_golden

CASES = {"text": ["--text", "tom likes mary. mary likes books. tom likes"], "random": ["--random", "on", "--period", "12"]}
LARGE = ("logits", "probabilities", "self.embedding", "self.input", "pattern", "self.term", "self.mask", "self.query", "self.key", "self.value", "self.attended")
EPS = 1e-30


def forward(w, design, clip, ids, out, silenced=None):
    d, heads, layers = design["d_model"], design["heads"], design["layers"]
    unit, n = d // heads, len(ids)
    table = w["stack.embedding.weight"]
    x = table[ids] * d ** 0.5
    out["self.embedding"] = out["self.input"] = x
    rows = (torch.arange(n)[None, :] - torch.arange(n)[:, None]).clamp(-clip, clip) + clip
    mask = torch.full((n, n), -np.inf, dtype=torch.float64).triu(1)
    kept = {name: [] for name in ("query", "key", "value", "term", "scores", "mask", "weights", "context", "attended", "state")}
    for layer in range(layers):
        p = f"stack.{layer}.self."
        q, k, v = ((x @ w[p + name + ".weight"].T).view(n, heads, unit).transpose(0, 1) for name in ("query", "key", "value"))
        term = torch.einsum("hiu,iju->hij", q, w[p + "position.key"][rows]) / unit ** 0.5
        scores = q @ k.transpose(1, 2) / unit ** 0.5 + term
        weights = torch.softmax(scores + mask, 2)
        z = weights @ v + torch.einsum("hij,iju->hiu", weights, w[p + "position.value"][rows])
        if silenced is not None and silenced[0] == layer:
            z[silenced[1]] = 0
        attended = z.transpose(0, 1).reshape(n, d) @ w[p + "output.weight"].T
        x = x + attended
        for name, values in zip(kept, (q, k, v, term, scores, mask, weights, z, attended, x)):
            kept[name].append(values)
    for name, values in kept.items():
        out["self." + name] = torch.stack(values)
    classes = table.shape[0] - 1
    out["logits"] = x @ table[:classes].T
    out["probabilities"] = torch.softmax(out["logits"], 1)


def losses(out, ids):
    p = out["probabilities"]
    return torch.tensor([0.0] + [-np.log(max(float(p[i - 1, ids[i]]), EPS)) for i in range(1, len(ids))], dtype=torch.float64)


def patterns(ids):
    n = len(ids)
    pattern = torch.zeros(3, n, n, dtype=torch.float64)
    for i in range(1, n):
        if i > 1:
            pattern[1, i, i - 1] = 1
        for j in range(1, i):
            if ids[j] == ids[i]:
                pattern[0, i, j + 1] = 1
                pattern[2, i, j] = 1
    return pattern


def composition(w, design, layer):
    d, heads = design["d_model"], design["heads"]
    unit = d // heads
    table = torch.zeros(heads, heads, dtype=torch.float64)
    for e in range(heads):
        cut = slice(e * unit, (e + 1) * unit)
        ov = w[f"stack.{layer - 1}.self.output.weight"][:, cut] @ w[f"stack.{layer - 1}.self.value.weight"][cut]
        for l in range(heads):
            cut = slice(l * unit, (l + 1) * unit)
            qk = w[f"stack.{layer}.self.query.weight"][cut].T @ w[f"stack.{layer}.self.key.weight"][cut]
            table[e, l] = torch.linalg.norm(qk @ ov) / torch.linalg.norm(qk) / torch.linalg.norm(ov)
    return table


def recompute(w, card, ids):
    design, out = card["stack"], {"token.id": torch.tensor(ids, dtype=torch.float64)}
    forward(w, design, card["clip"], ids, out)
    scores = {(l, h): card["metrics"][f"induction_score_{l + 1}_{h + 1}"] for l in range(design["layers"]) for h in range(design["heads"])}
    best = max(scores, key=scores.get)
    without = {}
    forward(w, design, card["clip"], ids, without, best)
    n = len(ids)
    out["pattern"] = patterns(ids)
    counts = out["pattern"].amax(2).sum(1).clamp(min=1)
    out["head_scores"] = torch.einsum("lhij,sij->slh", out["self.weights"], out["pattern"]) / counts[:, None, None]
    out["best.weights"] = out["self.weights"][best[0], best[1]]
    out["losses"] = torch.stack([losses(out, ids), losses(without, ids)])
    pairs = [(ids[i - 1], ids[i]) for i in range(n)]
    out["recurs"] = torch.tensor([1.0 if i > 1 and pairs[i] in pairs[2:i] else 0.0 for i in range(n)], dtype=torch.float64)
    out["mean_loss"] = (out["losses"] * out["recurs"]).sum(1) / out["recurs"].sum().clamp(min=1)
    out["composition"] = composition(w, design, best[0])
    chances, order = torch.sort(out["probabilities"][-1], descending=True, stable=True)
    out["next.id"], out["next.probabilities"] = order[:12].double(), chances[:12]
    return {name: t.numpy() for name, t in out.items()}


def masked(values):
    """-inf counts as equal to -inf."""
    return np.where(np.isneginf(values), -1.0, values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    args = parser.parse_args()
    path = os.path.join(ASSETS, "induction.safetensors")
    w, card = read_safetensors(path), read_card(path)
    for case, options in CASES.items():
        _, arrays = record(args.saccade, "induction", *options)
        expected = recompute(w, card, [int(i) for i in arrays["token.id"]])
        worst = compare(case, {k: masked(v) for k, v in arrays.items()}, {k: masked(v) for k, v in expected.items()})
        write_golden("induction_" + case, {name: values for name, values in expected.items() if name not in LARGE})
        print(f"{case}: {len(expected)} tensors, largest error {max(worst.values()):.2e} in {max(worst, key=worst.get)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
