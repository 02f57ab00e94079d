"""What the scripts beside this one share: files read without the program's own code, and values compared and written the same way everywhere."""
import json
import os
import struct
import subprocess
import tempfile
import zipfile

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ASSETS = os.path.join(HERE, "..", "..", "assets", "models")
TOLERANCE = 1e-5


def read_safetensors(path):
    """Name to float64 tensor."""
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


def read_card(weights_path):
    """The model card beside the weights."""
    with open(os.path.splitext(weights_path)[0] + ".json", encoding="utf-8") as f:
        return json.load(f)


def read_trace(path):
    """trace.json and the arrays of what `saccade run --save` wrote."""
    arrays = {}
    with zipfile.ZipFile(path) as z:
        trace = json.loads(z.read("trace.json"))
        for name in z.namelist():
            if name.endswith(".npy"):
                with z.open(name) as f:
                    arrays[name[:-4]] = np.lib.format.read_array(f)
    return trace, arrays


def record(saccade, exhibit, *options):
    """Runs an exhibit and reads what it recorded."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "T.npz")
        subprocess.run([saccade, "run", exhibit, *options, "--save", path], check=True, stdout=subprocess.DEVNULL)
        return read_trace(path)


def compare(case, arrays, expected, by_row=lambda name: False):
    """The worst error of each tensor as a share of its largest magnitude, or of each row's where by_row says so. Ends the script if one is above the
    tolerance, or if a tensor is recorded and not recomputed, or the other way round."""
    if set(arrays) != set(expected):
        raise SystemExit(f"{case}: recorded and not recomputed, or the other way round: {sorted(set(arrays) ^ set(expected))}")
    worst = {}
    for name, values in arrays.items():
        want = expected[name]
        if values.shape != want.shape:
            raise SystemExit(f"{case}: tensor '{name}' has shape {values.shape}, expected {want.shape}")
        groups = zip(values, want) if by_row(name) else [(values, want)]
        worst[name] = max(float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-30)) for ours, theirs in groups)
        if not worst[name] <= TOLERANCE:
            raise SystemExit(f"{case}: tensor '{name}' differs by {worst[name]:.2e} of its largest magnitude")
    return worst


def write_golden(name, arrays):
    """tests/golden/NAME.npz in float32. Fixed time stamps: the same values give the same bytes."""
    with zipfile.ZipFile(os.path.join(HERE, name + ".npz"), "w", zipfile.ZIP_DEFLATED) as z:
        for entry, values in arrays.items():
            info = zipfile.ZipInfo(entry + ".npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            with tempfile.TemporaryFile() as f:
                np.lib.format.write_array(f, np.asarray(values).astype(np.float32))
                f.seek(0)
                z.writestr(info, f.read())


def gru_gates(w, prefix, x, h):
    """r, z, n of one step of a GRU from its stacked parameters; x: what the inputs add up to."""
    hidden = h.shape[-1]
    gh = w[prefix + ".hidden_weight"] @ h + w[prefix + ".hidden_bias"]
    r = torch.sigmoid(x[:hidden] + gh[:hidden])
    z = torch.sigmoid(x[hidden:2 * hidden] + gh[hidden:2 * hidden])
    return r, z, torch.tanh(x[2 * hidden:] + r * gh[2 * hidden:])


def encode_both_ways(w, ids, out):
    """Annotations of a bidirectional encoder by torch.nn.GRU, and into `out` everything that the program records of it."""
    hidden = w["encoder.forward.hidden_weight"].shape[1]
    x = w["encoder.embedding.weight"][ids]
    gru = torch.nn.GRU(x.shape[1], hidden, bidirectional=True).double()
    state = {}
    for prefix, suffix in (("encoder.forward", "_l0"), ("encoder.backward", "_l0_reverse")):
        for ours, theirs in (("input_weight", "weight_ih"), ("hidden_weight", "weight_hh"), ("input_bias", "bias_ih"),
                             ("hidden_bias", "bias_hh")):
            state[theirs + suffix] = w[f"{prefix}.{ours}"]
    gru.load_state_dict(state)
    h = gru(x.unsqueeze(1))[0].squeeze(1)
    zero = torch.zeros(1, hidden, dtype=torch.float64)
    out["source.id"] = torch.tensor(ids, dtype=torch.float64)
    out["encoder.embedding"] = x
    for prefix, states, previous in (
            ("encoder.forward", h[:, :hidden], torch.cat([zero, h[:-1, :hidden]])),
            ("encoder.backward", h[:, hidden:], torch.cat([h[1:, hidden:], zero]))):
        steps = [gru_gates(w, prefix, w[prefix + ".input_weight"] @ x[j] + w[prefix + ".input_bias"], previous[j]) for j in range(len(ids))]
        for g, name in enumerate(("reset", "update", "candidate")):
            out[f"{prefix}.{name}"] = torch.stack([s[g] for s in steps])
        out[f"{prefix}.state"] = states
    out["annotations"] = h
    return h
