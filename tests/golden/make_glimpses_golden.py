#!/usr/bin/python3
"""Recomputes recurrent visual attention in float64 PyTorch, from the same numbers (Mnih 2014, sections 3 and 4).

    make_glimpses_golden.py                               writes tests/golden/glimpses_training.npz
    make_glimpses_golden.py --saccade PATH/TO/saccade     also runs the exhibit, checks it and writes tests/golden/glimpses_*.npz

An independent implementation: the sensor pads and pools the picture, the loss and its gradients are PyTorch's. Fails if any tensor differs by more than 1e-5 of
its largest magnitude, or if the trace holds one that is not recomputed here. The golden files are read by glimpses_golden_test.cpp.
"""
import argparse
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

from golden_common import ASSETS, compare, read_card, read_safetensors, record, write_golden

# name: options. Settings stand in glimpses_golden_test.cpp too.
CASES = {
    "mean": ["--paths", "3"],
    "sampled": ["--policy", "sampled", "--image", "sample:digit-7", "--glimpses", "4", "--seed", "5", "--paths", "2"],
    "scales": ["--model", "translated", "--image", "sample:digit-5", "--paths", "2"],
    "canvas": ["--canvas", "60", "--clutter", "4", "--image", "sample:digit-2", "--paths", "2"],
}


def pixel(place, side):
    return torch.floor((place.clamp(-1, 1) + 1) / 2 * side + 0.5).long()


def retina(picture, x, y, scales, cells):
    """picture [h, w]; x, y: pixel edges in the middle -> [scales, cells, cells]."""
    patches = []
    for s in range(scales):
        half = cells * 2 ** s // 2
        padded = F.pad(picture[None, None], (half, half, half, half))
        patch = padded[:, :, y:y + 2 * half, x:x + 2 * half]
        patches.append(F.avg_pool2d(patch, 2 ** s)[0, 0])
    return torch.stack(patches)


def step(w, h, seen, place):
    what = torch.relu(seen.flatten(1) @ w["what.weight"].T + w["what.bias"])
    where = torch.relu(place @ w["where.weight"].T + w["where.bias"])
    vector = torch.relu(what @ w["vector.what"].T + where @ w["vector.where"].T + w["vector.bias"])
    state = torch.relu(h @ w["core.state"].T + vector @ w["core.glimpse"].T + w["core.bias"])
    return what, where, vector, state


def read_out(w, state):
    return state @ w["classifier.weight"].T + w["classifier.bias"]


def aim(w, state):
    return torch.tanh(state @ w["policy.weight"].T + w["policy.bias"])


def expect(w, state):
    return (state @ w["baseline.weight"].T + w["baseline.bias"])[:, 0]


def training():
    """One step of training: two pictures, two paths each, three glimpses of two scales; the loss and its gradient by every weight."""
    draw = np.random.default_rng(31)
    scales, cells, sensed, units, classes, glimpses, rows, side, deviation, earlier = 2, 4, 5, 6, 3, 3, 4, 11, 0.3, 0.5
    shapes = {"what.weight": (sensed, scales * cells * cells), "what.bias": (sensed,), "where.weight": (sensed, 2), "where.bias": (sensed,),
              "vector.what": (units, sensed), "vector.where": (units, sensed), "vector.bias": (units,), "core.state": (units, units),
              "core.glimpse": (units, units), "core.bias": (units,), "policy.weight": (2, units), "policy.bias": (2,), "baseline.weight": (1, units),
              "baseline.bias": (1,), "classifier.weight": (classes, units), "classifier.bias": (classes,)}
    w = {name: torch.tensor(draw.normal(size=shape).astype(np.float32).astype(np.float64) * 0.5, requires_grad=True) for name, shape in shapes.items()}
    pictures = torch.tensor(draw.uniform(size=(2, side, side)).astype(np.float32).astype(np.float64)).repeat_interleave(2, 0)
    first = torch.tensor(draw.uniform(-1, 1, size=(rows, 2)).astype(np.float32).astype(np.float64))
    noise = torch.tensor(draw.normal(size=(glimpses - 1, rows, 2)).astype(np.float32).astype(np.float64))
    targets = torch.tensor([0, 0, 2, 2])
    place, state = first, torch.zeros(rows, units, dtype=torch.float64)
    logits, densities, baselines, seen_all = [], [], [], []
    for t in range(glimpses):
        place = place.clamp(-1, 1)
        seen = torch.stack([retina(pictures[i], pixel(place[i, 0], side), pixel(place[i, 1], side), scales, cells) for i in range(rows)])
        seen_all.append(seen.flatten(1))
        state = step(w, state, seen, place)[3]
        logits.append(read_out(w, state))
        if t + 1 == glimpses:
            break
        mean = aim(w, state.detach())
        baselines.append(expect(w, state.detach()))
        place = (mean + deviation * noise[t]).detach()
        densities.append(torch.distributions.Normal(mean, deviation).log_prob(place).sum(1))
    reward = torch.softmax(logits[-1], 1)[torch.arange(rows), targets].detach()
    loss = F.cross_entropy(logits[-1], targets)
    for t in range(glimpses - 1):
        loss = loss + earlier / (glimpses - 1) * F.cross_entropy(logits[t], targets)
        # The density's constant is not followed back, and is left out of the value as there.
        shifted = densities[t] + 2 * np.log(deviation * np.sqrt(2 * np.pi))
        loss = loss - ((reward - baselines[t].detach()) * shifted).mean()
        loss = loss + ((reward - baselines[t]) ** 2).mean() / (glimpses - 1)
    loss.backward()
    arrays = {"pictures": pictures, "first": first, "noise": noise, "retina": torch.stack(seen_all), "logits": torch.stack(logits), "loss": loss.reshape(1)}
    for name, tensor in w.items():
        arrays["weight." + name] = tensor
        arrays["gradient." + name] = tensor.grad
    write_golden("glimpses_training", {name: t.detach().numpy() for name, t in arrays.items()})
    print(f"training: loss {loss.item():.6f}, {len(w)} gradients")


def recompute(w, design, recorded):
    """What the exhibit records, from the picture, the first place and what was drawn."""
    picture = torch.tensor(recorded["glimpse.picture"][:, :, 0].astype(np.float64))
    noise = torch.tensor(recorded["glimpse.noise"].astype(np.float64))
    deviation, scales, cells = design["deviation"], design["scales"], design["cells"]
    height, width = picture.shape
    out = {name: [] for name in ("fixation", "pixel", "retina", "what", "where", "vector", "state", "logits", "belief", "policy", "baseline")}
    place, state = torch.zeros(1, 2, dtype=torch.float64), torch.zeros(1, design["units"], dtype=torch.float64)

    def look(place):
        x, y = pixel(place[0], width), pixel(place[1], height)
        return (x, y), retina(picture, x, y, scales, cells)

    for t in range(noise.shape[0]):
        at, seen = look(place[0])
        what, where, vector, state = step(w, state, seen[None], place)
        logits, mean = read_out(w, state), aim(w, state)
        for name, value in (("fixation", place[0]), ("pixel", torch.tensor(at)), ("retina", seen), ("what", what[0]), ("where", where[0]), ("vector", vector[0]),
                            ("state", state[0]), ("logits", logits[0]), ("belief", torch.softmax(logits[0], 0)), ("policy", mean[0]), ("baseline", expect(w, state)[0])):
            out[name].append(value)
        place = (mean + deviation * noise[t]).clamp(-1, 1)
    expected = {"glimpse." + name: torch.stack([torch.as_tensor(v) for v in values]).numpy() for name, values in out.items()}
    # The fan's places are draws of the program's generator; what follows from them is computed here.
    beliefs = []
    for path in torch.tensor(recorded["glimpse.fan"].astype(np.float64)):
        state = torch.zeros(1, design["units"], dtype=torch.float64)
        for place in path:
            state = step(w, state, look(place)[1][None], place[None])[3]
        beliefs.append(torch.softmax(read_out(w, state)[0], 0))
    expected["glimpse.fan.beliefs"] = torch.stack(beliefs).numpy()
    expected["glimpse.fan.belief"] = torch.stack(beliefs).mean(0).numpy()
    expected["glimpse.deviation"] = np.array([deviation])
    expected["glimpse.reach"] = np.array([cells * 2.0 ** s for s in range(scales)])
    glimpses, units, sensed, classes = noise.shape[0], design["units"], design["sensed"], 10
    own = glimpses * sum(t.numel() for name, t in w.items() if not name.endswith("bias"))
    sides = np.array([28, 60, 100, 200, 300, 400])
    places = ((sides - 10) // 5 + 1) ** 2
    expected["cost.side"] = sides.astype(np.float64)
    expected["cost"] = np.stack([np.full(len(sides), float(own)), places * 8 * 100.0 + places * 8 * 256 + 256 * classes])
    for given in ("image", "glimpse.picture", "glimpse.noise", "glimpse.fan"):
        expected[given] = recorded[given].astype(np.float64)
    return expected


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade")
    args = parser.parse_args()
    training()
    if not args.saccade:
        return 0
    for case, options in CASES.items():
        path = os.path.join(ASSETS, f"glimpses-{'translated' if 'translated' in options else 'mnist'}.safetensors")
        w, design = read_safetensors(path), read_card(path)["glimpses"]
        _, recorded = record(args.saccade, "glimpses", *options)
        expected = recompute(w, design, recorded)
        worst = compare(case, recorded, expected)
        del expected["image"]  # as it is shown: nothing follows from it here
        write_golden(f"glimpses_{case}", expected)
        print(f"{case}: {len(worst)} tensors, largest error {max(worst.values()):.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
