#!/usr/bin/python3
"""Compares what `saccade run permutation` records with torch.nn.MultiheadAttention(2, 1) in float64, from the same numbers.

    make_permutation_golden.py --saccade PATH/TO/saccade        run, check and write tests/golden/permutation_*.npz

The module gets its tokens as (L, N, E): [3, 1, 2], and as often posted, [1, 3, 2]. Fails above 1e-5 of a tensor's largest magnitude. The golden files are read by
permutation_golden_test.cpp.
"""
import argparse
import os
import sys
import tempfile

import numpy as np
import torch

from golden_common import compare, record, write_golden

ORDER = [0, 2, 1]


def matrices():
    draw = np.random.default_rng(4)
    # float32 values, as the program gets them
    return tuple(np.round(draw.normal(size=shape), 3).astype(np.float32) for shape in ((3, 2), (6, 2), (2, 2)))


def sinusoidal(n, d):
    position, pair = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(d)[None, :]
    angle = position / 10000 ** (torch.div(pair, 2, rounding_mode="floor") * 2 / d).double()
    return torch.where(pair % 2 == 0, torch.sin(angle), torch.cos(angle))


def attend(module, x, posted, coded):
    if coded:
        code = sinusoidal(3, 2)
        x = x + (code[:1] if posted else code)
    tokens = x.unsqueeze(0) if posted else x.unsqueeze(1)
    with torch.no_grad():
        y, weights = module(tokens, tokens, tokens)
    if posted:  # three sequences of one token
        return y[0], torch.diag(weights[:, 0, 0])
    return y[:, 0], weights[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    args = parser.parse_args()
    q, in_proj, out_proj = matrices()
    module = torch.nn.MultiheadAttention(2, 1).double()
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.tensor(in_proj.astype(np.float64)))
        module.out_proj.weight.copy_(torch.tensor(out_proj.astype(np.float64)))
        module.in_proj_bias.zero_()
        module.out_proj.bias.zero_()
    x = torch.tensor(q.astype(np.float64))
    for axes in ("sequence", "posted"):
        for position in ("none", "sinusoidal"):
            case = f"{axes}_{position}"
            first, first_weights = attend(module, x, axes == "posted", position != "none")
            second, second_weights = attend(module, x[ORDER], axes == "posted", position != "none")
            expected = {"first.output": first, "first.weights": first_weights, "second.output": second, "second.weights": second_weights,
                        "sorted": second[ORDER]}
            expected = {name: t.numpy() for name, t in expected.items()}
            with tempfile.TemporaryDirectory() as folder:
                options = ["--axes", axes, "--position", position, "--projections", "own"]
                for name, matrix in (("q", q), ("in_proj", in_proj), ("out_proj", out_proj)):
                    np.save(os.path.join(folder, name + ".npy"), matrix)
                    options += ["--" + name, "@" + os.path.join(folder, name + ".npy")]
                _, arrays = record(args.saccade, "permutation", *options)
            worst = compare(case, {name: arrays[name] for name in expected}, expected)
            write_golden("permutation_" + case, {**expected, "q": q, "in_proj": in_proj, "out_proj": out_proj})
            print(f"{case}: {len(expected)} tensors, largest error {max(worst.values()):.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
