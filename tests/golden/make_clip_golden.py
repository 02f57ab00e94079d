#!/usr/bin/python3
"""Recomputes every tensor that `saccade run temporal` records, in float64 PyTorch, from the same weights.

    make_clip_golden.py --saccade PATH/TO/saccade      run, check and write tests/golden/clip_*.npz

An independent implementation: convolutions, batch norm and the LSTM cell are torch's, the files are parsed here, and nothing is taken from the trace but
the request, the ids that it says were written, and the values to compare. The clip is made here, of pictures of 48 x 48 pixels, and kept in the golden
file, from which clip_golden_test.cpp takes it; that test needs no PyTorch.
"""
import argparse
import math
import os
import struct
import sys
import tempfile
import zlib

import numpy as np
import torch
import torch.nn.functional as F

from golden_common import ASSETS, compare, read_card, read_safetensors, record, write_golden

CASES = {  # name: model, options
    "time": ("time", ["--language", "en"]),
    "chinese": ("time", ["--language", "zh", "--temperature", "1.3"]),
    "forced": ("time", ["--sentence", "the red circle appears , then the blue square moves left"]),
    "space": ("space", ["--language", "en"]),
}
KEPT = ["decoder.initial", "scores", "weights", "context", "decoder.state", "probabilities", "output.id", "frame_weights"]
SIDE, FRAMES = 48, 12


def make_clip():
    """A red disc fades in, then a blue square goes to the left; 8 bit."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    clip = np.empty((FRAMES, SIDE, SIDE, 3), dtype=np.uint8)
    for t in range(FRAMES):
        frame = np.full((SIDE, SIDE, 3), (232, 229, 224), dtype=np.float64)
        shown = min(max(t - 1, 0) / 3, 1)
        disc = (y - 15) ** 2 + (x - 13) ** 2 < 42
        frame[disc] = (1 - shown) * frame[disc] + shown * np.array((214, 48, 49))
        left = 32 - 4 * min(max(t - 6, 0), 4)
        frame[29:43, left:left + 14] = (50, 105, 205)
        clip[t] = np.round(frame).astype(np.uint8)
    return clip


def png(picture):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width, _ = picture.shape
    rows = b"".join(b"\0" + picture[y].tobytes() for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def waves(i, extent, frequencies):
    u = (2 * i + 1) / extent - 1
    return [f(math.pi * u * k) for k in frequencies for f in (math.sin, math.cos)]


def annotations(w, card, clip, out):
    """[L, D] of a clip in 0 to 1."""
    strides, shifts = card["design"]["strides"], card["design"]["shifts"]
    places = card["design"]["attention"] != "time"
    now = torch.from_numpy(clip.astype(np.float64) / 255).permute(0, 3, 1, 2)
    before = torch.cat([now[:1], now[:-1]])
    x = torch.cat([2 * now - 1, now - before], dim=1)
    for n, (stride, shift) in enumerate(zip(strides, shifts), 1):
        kernel, norm = w[f"encoder.conv{n}.weight"], f"encoder.norm{n}."
        first, last = kernel.shape[2] // 2 - shift, kernel.shape[2] // 2 + shift
        x = F.conv2d(F.pad(x, (first, last, first, last)), kernel, stride=stride)
        x = F.relu(F.batch_norm(x, w[norm + "mean"], w[norm + "variance"], w[norm + "gain"], w[norm + "bias"], eps=1e-5))
    frames, _, height, width = x.shape
    code = torch.tensor([waves(i, height, (0.5, 1)) + waves(j, width, (0.5, 1)) for i in range(height) for j in range(width)], dtype=torch.float64)
    seen = torch.cat([x.permute(0, 2, 3, 1).reshape(frames, height * width, -1), code.expand(frames, -1, -1)], dim=2)
    time = torch.tensor([waves(t, frames, (0.5, 1, 2, 4)) for t in range(frames)], dtype=torch.float64)
    if places:
        time = time.unsqueeze(1).expand(-1, height * width, -1)
        return torch.cat([seen, time], dim=2).reshape(frames * height * width, -1), frames, height, width
    out["features"] = seen.max(1).values
    joined = F.relu(out["features"] @ w["encoder.join.weight"].T + w["encoder.join.bias"])
    return torch.cat([joined, time], dim=1), frames, 1, 1


def decode(w, a, case, ids, out):
    mean = a.mean(0)
    h = out["decoder.initial"] = torch.tanh(w["decoder.initial.weight"] @ mean + w["decoder.initial.bias"])
    c = out["decoder.initial_cell"] = w["decoder.initial_cell.weight"] @ mean + w["decoder.initial_cell.bias"]
    inputs = torch.cat([w["decoder.input_weight"], w["decoder.context_weight"]], dim=1)
    cell = torch.nn.LSTMCell(inputs.shape[1], len(h)).double()
    cell.load_state_dict({"weight_ih": inputs, "weight_hh": w["decoder.hidden_weight"], "bias_ih": w["decoder.input_bias"],
                          "bias_hh": w["decoder.hidden_bias"]})
    keys = out["keys"] = a @ w["attention.key_weight"].T + w["attention.key_bias"]
    rows = {}

    def keep(name, value):
        rows.setdefault(name, []).append(value)
    y = case["start"]
    for t, written in enumerate(ids):
        word = w["decoder.embedding.weight"][y]
        q = w["attention.query_weight"] @ h + w["attention.word_weight"] @ word
        e = torch.tanh(q + keys) @ w["attention.vector"]
        alpha = torch.softmax(e / case["temperature"], 0)
        phi = alpha @ a
        x = torch.cat([word, phi])
        gates = inputs @ x + w["decoder.input_bias"] + w["decoder.hidden_weight"] @ h + w["decoder.hidden_bias"]
        n = len(h)
        for name, value in (("input_gate", torch.sigmoid(gates[:n])), ("forget_gate", torch.sigmoid(gates[n:2 * n])),
                            ("candidate", torch.tanh(gates[2 * n:3 * n])), ("output_gate", torch.sigmoid(gates[3 * n:]))):
            keep("decoder." + name, value)
        h, c = (s.squeeze(0) for s in cell(x.unsqueeze(0), (h.unsqueeze(0), c.unsqueeze(0))))
        deep = torch.tanh(word + w["readout.state_weight"] @ h + w["readout.context_weight"] @ phi + w["readout.hidden_bias"])
        o = w["readout.weight"] @ deep + w["readout.bias"]
        for name, value in (("decoder.input", torch.tensor(float(y), dtype=torch.float64)), ("decoder.embedding", word), ("queries", q),
                            ("scores", e), ("weights", alpha), ("context", phi), ("decoder.cell", c), ("decoder.state", h), ("readout", deep),
                            ("logits", o), ("probabilities", torch.softmax(o, 0)), ("output.id", torch.tensor(float(written), dtype=torch.float64))):
            keep(name, value)
        if case["free"] and int(torch.argmax(o)) != written:
            raise SystemExit(f"word {t}: {written} was written, {int(torch.argmax(o))} is the likeliest")
        y = written
    for name, values in rows.items():
        out[name] = torch.stack(values)


def recompute(model, trace, arrays, clip):
    params = trace["request"]["params"]
    path = os.path.join(ASSETS, "temporal-space.safetensors" if model == "space" else "temporal.safetensors")
    w, card = read_safetensors(path), read_card(path)
    words, forced = card["vocabulary"], params.get("sentence", "")
    case = {"temperature": float(params.get("temperature", 1)), "free": not forced, "start": words.index("<" + params.get("language", "en") + ">")}
    ids = [words.index(word) for word in forced.split()] + [words.index("<end>")] if forced else [int(i) for i in arrays["output.id"]]
    out = {}
    with torch.no_grad():
        a, frames, height, width = annotations(w, card, clip, out)
        out["annotations"] = a
        decode(w, a, case, ids, out)
        if model == "space":
            out["map"] = out["weights"].reshape(-1, frames, height, width)
            out["frame_weights"] = out["map"].sum((2, 3))
    return {name: value.numpy() for name, value in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    args = parser.parse_args()
    clip = make_clip()
    with tempfile.TemporaryDirectory() as folder:
        for t, frame in enumerate(clip):
            with open(os.path.join(folder, f"frame{t}.png"), "wb") as f:
                f.write(png(frame))
        for case, (model, options) in CASES.items():
            if not os.path.exists(os.path.join(ASSETS, "temporal-space.safetensors" if model == "space" else "temporal.safetensors")):
                continue
            trace, arrays = record(args.saccade, "temporal", "--folder", folder, "--model", model, *options)
            arrays.pop("frames")  # as they are shown, not as they are read
            expected = recompute(model, trace, arrays, clip)
            worst = compare(case, arrays, expected)
            write_golden(f"clip_{case}", {name: expected[name] for name in KEPT if name in expected})
            print(f"{case}: {len(worst)} tensors, largest error {max(worst.values()):.2e} ({max(worst, key=worst.get)})")
    write_golden("clip_frames", {"frames": clip.astype(np.float64)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
