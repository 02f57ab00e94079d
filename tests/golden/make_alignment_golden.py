#!/usr/bin/python3
"""Recomputes every tensor that `saccade run alignment` records, in float64 PyTorch, from the same weights.

    make_alignment_golden.py --check T.npz [--weights F.safetensors]      compare one trace, print the worst error of each tensor
    make_alignment_golden.py --saccade PATH/TO/saccade                    run, check and write tests/golden/alignment_*.npz

An independent implementation: the encoder is torch.nn.GRU and the decoder torch.nn.GRUCell, the files are parsed here, and nothing is taken from the trace but
the request, the ids that it says were written, and the values to compare. Fails if any tensor differs by more than 1e-5 of its largest magnitude, or
if the trace holds a tensor that is not recomputed here. The golden files are read by alignment_golden_test.cpp, which needs no PyTorch.
"""
import argparse
import os
import sys

import torch

from golden_common import ASSETS, compare, encode_both_ways, gru_gates, read_card, read_safetensors, read_trace, record, write_golden

CASES = {  # name: source, forced target
    "english": ("the 3rd of September 2019", ""),
    "chinese": ("二〇一九年十二月三十一日", ""),
    "forced": ("Mon, 30 Sep '19?", "2020-01"),
}
KEPT = ["annotations", "keys", "decoder.initial", "queries", "scores", "weights", "context", "decoder.state", "logits",
        "probabilities", "output.id"]


def encode(w, ids, out):
    h = encode_both_ways(w, ids, out)
    hidden = w["decoder.initial.weight"].shape[1]
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
        r, z, n = gru_gates(w, "decoder", inputs @ x + w["decoder.input_bias"], s)
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


def check(trace, arrays, weights_path):
    expected = recompute(trace, read_safetensors(weights_path), read_card(weights_path)["vocabulary"])
    return expected, compare("alignment", arrays, expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check")
    parser.add_argument("--weights", default=os.path.join(ASSETS, "dates.safetensors"))
    parser.add_argument("--saccade")
    args = parser.parse_args()
    if args.check:
        for name, error in sorted(check(*read_trace(args.check), args.weights)[1].items(), key=lambda e: -e[1]):
            print(f"{error:9.2e}  {name}")
        return 0
    if not args.saccade:
        parser.error("give --check or --saccade")
    for case, (source, target) in CASES.items():
        recorded = record(args.saccade, "alignment", "--source", source, "--target", target)
        expected, worst = check(*recorded, args.weights)
        write_golden(f"alignment_{case}", {name: expected[name] for name in KEPT})
        print(f"{case}: {len(worst)} tensors, largest error {max(worst.values()):.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
