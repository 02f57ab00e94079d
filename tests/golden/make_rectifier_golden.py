#!/usr/bin/python3
"""What straightens a picture of text, in float64: writes tests/golden/rectifier.npz.

    make_rectifier_golden.py

The sampler is torch.nn.functional.grid_sample (bilinear, border), its gradients torch's. The thin-plate spline is solved anew for each set of points, from
its definition (Bookstein 1989): the program solves it once. Read by rectifier_golden_test.cpp.
"""
import numpy as np
import torch

from golden_common import write_golden


def spline(control, chosen, places):
    """f with f(control_k) = chosen_k that bends least: places [n, 2] -> [n, 2]."""
    def phi(a, b):
        r = np.linalg.norm(a[:, None] - b[None], axis=-1)
        return np.where(r > 0, r**2 * np.log(np.where(r > 0, r, 1)), 0)

    k = len(control)
    affine = np.hstack([np.ones((k, 1)), control])
    system = np.block([[phi(control, control), affine], [affine.T, np.zeros((3, 3))]])
    solved = np.linalg.solve(system, np.vstack([chosen, np.zeros((3, 2))]))
    return phi(places, control) @ solved[:k] + np.hstack([np.ones((len(places), 1)), places]) @ solved[k:]


def main():
    draw = np.random.default_rng(21)
    arrays = {}
    # Sampler: places inside, on the border and beyond it.
    picture = draw.normal(size=(2, 5, 7, 3)).astype(np.float32).astype(np.float64)
    grid = draw.uniform(-0.2, 1.2, size=(2, 4, 6, 2)).astype(np.float32).astype(np.float64)
    cotangent = draw.normal(size=(2, 4, 6, 3)).astype(np.float32).astype(np.float64)
    p, g = torch.tensor(picture, requires_grad=True), torch.tensor(grid, requires_grad=True)
    y = torch.nn.functional.grid_sample(p.permute(0, 3, 1, 2), 2 * g - 1, mode="bilinear", padding_mode="border", align_corners=False).permute(0, 2, 3, 1)
    y.backward(torch.tensor(cotangent))
    arrays |= {"picture": picture, "grid": grid, "cotangent": cotangent, "sampled": y.detach().numpy(), "to_picture": p.grad.numpy(), "to_grid": g.grad.numpy()}
    # Spline: 20 control points, a picture of 8 x 25, three sets of chosen points; the last bent like a bow.
    control = np.array([(x, y) for y in (0.05, 0.95) for x in np.linspace(0.05, 0.95, 10)])
    places = np.array([((x + 0.5) / 25, (y + 0.5) / 8) for y in range(8) for x in range(25)])
    bow = control + np.stack([np.zeros(20), 0.3 * (4 * control[:, 0] * (1 - control[:, 0]) - 0.5)], axis=1)
    chosen = np.stack([control, control + draw.normal(scale=0.05, size=control.shape), bow]).astype(np.float32).astype(np.float64)
    arrays |= {"chosen": chosen, "places": np.stack([spline(control, c, places) for c in chosen])}
    write_golden("rectifier", arrays)
    print(f"{len(arrays)} arrays")


if __name__ == "__main__":
    main()
