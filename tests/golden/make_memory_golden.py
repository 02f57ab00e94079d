#!/usr/bin/python3
"""Recomputes what `saccade run memory` records, in float64 PyTorch, from the same numbers.

    make_memory_golden.py --saccade PATH/TO/saccade        run, check and write tests/golden/memory_*.npz

An independent implementation: the formulas of Miller 2016, eq. 1 and 2, and Graves 2014, eq. 5 and 6, over matrices that are drawn here. Fails if any tensor
differs by more than 1e-5 of its largest magnitude, or if the trace holds one that is not recomputed here. The golden files are read by memory_golden_test.cpp.
"""
import argparse
import os
import sys
import tempfile

import numpy as np
import torch

from golden_common import compare, record, write_golden

# name: score, strength, temperature, read, tie. Settings stand in memory_golden_test.cpp too.
CASES = {
    "dot": ("dot", 5.0, 1.0, "soft", False),
    "scaled": ("scaled_dot", 5.0, 0.4, "soft", False),
    "cosine": ("cosine", 3.5, 1.0, "soft", True),
    "hard": ("dot", 5.0, 1.0, "hard", False),
    "uniform": ("dot", 5.0, float("inf"), "soft", False),
    "sharp": ("cosine", 2.0, 0.0, "soft", False),
}


def matrices():
    draw = np.random.default_rng(20)
    # float32 values, as the program gets them
    return tuple(np.round(draw.normal(size=shape), 3).astype(np.float32) for shape in ((3, 6), (7, 6), (7, 4)))


def recompute(q, k, v, score, strength, temperature, read, tie):
    q, k, v = (torch.tensor(m.astype(np.float64)) for m in (q, k, v))
    if tie:
        v = k
    if score == "cosine":
        scores = strength * torch.nn.functional.cosine_similarity(q.unsqueeze(1), k.unsqueeze(0), dim=2)
    else:
        scores = torch.einsum("ia,ja->ij", q, k)
        if score == "scaled_dot":
            scores = scores / q.shape[1] ** 0.5
    if read == "hard" or temperature == 0:
        weights = torch.nn.functional.one_hot(scores.argmax(1), k.shape[0]).double()
    else:
        weights = torch.softmax(scores / temperature, 1)
    return {"queries": q, "keys": k, "values": v, "scores": scores, "weights": weights,
            "contributions": torch.einsum("ij,jc->ijc", weights, v), "context": weights @ v}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    args = parser.parse_args()
    q, k, v = matrices()
    for case, (score, strength, temperature, read, tie) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            for name, matrix in (("q", q), ("k", k), ("v", v)):
                np.save(os.path.join(folder, name + ".npy"), matrix)
            options = ["--score", score, "--strength", str(strength), "--temperature", str(temperature), "--read", read, "--tie", "on" if tie else "off",
                       "--names", ""]
            for name in "qkv":
                options += ["--" + name, "@" + os.path.join(folder, name + ".npy")]
            _, recorded = record(args.saccade, "memory", *options)
        expected = {name: t.numpy() for name, t in recompute(q, k, v, score, strength, temperature, read, tie).items()}
        worst = compare(case, recorded, expected)
        write_golden(f"memory_{case}", expected)
        print(f"{case}: {len(worst)} tensors, largest error {max(worst.values()):.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
