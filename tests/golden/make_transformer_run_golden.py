#!/usr/bin/env python3
"""Golden values of the whole encoder-decoder transformer: the bundled models, read without the program's code and run by torch.nn's own
MultiheadAttention, LayerNorm, Linear and Embedding in float64, decoding greedily.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 make_transformer_run_golden.py [--check path/to/saccade]

Writes transformer_zh_en.npz and transformer_dates.npz; with --check also runs the program and compares every tensor below, logits included.
"""
import argparse
import math
import os
import unicodedata

import torch
from torch import nn

from golden_common import ASSETS, TOLERANCE, read_card, read_safetensors, record, write_golden

CASES = {
    "transformer_zh_en": ("zh-en-transformer", "火车几点到北京？", ["--model", "zh-en"]),
    "transformer_dates": ("date-lists-sinusoidal", "30 Sep 2019; 2001年1月1日", ["--model", "dates"]),
}
KEPT = ("encoder.weights", "encoder.norm", "decoder.weights", "cross.weights", "decoder.norm", "output.id")


def linear(w, name):
    layer = nn.Linear(*reversed(w[name + ".weight"].shape)).double()
    layer.load_state_dict({"weight": w[name + ".weight"], "bias": w[name + ".bias"]})
    return layer


def norm(w, name):
    layer = nn.LayerNorm(len(w[name + ".gain"])).double()
    layer.load_state_dict({"weight": w[name + ".gain"], "bias": w[name + ".bias"]})
    return layer


def attention(w, name, heads):
    d = w[name + ".query.weight"].shape[0]
    layer = nn.MultiheadAttention(d, heads, batch_first=True).double()
    parts = ("query", "key", "value")
    layer.load_state_dict({"in_proj_weight": torch.cat([w[f"{name}.{p}.weight"] for p in parts]),
                           "in_proj_bias": torch.cat([w[f"{name}.{p}.bias"] for p in parts]),
                           "out_proj.weight": w[name + ".output.weight"], "out_proj.bias": w[name + ".output.bias"]})
    return layer


def sinusoidal(n, d):
    rates = torch.exp(-math.log(10000.0) * torch.arange(0, d, 2, dtype=torch.float64) / d)
    angles = torch.arange(n, dtype=torch.float64)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], -1).reshape(n, d)


class Stack:
    """Pre-norm layers of self-attention, cross-attention (a decoder) and feed-forward, as the card's design has them."""

    def __init__(self, w, prefix, design):
        assert design["norm"] == "pre" and design["activation"] == "relu" and design["position"] == "sinusoidal"
        self.design, self.embedding = design, nn.Embedding.from_pretrained(w[prefix + ".embedding.weight"])
        self.layers = []
        for n in range(design["layers"]):
            at = f"{prefix}.{n}"
            self.layers.append({
                "self": attention(w, at + ".self", design["heads"]),
                "cross": attention(w, at + ".cross", design["heads"]) if design["cross"] else None,
                "norms": [norm(w, f"{at}.norm{i}") for i in range(1, 4 if design["cross"] else 3)],
                "in": linear(w, at + ".feed_forward.in"), "out": linear(w, at + ".feed_forward.out")})
        self.norm = norm(w, prefix + ".norm")

    def __call__(self, ids, memory=None):
        d, n = self.design["d_model"], len(ids)
        x = (self.embedding(torch.tensor(ids)) * math.sqrt(d) + sinusoidal(n, d)).unsqueeze(0)
        mask = torch.full((n, n), -math.inf, dtype=torch.float64).triu(1) if self.design["causal"] else None
        own, across = [], []
        for layer in self.layers:
            norms = list(layer["norms"])
            y = norms.pop(0)(x)
            y, weights = layer["self"](y, y, y, attn_mask=mask, average_attn_weights=False)
            own.append(weights[0])
            x = x + y
            if memory is not None:
                y, weights = layer["cross"](norms.pop(0)(x), memory, memory, average_attn_weights=False)
                across.append(weights[0])
                x = x + y
            x = x + layer["out"](torch.relu(layer["in"](norms.pop(0)(x))))
        return self.norm(x), torch.stack(own), torch.stack(across) if across else None


def run(model, source):
    path = os.path.join(ASSETS, model + ".safetensors")
    w, card = read_safetensors(path), read_card(path)
    vocabulary = card["vocabulary"]
    places = {token: i for i, token in enumerate(vocabulary["source"])}
    text = unicodedata.normalize("NFKC", source) if "merges" in card else source
    ids = [places.get(c, places["<unk>"]) for c in text]
    end, start = len(vocabulary["target"]) - 2, len(vocabulary["target"]) - 1
    encoder, decoder = Stack(w, "encoder", card["encoder"]), Stack(w, "decoder", card["decoder"])
    out = {}
    memory, out["encoder.weights"], _ = encoder(ids)
    out["encoder.norm"] = memory[0]
    written = []
    while len(written) < 64 and (not written or written[-1] != end):
        state, own, across = decoder([start] + written, memory)
        logits = state[0] @ w["decoder.embedding.weight"][:start].T
        written.append(int(logits[-1].argmax()))
    out.update({"decoder.weights": own, "cross.weights": across, "decoder.norm": state[0], "logits": logits,
                "output.id": torch.tensor(written, dtype=torch.float64)})
    return {name: values.detach().numpy() for name, values in out.items()}, "".join(vocabulary["target"][i] for i in written[:-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", metavar="SACCADE")
    options = parser.parse_args()
    for name, (model, source, params) in CASES.items():
        if not os.path.exists(os.path.join(ASSETS, model + ".safetensors")):
            print(f"{name}: there is no {model} yet")
            continue
        expected, text = run(model, source)
        if options.check:
            _, arrays = record(options.check, "transformer", "--source", source, *params)
            for tensor, want in expected.items():
                error = abs(arrays[tensor] - want).max() / abs(want).max()
                print(f"{name}: {tensor}: {error:.1e}")
                if not error <= TOLERANCE:
                    raise SystemExit(f"{name}: '{tensor}' differs")
        write_golden(name, {tensor: expected[tensor] for tensor in KEPT})
        print(f"{name}: {source} -> {text}")


if __name__ == "__main__":
    main()
