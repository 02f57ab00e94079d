#!/usr/bin/python3
"""Milliseconds of PyTorch's attention and of a model of GPT-2 small's shape, at PyTorch's best on this machine.

    attention_pytorch.py mha  [--lengths 64,256,512,1024]   nn.MultiheadAttention(512, 8), self-attention, weights of each head, batch 1
    attention_pytorch.py gpt2 [--lengths 1,16,64,256]       12 layers, 12 heads, 768, 3072, gelu, pre-norm, learned positions, tied table of 50257;
                                                            random weights, all attention weights kept, logits of all positions

The same work as `saccade bench --only attention`, which calls this; how it is measured, and what is printed: pytorch_best.py.
"""
import sys

import pytorch_best
from pytorch_best import median_ms

DEFAULT_LENGTHS = {"mha": "64,256,512,1024", "gpt2": "1,16,64,256"}
LAYERS, HEADS, D, D_FF, VOCABULARY, POSITIONS = 12, 12, 768, 3072, 50257, 1024


def mha_by_hand(length):
    """(f, x): the same with one product for queries, keys and values."""
    import torch
    w, b = torch.randn(1536, 512) * 0.04, torch.zeros(1536)
    out = torch.nn.Linear(512, 512).requires_grad_(False)

    def by_hand(x):
        q, k, v = torch.nn.functional.linear(x, w, b).view(length, 3, 8, 64).permute(1, 2, 0, 3)
        weights = torch.softmax(torch.baddbmm(torch.empty(8, length, length), q, k.transpose(1, 2), beta=0, alpha=0.125), -1)
        return out(torch.bmm(weights, v).transpose(0, 1).reshape(length, 512)), weights

    return by_hand, torch.randn(length, 512)


def mha_ways(length):
    import torch
    from torch import nn
    ways = {}
    for batch_first in (False, True):
        module = nn.MultiheadAttention(512, 8, batch_first=batch_first).eval()
        x = torch.randn(*((1, length) if batch_first else (length, 1)), 512)
        ways["batch first" if batch_first else "sequence first"] = (
            lambda module=module, x=x: module(x, x, x, need_weights=True, average_attn_weights=False))
    f, x = mha_by_hand(length)
    ways["by hand"] = lambda: f(x)
    return ways


def gpt2_layers():
    import torch
    torch.manual_seed(7)

    def matrix(out, size):
        return torch.randn(out, size) * 0.02

    return [dict(g1=torch.ones(D), b1=torch.zeros(D), qkv=matrix(3 * D, D), qkv_b=torch.zeros(3 * D), o=matrix(D, D), o_b=torch.zeros(D),
                 g2=torch.ones(D), b2=torch.zeros(D), f=matrix(D_FF, D), f_b=torch.zeros(D_FF), p=matrix(D, D_FF), p_b=torch.zeros(D))
            for _ in range(LAYERS)]


def gpt2_model(length):
    """(f(ids, layers, product), ids)"""
    import torch
    import torch.nn.functional as F
    kept = gpt2_model
    if not hasattr(kept, "layers"):
        kept.layers, kept.table = gpt2_layers(), torch.randn(VOCABULARY, D) * 0.02
        kept.positions = torch.randn(POSITIONS, D) * 0.02
    ids = torch.randint(0, VOCABULARY, (length,))
    hidden = torch.full((length, length), float("-inf")).triu(1)
    head = D // HEADS

    def model(ids, layers, product):
        x = kept.table[ids] + kept.positions[:length]
        seen = []
        for w in layers:
            h = F.layer_norm(x, (D,), w["g1"], w["b1"])
            q, k, v = product(h, w["qkv"], w["qkv_b"]).view(length, 3, HEADS, head).permute(1, 2, 0, 3)
            weights = torch.softmax(torch.baddbmm(hidden, q, k.transpose(1, 2), alpha=head**-0.5), -1)
            seen.append(weights)
            x = x + product(torch.bmm(weights, v).transpose(0, 1).reshape(length, D), w["o"], w["o_b"])
            h = F.layer_norm(x, (D,), w["g2"], w["b2"])
            x = x + product(F.gelu(product(h, w["f"], w["f_b"])), w["p"], w["p_b"])
        x = F.layer_norm(x, (D,))
        return F.linear(x, kept.table), seen

    return model, ids


def gpt2_ways(length):
    import torch
    import torch.nn.functional as F
    model, ids = gpt2_model(length)
    layers = gpt2_model.layers
    # As Hugging Face stores them: [in, out].
    turned = [{k: (v.t().contiguous() if v.dim() == 2 else v) for k, v in layer.items()} for layer in layers]
    return {
        "linear": lambda: model(ids, layers, F.linear),
        "addmm": lambda: model(ids, turned, lambda x, w, b: torch.addmm(b, x, w)),
    }


def measure(what, lengths):
    import torch
    ways_of = {"mha": mha_ways, "gpt2": gpt2_ways}[what]
    budget = {"mha": 500, "gpt2": 2000}[what]
    with torch.inference_mode():
        return {n: {name: median_ms(way, budget) for name, way in ways_of(int(n)).items()} for n in lengths}


if __name__ == "__main__":
    sys.exit(pytorch_best.main(__doc__, __file__, DEFAULT_LENGTHS, measure))
