#!/usr/bin/python3
"""The reader of words in pictures in float64 PyTorch (Shi 2018): writes tests/golden/reading.npz.

    make_reading_golden.py

An independent implementation: convolutions, norms and pools are torch.nn.functional's, the sampler is grid_sample, the spline is solved from its definition for
the points at hand, the encoder is torch.nn.LSTM, the decoder's cell torch.lstm_cell. The weights follow from a formula that the test fills them with, too, so
that none are kept here. Read by reading_golden_test.cpp.
"""
import numpy as np
import torch
import torch.nn.functional as F

from golden_common import write_golden
from make_rectifier_golden import spline

POINTS, STEPS, HEIGHT, WIDTH, END, START = 20, 26, 32, 100, 94, 95
LOCALISATION, ENCODER = [(16, True, 0), (32, True, 0), (48, True, 0), (64, True, 0), (96, True, 0)], [(24, True, 0), (48, True, 1), (80, False, 0), *[(80, False, 0)] * 3]
FEATURES, EMBEDDING, HIDDEN, STATE, ATTENTION, READOUT, LOCATED = 160, 48, 128, 192, 96, 128, 1 * 3 * 96
FORCED = [40, 3, 77, 12]


def shapes():
    found = {"attention.key_weight": (ATTENTION, 2 * HIDDEN), "attention.query_weight": (ATTENTION, STATE), "attention.vector": (ATTENTION,),
             "attentional.context_weight": (READOUT, 2 * HIDDEN), "attentional.state_weight": (READOUT, STATE),
             "decoder.context_weight": (4 * STATE, 2 * HIDDEN), "decoder.embedding.weight": (96, EMBEDDING),
             "decoder.initial.weight": (STATE, HIDDEN), "decoder.initial.bias": (STATE,),
             "decoder.initial_cell.weight": (STATE, HIDDEN), "decoder.initial_cell.bias": (STATE,),
             "encoder.features.weight": (FEATURES, 9 * 80), "encoder.features.bias": (FEATURES,),
             "readout.weight": (95, READOUT), "readout.bias": (95,),
             "rectifier.points.weight": (2 * POINTS, LOCATED), "rectifier.points.bias": (2 * POINTS,)}
    for name, inputs, hidden in (("encoder.forward", FEATURES, HIDDEN), ("encoder.backward", FEATURES, HIDDEN), ("decoder", EMBEDDING, STATE)):
        found |= {f"{name}.input_weight": (4 * hidden, inputs), f"{name}.hidden_weight": (4 * hidden, hidden),
                  f"{name}.input_bias": (4 * hidden,), f"{name}.hidden_bias": (4 * hidden,)}
    for prefix, layers in (("rectifier", LOCALISATION), ("encoder", ENCODER)):
        before = 1
        for i, (channels, *_) in enumerate(layers, 1):
            found[f"{prefix}.conv{i}.weight"] = (channels, before, 3, 3)
            for part in ("gain", "bias", "mean", "variance"):
                found[f"{prefix}.norm{i}.{part}"] = (channels,)
            before = channels
    return found


def still_points():
    return np.array([(x, y) for y in (0.05, 0.95) for x in np.linspace(0.05, 0.95, POINTS // 2)])


def weights():
    """Element i of the n-th by name: spread sin(i^2 / 7 + i + n), as float; see reading_golden_test.cpp."""
    made = {}
    for n, (name, shape) in enumerate(sorted(shapes().items())):
        i = np.arange(int(np.prod(shape)), dtype=np.float64) % 4099
        wave = np.sin(i * i / 7 + i + n)
        if name.endswith((".gain", ".variance")):
            values = 1 + 0.3 * wave
        elif name == "rectifier.points.bias":
            values = still_points().flatten() + 0.02 * wave
        elif name == "rectifier.points.weight":
            values = 0.004 * wave
        else:
            fan_in = np.prod(shape[1:]) if len(shape) > 1 else 16
            values = wave * 1.6 / np.sqrt(fan_in)
        made[name] = torch.from_numpy(values.astype(np.float32).astype(np.float64).reshape(shape))
    return made


def picture():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    return (0.5 + 0.25 * np.sin(0.31 * x + 0.2 * np.sin(0.1 * y)) + 0.2 * np.cos(0.43 * y + 0.05 * x)).astype(np.float32).astype(np.float64)


def convolved(w, prefix, x, layers):
    for i, (_, pool, padding) in enumerate(layers, 1):
        x = F.conv2d(x, w[f"{prefix}.conv{i}.weight"], padding=1)
        norm = f"{prefix}.norm{i}."
        x = torch.relu(F.batch_norm(x, w[norm + "mean"], w[norm + "variance"], w[norm + "gain"], w[norm + "bias"], eps=1e-5))
        if pool:
            x = F.max_pool2d(x, 2, 2, padding=padding)
    return x.permute(0, 2, 3, 1)  # rows, columns, channels


def read(w):
    seen = torch.from_numpy(picture())
    found = convolved(w, "rectifier", (2 * seen - 1)[None, None], LOCALISATION).flatten()
    points = (w["rectifier.points.weight"] @ found + w["rectifier.points.bias"]).reshape(POINTS, 2)
    centres = np.array([((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT) for y in range(HEIGHT) for x in range(WIDTH)])
    grid = torch.from_numpy(spline(still_points(), points.numpy(), centres)).reshape(1, HEIGHT, WIDTH, 2)
    rectified = F.grid_sample(seen[None, None], 2 * grid - 1, mode="bilinear", padding_mode="border", align_corners=False)
    maps = convolved(w, "encoder", 2 * rectified - 1, ENCODER)[0]  # 9, 26, 80
    x = torch.relu(maps.permute(1, 0, 2).reshape(STEPS, -1) @ w["encoder.features.weight"].T + w["encoder.features.bias"])
    net = torch.nn.LSTM(FEATURES, HIDDEN, bidirectional=True).double()
    parts = (("input_weight", "weight_ih"), ("hidden_weight", "weight_hh"), ("input_bias", "bias_ih"), ("hidden_bias", "bias_hh"))
    net.load_state_dict({f"{theirs}_l0{suffix}": w[f"encoder.{direction}.{ours}"] for direction, suffix in (("forward", ""), ("backward", "_reverse"))
                         for ours, theirs in parts})
    h, (last, cell) = net(x[:, None])
    h = h[:, 0]
    state = torch.tanh(w["decoder.initial.weight"] @ last[1, 0] + w["decoder.initial.bias"])
    memory = w["decoder.initial_cell.weight"] @ cell[1, 0] + w["decoder.initial_cell.bias"]
    keys, all_weights, all_logits = h @ w["attention.key_weight"].T, [], []
    for previous in [START, *FORCED]:
        scores = torch.tanh(w["attention.query_weight"] @ state + keys) @ w["attention.vector"]
        weight = torch.softmax(scores, 0)
        context = weight @ h
        given = torch.cat([w["decoder.embedding.weight"][previous], context])[None]
        matrix = torch.cat([w["decoder.input_weight"], w["decoder.context_weight"]], 1)
        state, memory = (v[0] for v in torch.lstm_cell(given, (state[None], memory[None]), matrix, w["decoder.hidden_weight"], w["decoder.input_bias"],
                                                       w["decoder.hidden_bias"]))
        read_out = torch.tanh(w["attentional.state_weight"] @ state + w["attentional.context_weight"] @ context)
        all_weights.append(weight)
        all_logits.append(w["readout.weight"] @ read_out + w["readout.bias"])
    return {"control_points": points, "grid": grid[0], "rectified": rectified[0, 0], "annotations": h,
            "weights": torch.stack(all_weights), "logits": torch.stack(all_logits)}


def main():
    with torch.no_grad():
        found = read(weights())
    write_golden("reading", {name: t.numpy() for name, t in found.items()})
    print(", ".join(f"{name} {tuple(t.shape)} up to {t.abs().max():.3f}" for name, t in found.items()))


if __name__ == "__main__":
    main()
