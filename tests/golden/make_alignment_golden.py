#!/usr/bin/python3
"""Recomputes every tensor that `saccade run alignment` records, in float64 PyTorch, from the same weights.

    make_alignment_golden.py --check T.npz [--weights F.safetensors]      compare one trace, print the worst error of each tensor
    make_alignment_golden.py --saccade PATH/TO/saccade                    run, check and write tests/golden/alignment_*.npz

An independent implementation: the encoder is torch.nn.GRU and the decoder torch.nn.GRUCell, the files are parsed here, and nothing is taken from the trace but
the request, the ids that it says were written, and the values to compare. Fails if any tensor differs by more than 1e-5 of its largest magnitude, or
if the trace holds a tensor that is not recomputed here. The golden files are read by alignment_golden_test.cpp, which needs no PyTorch.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ASSETS = os.path.join(HERE, "..", "..", "assets", "models")
TOLERANCE = 1e-5
CASES = {  # name: source, forced target
    "english": ("the 3rd of September 2019", ""),
    "chinese": ("二〇一九年十二月三十一日", ""),
    "forced": ("Mon, 30 Sep '19?", "2020-01"),
}
KEPT = ["annotations", "keys", "decoder.initial", "queries", "scores", "weights", "context", "decoder.state", "logits",
        "probabilities", "output.id"]


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


def read_trace(path):
    arrays = {}
    with zipfile.ZipFile(path) as z:
        trace = json.loads(z.read("trace.json"))
        for name in z.namelist():
            if name.endswith(".npy"):
                with z.open(name) as f:
                    arrays[name[:-4]] = np.lib.format.read_array(f)
    return trace, arrays


def gates(w, prefix, x, h):
    """r, z, n of one step, from the stacked parameters."""
    hidden = h.shape[-1]
    gi = x
    gh = w[prefix + ".hidden_weight"] @ h + w[prefix + ".hidden_bias"]
    r = torch.sigmoid(gi[:hidden] + gh[:hidden])
    z = torch.sigmoid(gi[hidden:2 * hidden] + gh[hidden:2 * hidden])
    return r, z, torch.tanh(gi[2 * hidden:] + r * gh[2 * hidden:])


def encode(w, ids, out):
    hidden = w["decoder.initial.weight"].shape[1]
    x = w["encoder.embedding.weight"][ids]
    gru = torch.nn.GRU(x.shape[1], hidden, bidirectional=True).double()
    state = {}
    for prefix, suffix in (("encoder.forward", "_l0"), ("encoder.backward", "_l0_reverse")):
        for ours, theirs in (("input_weight", "weight_ih"), ("hidden_weight", "weight_hh"), ("input_bias", "bias_ih"),
                             ("hidden_bias", "bias_hh")):
            state[theirs + suffix] = w[f"{prefix}.{ours}"]
    gru.load_state_dict(state)
    h = gru(x.unsqueeze(1))[0].squeeze(1)
    out["source.id"] = torch.tensor(ids, dtype=torch.float64)
    out["encoder.embedding"] = x
    zero = torch.zeros(1, hidden, dtype=torch.float64)
    for prefix, states, previous in (
            ("encoder.forward", h[:, :hidden], torch.cat([zero, h[:-1, :hidden]])),
            ("encoder.backward", h[:, hidden:], torch.cat([h[1:, hidden:], zero]))):
        steps = [gates(w, prefix, w[prefix + ".input_weight"] @ x[j] + w[prefix + ".input_bias"], previous[j]) for j in range(len(ids))]
        for g, name in enumerate(("reset", "update", "candidate")):
            out[f"{prefix}.{name}"] = torch.stack([s[g] for s in steps])
        out[f"{prefix}.state"] = states
    out["annotations"] = h
    out["keys"] = h @ w["attention.key_weight"].T
    out["decoder.initial"] = torch.tanh(w["decoder.initial.weight"] @ h[0, hidden:] + w["decoder.initial.bias"])


def decode(w, forced, out, end, start, most):
    """Greedy, or as forced says; both end with <end>."""
    h, keys, s = out["annotations"], out["keys"], out["decoder.initial"]
    inputs = torch.cat([w["decoder.input_weight"], w["decoder.context_weight"]], dim=1)
    cell = torch.nn.GRUCell(inputs.shape[1], len(s)).double()
    cell.load_state_dict({"weight_ih": inputs, "weight_hh": w["decoder.hidden_weight"], "bias_ih": w["decoder.input_bias"],
                          "bias_hh": w["decoder.hidden_bias"]})
    rows = {}

    def keep(name, value):
        rows.setdefault(name, []).append(value)

    y = start
    for i in range(most if forced is None else len(forced)):
        keep("decoder.input", torch.tensor(float(y), dtype=torch.float64))
        keep("decoder.embedding", w["decoder.embedding.weight"][y])
        q = w["attention.query_weight"] @ s
        e = torch.tanh(q + keys) @ w["attention.vector"]
        a = torch.softmax(e, 0)
        c = a @ h
        x = torch.cat([w["decoder.embedding.weight"][y], c])
        r, z, n = gates(w, "decoder", inputs @ x + w["decoder.input_bias"], s)
        s = cell(x.unsqueeze(0), s.unsqueeze(0)).squeeze(0)
        o = w["readout.state_weight"] @ s + w["readout.context_weight"] @ c + w["readout.bias"]
        for name, value in (("queries", q), ("scores", e), ("weights", a), ("context", c), ("decoder.reset", r),
                            ("decoder.update", z), ("decoder.candidate", n), ("decoder.state", s), ("logits", o),
                            ("probabilities", torch.softmax(o, 0))):
            keep(name, value)
        y = int(torch.argmax(o)) if forced is None else forced[i]
        keep("output.id", torch.tensor(float(y), dtype=torch.float64))
        if y == end:
            break
    for name, values in rows.items():
        out[name] = torch.stack(values)


def recompute(trace, weights, vocabulary):
    source = {token: i for i, token in enumerate(vocabulary["source"])}
    target = {token: i for i, token in enumerate(vocabulary["target"])}
    params = trace["request"]["params"]
    out = {}
    with torch.no_grad():
        encode(weights, [source.get(c, source["<unk>"]) for c in params["source"]], out)
        forced = [target[c] for c in params["target"]] + [target["<end>"]] if params.get("target") else None
        decode(weights, forced, out, target["<end>"], target["<start>"], 24)
    return {name: value.numpy() for name, value in out.items()}


def check(path, weights_path):
    trace, arrays = read_trace(path)
    with open(os.path.splitext(weights_path)[0] + ".json", encoding="utf-8") as f:
        card = json.load(f)
    expected = recompute(trace, read_safetensors(weights_path), card["vocabulary"])
    worst = {}
    for name, values in arrays.items():
        if name not in expected:
            raise SystemExit(f"{path}: tensor '{name}' is recorded but not recomputed here")
        want = expected[name]
        if values.shape != want.shape:
            raise SystemExit(f"{path}: tensor '{name}' has shape {values.shape}, expected {want.shape}")
        worst[name] = float(np.abs(values - want).max() / max(np.abs(want).max(), 1e-30))
        if not worst[name] <= TOLERANCE:
            raise SystemExit(f"{path}: tensor '{name}' differs by {worst[name]:.2e} of its largest magnitude")
    missing = set(expected) - set(arrays)
    if missing:
        raise SystemExit(f"{path}: not recorded: {', '.join(sorted(missing))}")
    return expected, worst


def write_golden(path, expected):
    # Fixed time stamps: the same values give the same bytes.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name in KEPT:
            info = zipfile.ZipInfo(name + ".npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            with tempfile.TemporaryFile() as f:
                np.lib.format.write_array(f, expected[name].astype(np.float32))
                f.seek(0)
                z.writestr(info, f.read())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check")
    parser.add_argument("--weights", default=os.path.join(ASSETS, "dates.safetensors"))
    parser.add_argument("--saccade")
    args = parser.parse_args()
    if args.check:
        for name, error in sorted(check(args.check, args.weights)[1].items(), key=lambda e: -e[1]):
            print(f"{error:9.2e}  {name}")
        return 0
    if not args.saccade:
        parser.error("give --check or --saccade")
    for case, (source, target) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "T.npz")
            subprocess.run([args.saccade, "run", "alignment", "--source", source, "--target", target, "--save", path], check=True)
            expected, worst = check(path, args.weights)
        write_golden(os.path.join(HERE, f"alignment_{case}.npz"), expected)
        print(f"{case}: {len(worst)} tensors, largest error {max(worst.values()):.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
