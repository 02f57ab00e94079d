"""Golden values of multi-head attention, transformer layers and position codes in float64.

Attention and layers are PyTorch's own (torch.nn.MultiheadAttention, TransformerEncoderLayer, TransformerDecoderLayer); position codes are written here from the
papers' equations, pair of tokens by pair. Weights are drawn here and stored beside the values. Run: python3 tests/golden/make_transformer_golden.py
"""
import math

import numpy as np
import torch

from golden_common import write_golden

D, HEADS, D_FF, BATCH, T, S = 12, 3, 20, 2, 5, 4
LENGTHS = [5, 3]  # of the padded batch


def drawn(generator, *shape, scale=0.5):
    """Float32 values, so that the program computes from the same numbers."""
    return (torch.randn(*shape, generator=generator) * scale).float().double()


def projections(generator, prefix):
    w = {}
    for matrix in ("query", "key", "value", "output"):
        w[f"{prefix}.{matrix}.weight"] = drawn(generator, D, D)
        w[f"{prefix}.{matrix}.bias"] = drawn(generator, D)
    return w


def attention_state(w, prefix):
    """The parameters by torch.nn.MultiheadAttention's names."""
    three = ("query", "key", "value")
    return {"in_proj_weight": torch.cat([w[f"{prefix}.{m}.weight"] for m in three]), "in_proj_bias": torch.cat([w[f"{prefix}.{m}.bias"] for m in three]),
            "out_proj.weight": w[f"{prefix}.output.weight"], "out_proj.bias": w[f"{prefix}.output.bias"]}


def causal_mask(n):
    return torch.full((n, n), -math.inf, dtype=torch.float64).triu(1)


def padding_mask():
    return torch.tensor([[j >= n for j in range(T)] for n in LENGTHS])


def attention_cases():
    out = {}
    drawn_mask = torch.zeros(T, T, dtype=torch.float64)
    drawn_mask[1, 3] = drawn_mask[4, 0] = -math.inf
    for seed, (case, other, mask, padding) in enumerate((("self", False, None, None), ("cross", True, None, None), ("causal", False, causal_mask(T), None),
                                                         ("padded", False, None, padding_mask()), ("drawn", False, drawn_mask, None))):
        generator = torch.Generator().manual_seed(seed)
        w = projections(generator, "self")
        x = drawn(generator, BATCH, T, D, scale=1)
        y = drawn(generator, BATCH, S, D, scale=1) if other else x
        attention = torch.nn.MultiheadAttention(D, HEADS, batch_first=True).double()
        attention.load_state_dict(attention_state(w, "self"))
        attended, weights = attention(x, y, y, attn_mask=mask, key_padding_mask=padding, average_attn_weights=False)
        values = {**w, "x": x, "y": y, "weights": weights, "attended": attended}
        if mask is not None:
            values["mask"] = mask
        out.update({f"{case}:{name}": v.detach() for name, v in values.items()})
    return out


def layer_state(w, kinds):
    """The parameters of layer 0 by the names of torch's encoder or decoder layer."""
    state = {}
    for kind, theirs in kinds.items():
        state.update({f"{theirs}.{name}": v for name, v in attention_state(w, f"stack.0.{kind}").items()})
    for n in range(1, len(kinds) + 2):
        state[f"norm{n}.weight"], state[f"norm{n}.bias"] = w[f"stack.0.norm{n}.gain"], w[f"stack.0.norm{n}.bias"]
    for ours, theirs in (("in", "linear1"), ("out", "linear2")):
        for part in ("weight", "bias"):
            state[f"{theirs}.{part}"] = w[f"stack.0.feed_forward.{ours}.{part}"]
    return state


def layer_cases():
    out = {}
    for seed, (stack, first, activation) in enumerate((s, f, a) for s in ("encoder", "decoder") for f, a in ((True, "relu"), (False, "gelu"))):
        generator = torch.Generator().manual_seed(100 + seed)
        kinds = {"self": "self_attn"} if stack == "encoder" else {"self": "self_attn", "cross": "multihead_attn"}
        w = {}
        for kind in kinds:
            w.update(projections(generator, f"stack.0.{kind}"))
        for n in range(1, len(kinds) + 2):
            w[f"stack.0.norm{n}.gain"], w[f"stack.0.norm{n}.bias"] = 1 + drawn(generator, D), drawn(generator, D)
        w["stack.0.feed_forward.in.weight"], w["stack.0.feed_forward.in.bias"] = drawn(generator, D_FF, D), drawn(generator, D_FF)
        w["stack.0.feed_forward.out.weight"], w["stack.0.feed_forward.out.bias"] = drawn(generator, D, D_FF), drawn(generator, D)
        x = drawn(generator, BATCH, T, D, scale=1)
        kind = torch.nn.TransformerEncoderLayer if stack == "encoder" else torch.nn.TransformerDecoderLayer
        layer = kind(D, HEADS, D_FF, dropout=0, activation=activation, batch_first=True, norm_first=first).double()
        layer.load_state_dict(layer_state(w, kinds))
        values = {**w, "x": x}
        if stack == "encoder":
            values["state"] = layer.train()(x, src_key_padding_mask=padding_mask())
        else:
            values["memory"] = drawn(generator, BATCH, S, D, scale=1)
            values["state"] = layer(x, values["memory"], tgt_mask=causal_mask(T))
        if first:  # the stack ends with a norm of its own
            w_norm = {"stack.norm.gain": 1 + drawn(generator, D), "stack.norm.bias": drawn(generator, D)}
            values["state"] = torch.nn.functional.layer_norm(values["state"], (D,), w_norm["stack.norm.gain"], w_norm["stack.norm.bias"])
            values.update(w_norm)
        out.update({f"{stack} {'pre' if first else 'post'} {activation}:{name}": v.detach() for name, v in values.items()})
    return out


def sinusoidal(p):
    """Vaswani 2017, section 3.5."""
    return np.array([math.sin(p / 10000 ** (2 * (k // 2) / D)) if k % 2 == 0 else math.cos(p / 10000 ** (2 * (k // 2) / D)) for k in range(D)])


def sines_first(p):
    """The same waves, all sines before all cosines."""
    return np.array([f(p / 10000 ** (2 * i / D)) for f in (math.sin, math.cos) for i in range(D // 2)])


def bucket(distance, buckets, max_distance):
    """Raffel 2020, section 2.1, of an encoder; distance: key - query."""
    each = buckets // 2
    exact, far = each // 2, abs(distance)
    within = far if far < exact else min(each - 1, exact + int(math.log(far / exact) / math.log(max_distance / exact) * (each - exact)))
    return within + (each if distance > 0 else 0)


def rotation(p, d):
    """R of Su 2021, eq. 15, for position p."""
    r = np.zeros((d, d))
    for i in range(d // 2):
        angle = p * 10000 ** (-2 * i / d)
        r[2 * i:2 * i + 2, 2 * i:2 * i + 2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    return r


def slopes(heads):
    """Press 2021, the paper's published get_slopes."""
    def of_power(n):
        start = 2 ** (-(2 ** -(math.log2(n) - 3)))
        return [start * start ** i for i in range(n)]
    if math.log2(heads).is_integer():
        return of_power(heads)
    closest = 2 ** math.floor(math.log2(heads))
    return of_power(closest) + slopes(2 * closest)[0::2][:heads - closest]


def by_pairs(position, w, x, clip):
    """Self-attention of one sequence x [T, D], pair of tokens by pair."""
    n, d = len(x), D // HEADS
    if position == "sinusoidal":
        x = x + np.stack([sinusoidal(p) for p in range(n)])
    if position == "sinusoidal-halves":
        x = x + np.stack([sines_first(p) for p in range(n)])
    if position == "learned":
        x = x + w["stack.position.table"][:n]
    q, k, v = (x @ w[f"stack.0.self.{m}.weight"].T + w[f"stack.0.self.{m}.bias"] for m in ("query", "key", "value"))
    z, weights = np.zeros((n, D)), np.zeros((HEADS, n, n))
    for h in range(HEADS):
        part = slice(h * d, (h + 1) * d)
        for i in range(n):
            e = np.zeros(n)
            for j in range(n):
                row = min(max(j - i, -clip), clip) + clip
                query, key = q[i, part], k[j, part]
                if position == "rotary":
                    query, key = rotation(i, d) @ query, rotation(j, d) @ key
                if position == "shaw":
                    key = key + w["stack.0.self.position.key"][row]
                e[j] = query @ key / math.sqrt(d)
                if position == "alibi":
                    e[j] -= slopes(HEADS)[h] * abs(i - j)
                if position == "buckets":
                    e[j] += w["stack.position.bias"][bucket(j - i, 10, 5), h]
            a = np.exp(e - e.max())
            weights[h, i] = a / a.sum()
            for j in range(n):
                row = min(max(j - i, -clip), clip) + clip
                value = v[j, part] + (w["stack.0.self.position.value"][row] if position == "shaw" else 0)
                z[i, part] += weights[h, i, j] * value
    return x + z @ w["stack.0.self.output.weight"].T + w["stack.0.self.output.bias"], weights


def position_cases():
    out, clip, n = {}, 2, 7
    for seed, position in enumerate(("none", "sinusoidal", "learned", "shaw", "rotary", "alibi", "sinusoidal-halves", "buckets")):
        generator = torch.Generator().manual_seed(200 + seed)
        w = projections(generator, "stack.0.self")
        if position == "learned":
            w["stack.position.table"] = drawn(generator, n + 1, D)
        if position == "shaw":
            w["stack.0.self.position.key"], w["stack.0.self.position.value"] = (drawn(generator, 2 * clip + 1, D // HEADS) for _ in range(2))
        if position == "buckets":
            w["stack.position.bias"] = drawn(generator, 10, HEADS, scale=1)
        x = drawn(generator, 1, n, D, scale=1)
        state, weights = by_pairs(position, {name: v.numpy() for name, v in w.items()}, x[0].numpy(), clip)
        out.update({f"{position}:{name}": v for name, v in {**w, "x": x, "state": state[None], "weights": weights[None]}.items()})
    return out


if __name__ == "__main__":
    write_golden("transformer_attention", attention_cases())
    write_golden("transformer_layers", layer_cases())
    write_golden("transformer_positions", position_cases())
