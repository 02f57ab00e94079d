#!/usr/bin/python3
"""Sparse alignment functions in float64, by their definitions and not by the program's algorithms: writes tests/golden/align.npz.

    make_align_golden.py

Weights of sparsemax (Martins and Astudillo 2016, eq. 2) and entmax-1.5 (Peters, Niculae and Martins 2019, eq. 6 and 7): [z - theta]+ to the power of 1 or 2,
theta found by bisection. Gradients are central differences of that. Read by align_golden_test.cpp.
"""
import math

import numpy as np

from golden_common import write_golden

# name: power of [z - theta]+, and what z is divided by beside the temperature
FUNCTIONS = {"sparsemax": (1, 1), "entmax15": (2, 2)}
TEMPERATURES = (0.3, 1.0, 2.5, math.inf)


def weights(scores, mask, power, divisor, temperature):
    """A row at a time: [n]."""
    seen = mask == 0
    z = np.zeros_like(scores) if math.isinf(temperature) else scores / temperature / divisor
    z = np.where(seen, z, -np.inf)
    if not seen.any():
        return np.zeros_like(scores)
    low, high = z.max() - 2, z.max()
    for _ in range(200):
        theta = (low + high) / 2
        total = (np.maximum(z - theta, 0) ** power).sum()
        low, high = (theta, high) if total > 1 else (low, theta)
    return np.maximum(z - (low + high) / 2, 0) ** power


def slopes(scores, mask, cotangent, *how):
    """d (weights . cotangent) / d scores: [n]."""
    step = 1e-6
    result = np.zeros_like(scores)
    for j in range(len(scores)):
        there = np.eye(len(scores))[j] * step
        result[j] = ((weights(scores + there, mask, *how) - weights(scores - there, mask, *how)) * cotangent).sum() / (2 * step)
    return result


def main():
    draw = np.random.default_rng(12)
    shape = (6, 9)
    # float32 values, as the program gets them; the last two rows: ties, and scores that lie far apart.
    scores = draw.normal(size=shape).astype(np.float32).astype(np.float64)
    scores[4, :3] = scores[4].max() + 0.25
    scores[5] *= 40
    mask = np.zeros(shape)
    mask[1, 6:] = mask[2, 1:] = mask[3] = -np.inf
    cotangent = draw.normal(size=shape).astype(np.float32).astype(np.float64)
    arrays = {"scores": scores, "mask": mask, "cotangent": cotangent}
    for name, (power, divisor) in FUNCTIONS.items():
        for t in TEMPERATURES:
            how = (power, divisor, t)
            arrays[f"weights {name} {t}"] = np.stack([weights(*row, *how) for row in zip(scores, mask)])
            arrays[f"slopes {name} {t}"] = np.stack([slopes(*row, *how) for row in zip(scores, mask, cotangent)])
    write_golden("align", arrays)
    print(f"{len(arrays)} arrays")


if __name__ == "__main__":
    main()
