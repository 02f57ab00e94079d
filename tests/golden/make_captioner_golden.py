#!/usr/bin/python3
"""Recomputes every tensor that `saccade run captioning` records, in float64 PyTorch, from the same weights.

    make_captioner_golden.py --saccade PATH/TO/saccade      run, check and write tests/golden/captioner_*.npz

An independent implementation: convolutions, batch norm and the LSTM cell are torch's, the files are parsed here, and nothing is taken from the trace but
the request, the ids that it says were written, the locations that hard attention drew, and the values to compare. The picture is made here and kept in the
golden file, from which captioner_golden_test.cpp takes it; that test needs no PyTorch.
"""
import argparse
import base64
import math
import os
import struct
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F

from golden_common import ASSETS, compare, read_card, read_safetensors, record, write_golden

CASES = {  # name: model, options
    "soft": ("soft", ["--language", "en"]),
    "chinese": ("soft", ["--language", "zh", "--temperature", "0.7"]),
    "forced": ("soft", ["--caption", "a small red circle is above a large blue square"]),
    "hard": ("hard", ["--language", "en"]),
    "channel_spatial": ("sca", ["--order", "channel-spatial", "--language", "en"]),
    "spatial_channel": ("sca", ["--order", "spatial-channel", "--language", "zh"]),
}
KEPT = ["decoder.initial", "scores", "weights", "channel_scores", "channel_gate", "context", "beta", "decoder.state", "probabilities", "output.id"]
STRIDES, SHIFTS = [2, 2, 1, 2, 1, 1], [0, 0, 0, 1, 0, 0]  # windows of layer 4 begin a place later


def make_picture():
    """A large blue square, a small red circle and some grain; 8 bit, 72 x 96."""
    height, width = 72, 96
    y, x = np.mgrid[0:height, 0:width]
    picture = np.full((height, width, 3), (225, 222, 214), dtype=np.uint8)
    picture[(x + 3 * y) % 17 == 0] = (204, 201, 190)
    picture[30:62, 50:82] = (50, 105, 205)
    picture[(y - 20) ** 2 + (x - 24) ** 2 < 81] = (214, 48, 49)
    return picture


def png(picture):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width, _ = picture.shape
    rows = b"".join(b"\0" + picture[y].tobytes() for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def annotations(w, picture):
    x = torch.from_numpy(picture.astype(np.float64) / 255).permute(2, 0, 1).unsqueeze(0) * 2 - 1
    for n, (stride, shift) in enumerate(zip(STRIDES, SHIFTS), 1):
        kernel, norm = w[f"encoder.conv{n}.weight"], f"encoder.norm{n}."
        before, after = kernel.shape[2] // 2 - shift, kernel.shape[2] // 2 + shift
        x = F.conv2d(F.pad(x, (before, after, before, after)), kernel, stride=stride)
        x = F.relu(F.batch_norm(x, w[norm + "mean"], w[norm + "variance"], w[norm + "gain"], w[norm + "bias"], eps=1e-5))
    height, width = x.shape[2:]

    def code(i, extent):
        u = (2 * i + 1) / extent - 1
        return [math.sin(math.pi * u / 2), math.cos(math.pi * u / 2), math.sin(math.pi * u), math.cos(math.pi * u)]
    places = torch.tensor([code(i, height) + code(j, width) for i in range(height) for j in range(width)], dtype=torch.float64)
    return torch.cat([x[0].permute(1, 2, 0).reshape(height * width, -1), places], dim=1), height, width


def channel_gate(w, h, word, means, keep):
    p = "attention.channel."
    q = w[p + "state_weight"] @ h + w[p + "channel_bias"] + w[p + "word_weight"] @ word
    scores = torch.tanh(torch.outer(means, w[p + "channel_weight"]) + q) @ w[p + "vector"] + w[p + "bias"]
    gate = torch.softmax(scores, 0) * len(scores)
    for name, value in (("channel_queries", q), ("channel_means", means), ("channel_scores", scores), ("channel_gate", gate)):
        keep(name, value)
    return gate


def look(w, a, h, word, case, drawn, keep):
    """The context, from the state and word before."""
    sca = case["attention"] == "sca"
    p = "attention.spatial." if sca else "attention."
    if sca:
        q = w[p + "state_weight"] @ h + w[p + "feature_bias"] + w[p + "word_weight"] @ word
    else:
        q = w[p + "query_weight"] @ h + w[p + "word_weight"] @ word
    keep("queries", q)
    v = a
    if sca and case["order"] == "channel-spatial":
        v = a * channel_gate(w, h, word, a.mean(0), keep)
    keys = v @ (w[p + "feature_weight"] if sca else w[p + "key_weight"]).T
    e = torch.tanh(q + keys) @ w[p + "vector"] + (w[p + "bias"] if sca else 0)
    keep("scores", e)
    alpha = torch.softmax(e / case["temperature"], 0)
    if drawn is not None:
        keep("policy", alpha)
        alpha = drawn
    keep("weights", alpha)
    z = alpha @ v
    if sca and case["order"] == "spatial-channel":
        z = z * channel_gate(w, h, word, z, keep)
    keep("context", z)
    return z


def decode(w, a, case, ids, locations, out):
    mean = a.mean(0)
    h = out["decoder.initial"] = torch.tanh(w["decoder.initial.weight"] @ mean + w["decoder.initial.bias"])
    c = out["decoder.initial_cell"] = w["decoder.initial_cell.weight"] @ mean + w["decoder.initial_cell.bias"]
    inputs = torch.cat([w["decoder.input_weight"], w["decoder.context_weight"]], dim=1)
    cell = torch.nn.LSTMCell(inputs.shape[1], len(h)).double()
    cell.load_state_dict({"weight_ih": inputs, "weight_hh": w["decoder.hidden_weight"], "bias_ih": w["decoder.input_bias"],
                          "bias_hh": w["decoder.hidden_bias"]})
    rows = {}

    def keep(name, value):
        rows.setdefault(name, []).append(value)
    y = case["start"]
    for t, written in enumerate(ids):
        word = w["decoder.embedding.weight"][y]
        keep("decoder.input", torch.tensor(float(y), dtype=torch.float64))
        keep("decoder.embedding", word)
        z = look(w, a, h, word, case, None if locations is None else locations[t], keep)
        beta = torch.sigmoid(w["beta.weight"][0] @ h + w["beta.bias"][0])
        keep("beta", beta)
        keep("gated_context", beta * z)
        x = torch.cat([word, beta * z])
        gates = inputs @ x + w["decoder.input_bias"] + w["decoder.hidden_weight"] @ h + w["decoder.hidden_bias"]
        n = len(h)
        for name, value in (("input_gate", torch.sigmoid(gates[:n])), ("forget_gate", torch.sigmoid(gates[n:2 * n])),
                            ("candidate", torch.tanh(gates[2 * n:3 * n])), ("output_gate", torch.sigmoid(gates[3 * n:]))):
            keep("decoder." + name, value)
        h, c = (s.squeeze(0) for s in cell(x.unsqueeze(0), (h.unsqueeze(0), c.unsqueeze(0))))
        deep = torch.tanh(word + w["readout.state_weight"] @ h + w["readout.context_weight"] @ (beta * z))
        o = w["readout.weight"] @ deep + w["readout.bias"]
        for name, value in (("decoder.cell", c), ("decoder.state", h), ("readout", deep), ("logits", o), ("probabilities", torch.softmax(o, 0))):
            keep(name, value)
        if case["free"] and int(torch.argmax(o)) != written:
            raise SystemExit(f"word {t}: {written} was written, {int(torch.argmax(o))} is the likeliest")
        keep("output.id", torch.tensor(float(written), dtype=torch.float64))
        y = written
    for name, values in rows.items():
        out[name] = torch.stack(values)


def recompute(model, trace, arrays, picture):
    params = trace["request"]["params"]
    order = params.get("order", "trained")
    other_order = model == "sca" and order == "spatial-channel"
    path = os.path.join(ASSETS, f"captions-{model}{'-spatial-channel' if other_order else ''}.safetensors")
    w, card = read_safetensors(path), read_card(path)
    words = card["vocabulary"]
    forced = params.get("caption", "")
    case = {"attention": model, "order": card["design"]["order"] if order == "trained" else order,
            "temperature": float(params.get("temperature", 1)), "free": not forced,
            "start": words.index("<" + params.get("language", "en") + ">")}
    ids = [words.index(word) for word in forced.split()] + [words.index("<end>")] if forced else [int(i) for i in arrays["output.id"]]
    locations = torch.from_numpy(arrays["weights"].astype(np.float64)) if model == "hard" else None
    out = {"image": torch.from_numpy(picture.astype(np.float64) / 255)}
    with torch.no_grad():
        a, height, width = annotations(w, picture)
        out["annotations"] = a
        if model != "sca":
            out["keys"] = a @ w["attention.key_weight"].T
        elif case["order"] == "spatial-channel":
            out["keys"] = a @ w["attention.spatial.feature_weight"].T
        decode(w, a, case, ids, locations, out)
        out["map"] = out["weights"].reshape(-1, height, width)
        out["coverage"] = out["map"].sum(0)
    return {name: value.numpy() for name, value in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    args = parser.parse_args()
    picture = make_picture()
    value = "data:image/png;base64," + base64.b64encode(png(picture)).decode()
    for case, (model, options) in CASES.items():
        trace, arrays = record(args.saccade, "captioning", "--image", value, "--model", model, *options)
        arrays.pop("draws", None)  # chance; what follows from them, the locations, is taken as drawn
        expected = recompute(model, trace, arrays, picture)
        worst = compare(case, arrays, expected)
        write_golden(f"captioner_{case}", {name: expected[name] for name in KEPT if name in expected})
        print(f"{case}: {len(worst)} tensors, largest error {max(worst.values()):.2e} ({max(worst, key=worst.get)})")
    write_golden("captioner_picture", {"picture": picture.astype(np.float64)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
