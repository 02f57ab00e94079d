#!/usr/bin/python3
"""Recomputes every tensor that `saccade run rnn-shapes` records, in float64 PyTorch, from the same weights.

    make_rnn_shapes_golden.py --saccade PATH/TO/saccade      run all bundled networks, check, write tests/golden/rnn_shapes_*.npz

An independent implementation: the layers are torch.nn.RNN, GRU and LSTM (their cells for the decoders), the Jacobians are those of
torch.autograd.functional.jacobian through the whole network, and nothing is taken from the trace but the request and the values to
compare. Fails if any tensor differs by more than 1e-5 of its largest magnitude, or if the trace holds a tensor that is not recomputed
here. The golden files are read by rnn_shapes_golden_test.cpp, which needs no PyTorch.
"""
import argparse
import os
import sys

import torch

from golden_common import ASSETS, compare, read_card, read_safetensors, record, write_golden

LAYERS = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
CELLS = {"elman": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}
TITLES = {"elman": "Elman", "gru": "GRU", "lstm": "LSTM"}
GATES = {"elman": [], "gru": ["reset", "update", "candidate"], "lstm": ["input_gate", "forget_gate", "candidate", "output_gate"]}
PARTS = (("input_weight", "weight_ih"), ("hidden_weight", "weight_hh"), ("input_bias", "bias_ih"), ("hidden_bias", "bias_hh"))
MOST_STEPS = 16
# name: shape, cell, direction, text or month; these are kept for the C++ test
KEPT = {
    "n_to_1": ("n-to-1", "elman", "uni", "September    30, 2019"),
    "n_to_1_bi": ("n-to-1", "lstm", "bi", "二〇一九年九月三十日"),
    "n_to_n": ("n-to-n", "gru", "bi", "30/9/19"),
    "n_to_m": ("n-to-m", "gru", "uni", "Mon, 30 Sep '19?"),
    "1_to_n": ("1-to-n", "lstm", "uni", 9),
}
KEPT_TENSORS = ["states", "last", "logits", "probabilities", "output.id", "memory.norm", "decoder.state", "forward.cell"]
LARGEST_JACOBIAN = 30000  # values; larger ones are checked here alone


def layer(w, prefix, kind):
    """One direction of a layer as torch's own, batch second."""
    inputs, hidden = w[prefix + ".input_weight"].shape[1], w[prefix + ".hidden_weight"].shape[1]
    module = LAYERS[kind](inputs, hidden).double()
    module.load_state_dict({theirs + "_l0": w[f"{prefix}.{ours}"] for ours, theirs in PARTS})
    return module


def run_layer(w, prefix, kind, x, backward):
    """[length, hidden]"""
    x = torch.flip(x, [0]) if backward else x
    h = layer(w, prefix, kind)(x.unsqueeze(1))[0].squeeze(1)
    return torch.flip(h, [0]) if backward else h


def gates(w, prefix, kind, x, h, c):
    """Gates of one step by hand; h and c are those before it."""
    size = len(h)
    gi = w[prefix + ".input_weight"] @ x + w[prefix + ".input_bias"]
    gh = w[prefix + ".hidden_weight"] @ h + w[prefix + ".hidden_bias"]
    block = lambda v, k: v[k * size:(k + 1) * size]  # noqa: E731
    if kind == "gru":
        r, z = torch.sigmoid(block(gi, 0) + block(gh, 0)), torch.sigmoid(block(gi, 1) + block(gh, 1))
        return {"reset": r, "update": z, "candidate": torch.tanh(block(gi, 2) + r * block(gh, 2))}
    if kind == "lstm":
        a = gi + gh
        i, f, g, o = torch.sigmoid(block(a, 0)), torch.sigmoid(block(a, 1)), torch.tanh(block(a, 2)), torch.sigmoid(block(a, 3))
        return {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o, "cell": f * c + i * g}
    return {}


def show_steps(w, prefix, kind, x, states, out, order, first):
    """Gates and cells of a whole sequence of which the states are known; `first`: the state before it."""
    rows = {}
    h, c = first, torch.zeros_like(first)
    for t in order:
        g = gates(w, prefix, kind, x[t], h, c)
        for name, value in g.items():
            rows.setdefault(name, {})[t] = value
        c = g.get("cell", c)
        h = states[t]
    for name, values in rows.items():
        out[f"{prefix}.{name}"] = torch.stack([values[t] for t in range(len(x))])
    out[f"{prefix}.state"] = states


def encode(w, kind, both, x, out=None):
    states = run_layer(w, "forward", kind, x, False)
    zero = torch.zeros(states.shape[1], dtype=torch.float64)
    if out is not None:
        show_steps(w, "forward", kind, x, states, out, range(len(x)), zero)
    if both:
        back = run_layer(w, "backward", kind, x, True)
        if out is not None:
            show_steps(w, "backward", kind, x, back, out, range(len(x) - 1, -1, -1), zero)
        return torch.cat([states, back], 1)
    return states


def last_of(states, both):
    if not both:
        return states[-1]
    half = states.shape[1] // 2
    return torch.cat([states[-1, :half], states[0, half:]])


def read_out(w, h, out):
    out["logits"] = h @ w["readout.weight"].T + w["readout.bias"]
    out["probabilities"] = torch.softmax(out["logits"], -1)
    return torch.argmax(out["logits"], -1)


def generate(w, prefix, kind, table, state, given, next_given, end):
    """Greedy: ids read, ids written, and states, by torch's cells."""
    cell = CELLS[kind](w[prefix + ".input_weight"].shape[1], len(state)).double()
    cell.load_state_dict({theirs: w[f"{prefix}.{ours}"] for ours, theirs in PARTS})
    carried = (state.unsqueeze(0), torch.zeros_like(state).unsqueeze(0)) if kind == "lstm" else state.unsqueeze(0)
    read, written, states = [], [], []
    for _ in range(MOST_STEPS):
        read.append(given)
        carried = cell(table[given].unsqueeze(0), carried)
        states.append((carried[0] if kind == "lstm" else carried).squeeze(0))
        written.append(int(torch.argmax(w["readout.weight"] @ states[-1] + w["readout.bias"])))
        if written[-1] == end:
            break
        given = next_given(written[-1])
    return read, written, torch.stack(states)


def memories(shape, cell, both):
    """What is compared: label, cell, both directions."""
    own = TITLES[cell] + (" in both directions" if both else "")
    if shape == "n-to-n":
        return [(own, cell, both)]
    rows = [(TITLES[k], k, False) for k in TITLES]
    return rows + ([(own, cell, True)] if both else [])


def weights_of(shape, cell, both):
    return read_safetensors(os.path.join(ASSETS, f"rnn-{shape}-{cell}{'-bi' if both else ''}.safetensors"))


def memory(shape, cell, both, read):
    jacobians = []
    for _, kind, two in memories(shape, cell, both):
        w = weights_of(shape, kind, two)
        x = w["embedding.weight"][read]
        if shape == "1-to-n":
            # d h_t / d x_1, all t at once.
            f = lambda v: run_layer(w, "forward", kind, torch.cat([v.unsqueeze(0), x[1:]]), False)  # noqa: E731
            jacobians.append(torch.autograd.functional.jacobian(f, x[0]))
            continue
        wanted = [lambda v: last_of(encode(w, kind, two, v), two)]
        if shape == "n-to-n":
            wanted = [lambda v: encode(w, kind, two, v)[-1], lambda v: encode(w, kind, two, v)[0]]
        for f in wanted:
            jacobians.append(torch.autograd.functional.jacobian(f, x).transpose(0, 1))  # [position, unit, feature]
    units = max(j.shape[1] for j in jacobians)
    padded = torch.zeros(len(jacobians), len(read), units, jacobians[0].shape[2], dtype=torch.float64)
    for row, j in zip(padded, jacobians):
        row[:, :j.shape[1]] = j
    return padded


def recompute(shape, cell, direction, given):
    both = direction == "bi" and shape != "1-to-n"
    w = weights_of(shape, cell, both)
    vocabulary = read_card(os.path.join(ASSETS, f"rnn-{shape}-{cell}{'-bi' if both else ''}.safetensors"))["vocabulary"]
    end = vocabulary["target"].index("<end>") if "<end>" in vocabulary["target"] else -1
    out = {}
    if shape == "1-to-n":
        zero = torch.zeros(w["forward.hidden_weight"].shape[1], dtype=torch.float64)
        read, written, states = generate(w, "forward", cell, w["embedding.weight"], zero, given - 1, lambda y: 12 + y, end)
        x = w["embedding.weight"][read]
        show_steps(w, "forward", cell, x, states, out, range(len(read)), zero)
        read_out(w, states, out)
    else:
        ids = {token: i for i, token in enumerate(vocabulary["source"])}
        read = [ids.get(c, ids["<unk>"]) for c in given]
        x = w["embedding.weight"][read]
        states = encode(w, cell, both, x, out)
        if shape == "n-to-n":
            written = read_out(w, states, out).tolist()
        else:
            last = out["last"] = last_of(states, both)
            if shape == "n-to-1":
                written = [int(read_out(w, last, out))]
            else:
                s = out["decoder.initial"] = torch.tanh(w["initial.weight"] @ last + w["initial.bias"])
                table = w["decoder.embedding.weight"]
                inputs, written, decoded = generate(w, "decoder", cell, table, s, len(vocabulary["target"]), lambda y: y, end)
                out["decoder.input"] = torch.tensor(inputs, dtype=torch.float64)
                out["decoder.embedding"] = table[inputs]
                show_steps(w, "decoder", cell, table[inputs], decoded, out, range(len(inputs)), s)
                read_out(w, decoded, out)
    out["source.id"] = torch.tensor(read, dtype=torch.float64)
    out["embedding"] = x
    out["states"] = states
    out["output.id"] = torch.tensor(written, dtype=torch.float64)
    out["memory.jacobian"] = memory(shape, cell, both, read)
    out["memory.norm"] = torch.linalg.norm(out["memory.jacobian"].flatten(2), dim=2)
    return {name: value.detach().numpy() for name, value in out.items()}


def check(saccade, case):
    shape, cell, direction, given = case
    _, arrays = record(saccade, "rnn-shapes", "--shape", shape, "--cell", cell, "--direction", direction,
                       "--month" if shape == "1-to-n" else "--text", str(given))
    expected = recompute(shape, cell, direction, given)
    # Memories of each network by themselves: a strong one must not hide a weak one.
    worst = compare(case, arrays, expected, by_row=lambda name: name.startswith("memory."))
    return expected, len(arrays), max(worst.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    args = parser.parse_args()
    torch.manual_seed(1)
    for shape in ("1-to-n", "n-to-1", "n-to-n", "n-to-m"):
        for cell in LAYERS:
            for direction in ("uni",) if shape == "1-to-n" else ("uni", "bi"):
                for given in (2, 12) if shape == "1-to-n" else ("the 3rd of May 2021", "2019年9月30日", "😀9"):
                    _, n, worst = check(args.saccade, (shape, cell, direction, given))
                    print(f"{shape} {cell} {direction} {given}: {n} tensors, largest error {worst:.2e}")
    for name, case in KEPT.items():
        expected, n, worst = check(args.saccade, case)
        kept = [tensor for tensor in KEPT_TENSORS if tensor in expected]
        if expected["memory.jacobian"].size <= LARGEST_JACOBIAN:
            kept.append("memory.jacobian")
        write_golden(f"rnn_shapes_{name}", {tensor: expected[tensor] for tensor in kept})
        print(f"{name}: {n} tensors, largest error {worst:.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
