#!/usr/bin/env python3
"""Small checkpoints with random weights, each in its family's own layout, and what float64 PyTorch makes of them.

    make_checkpoint_golden.py      writes checkpoint_FAMILY/{config.json, model.safetensors} and checkpoint_FAMILY.npz beside itself

Every family is written out from its paper, in its own conventions (fused matrices, halves that turn together, biases or none), without
the program's code and without its names: what it is compared with must not share its mistakes.
"""
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

from checkpoint_common import HERE, Draw, attention, causal, gelu_new, heads, joined, rms, write_folder
from checkpoint_pairs import marian, t5


def gpt2():
    L, h, d, V, P = 2, 3, 12, 23, 16
    w = Draw(1)
    w("transformer.wte.weight", V, d); w("transformer.wpe.weight", P, d)
    for l in range(L):
        p = f"transformer.h.{l}."
        w.norm(p + "ln_1", d); w.norm(p + "ln_2", d)
        w(p + "attn.c_attn.weight", d, 3 * d); w(p + "attn.c_attn.bias", 3 * d)
        w(p + "attn.c_proj.weight", d, d); w(p + "attn.c_proj.bias", d)
        w(p + "mlp.c_fc.weight", d, 4 * d); w(p + "mlp.c_fc.bias", 4 * d)
        w(p + "mlp.c_proj.weight", 4 * d, d); w(p + "mlp.c_proj.bias", d)
    w.norm("transformer.ln_f", d)
    config = {"model_type": "gpt2", "n_layer": L, "n_head": h, "n_embd": d, "vocab_size": V, "n_positions": P,
              "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new"}
    ids, t = [3, 1, 4, 1, 5, 9, 2, 6], w.tensors
    x = t["transformer.wte.weight"][ids] + t["transformer.wpe.weight"][:len(ids)]
    states, maps = [], []
    for l in range(L):
        p = f"transformer.h.{l}."
        ln = lambda name, x: F.layer_norm(x, (d,), t[p + name + ".weight"], t[p + name + ".bias"], 1e-5)
        q, k, v = (ln("ln_1", x) @ t[p + "attn.c_attn.weight"] + t[p + "attn.c_attn.bias"]).split(d, -1)
        a, z = attention(heads(q, h), heads(k, h), heads(v, h), causal(len(ids)))
        x = x + joined(z) @ t[p + "attn.c_proj.weight"] + t[p + "attn.c_proj.bias"]
        x = x + gelu_new(ln("ln_2", x) @ t[p + "mlp.c_fc.weight"] + t[p + "mlp.c_fc.bias"]) @ t[p + "mlp.c_proj.weight"] + t[p + "mlp.c_proj.bias"]
        states.append(x); maps.append(a)
    out = F.layer_norm(x, (d,), t["transformer.ln_f.weight"], t["transformer.ln_f.bias"], 1e-5) @ t["transformer.wte.weight"].T
    return config, t, ids, None, states, maps, out


def encoder_layers(t, x, h, d, names, eps):
    states, maps = [], []
    everything = torch.ones(x.shape[0], x.shape[0], dtype=torch.bool)
    for p, part in names:
        lin = lambda name, x: x @ t[p + part[name] + ".weight"].T + t[p + part[name] + ".bias"]
        ln = lambda name, x: F.layer_norm(x, (d,), t[p + part[name] + ".weight"], t[p + part[name] + ".bias"], eps)
        a, z = attention(heads(lin("q", x), h), heads(lin("k", x), h), heads(lin("v", x), h), everything)
        x = ln("norm1", x + lin("o", joined(z)))
        x = ln("norm2", x + lin("out", F.gelu(lin("in", x))))
        states.append(x); maps.append(a)
    return x, states, maps


BERT_PARTS = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "o": "attention.output.dense",
              "norm1": "attention.output.LayerNorm", "in": "intermediate.dense", "out": "output.dense", "norm2": "output.LayerNorm"}


def bert(roberta=False):
    L, h, d, f, V, P, T = 2, 2, 10, 14, 21, 12, 1 if roberta else 2
    w, root = Draw(3 if roberta else 2), "roberta." if roberta else "bert."
    for name, rows in (("word", V), ("position", P), ("token_type", T)):
        w(f"{root}embeddings.{name}_embeddings.weight", rows, d)
    w.norm(root + "embeddings.LayerNorm", d)
    for l in range(L):
        p = f"{root}encoder.layer.{l}."
        for part, (out, inner) in {"q": (d, d), "k": (d, d), "v": (d, d), "o": (d, d), "in": (f, d), "out": (d, f)}.items():
            w(p + BERT_PARTS[part] + ".weight", out, inner); w(p + BERT_PARTS[part] + ".bias", out)
        w.norm(p + BERT_PARTS["norm1"], d); w.norm(p + BERT_PARTS["norm2"], d)
    dense, norm, bias = (("lm_head.dense", "lm_head.layer_norm", "lm_head.bias") if roberta else
                         ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias"))
    w(dense + ".weight", d, d); w(dense + ".bias", d); w.norm(norm, d); w(bias, V)
    config = {"model_type": "roberta" if roberta else "bert", "num_hidden_layers": L, "num_attention_heads": h, "hidden_size": d,
              "intermediate_size": f, "vocab_size": V, "max_position_embeddings": P, "type_vocab_size": T, "hidden_act": "gelu",
              "layer_norm_eps": 1e-12, "pad_token_id": 1 if roberta else 0}
    ids, types, t = [2, 7, 8, 3, 9, 10, 3], None if roberta else [0, 0, 0, 0, 1, 1, 1], w.tensors
    first = 2 if roberta else 0
    x = (t[root + "embeddings.word_embeddings.weight"][ids] + t[root + "embeddings.position_embeddings.weight"][first:first + len(ids)]
         + t[root + "embeddings.token_type_embeddings.weight"][types or [0] * len(ids)])
    x = F.layer_norm(x, (d,), t[root + "embeddings.LayerNorm.weight"], t[root + "embeddings.LayerNorm.bias"], 1e-12)
    x, states, maps = encoder_layers(t, x, h, d, [(f"{root}encoder.layer.{l}.", BERT_PARTS) for l in range(L)], 1e-12)
    u = F.layer_norm(F.gelu(x @ t[dense + ".weight"].T + t[dense + ".bias"]), (d,), t[norm + ".weight"], t[norm + ".bias"], 1e-12)
    return config, t, ids, types, states, maps, u @ t[root + "embeddings.word_embeddings.weight"].T + t[bias]


def distilbert():
    parts = {"q": "attention.q_lin", "k": "attention.k_lin", "v": "attention.v_lin", "o": "attention.out_lin", "norm1": "sa_layer_norm",
             "in": "ffn.lin1", "out": "ffn.lin2", "norm2": "output_layer_norm"}
    L, h, d, f, V, P, root = 2, 2, 8, 12, 19, 12, "distilbert."
    w = Draw(4)
    w(root + "embeddings.word_embeddings.weight", V, d); w(root + "embeddings.position_embeddings.weight", P, d)
    w.norm(root + "embeddings.LayerNorm", d)
    for l in range(L):
        p = f"{root}transformer.layer.{l}."
        for part, (out, inner) in {"q": (d, d), "k": (d, d), "v": (d, d), "o": (d, d), "in": (f, d), "out": (d, f)}.items():
            w(p + parts[part] + ".weight", out, inner); w(p + parts[part] + ".bias", out)
        w.norm(p + parts["norm1"], d); w.norm(p + parts["norm2"], d)
    w("vocab_transform.weight", d, d); w("vocab_transform.bias", d); w.norm("vocab_layer_norm", d); w("vocab_projector.bias", V)
    config = {"model_type": "distilbert", "n_layers": L, "n_heads": h, "dim": d, "hidden_dim": f, "vocab_size": V,
              "max_position_embeddings": P, "activation": "gelu"}
    ids, t = [2, 7, 4, 8, 3], w.tensors
    x = t[root + "embeddings.word_embeddings.weight"][ids] + t[root + "embeddings.position_embeddings.weight"][:len(ids)]
    x = F.layer_norm(x, (d,), t[root + "embeddings.LayerNorm.weight"], t[root + "embeddings.LayerNorm.bias"], 1e-12)
    x, states, maps = encoder_layers(t, x, h, d, [(f"{root}transformer.layer.{l}.", parts) for l in range(L)], 1e-12)
    u = F.gelu(x @ t["vocab_transform.weight"].T + t["vocab_transform.bias"])
    u = F.layer_norm(u, (d,), t["vocab_layer_norm.weight"], t["vocab_layer_norm.bias"], 1e-12)
    return config, t, ids, None, states, maps, u @ t[root + "embeddings.word_embeddings.weight"].T + t["vocab_projector.bias"]


def rotated(x, frequency, turned):
    """[h, T, u]: unit i of the first `turned` turns with unit i + turned / 2."""
    angle = torch.arange(x.shape[1])[:, None] * frequency[None, :]
    cos, sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)
    part, rest = x[..., :turned], x[..., turned:]
    halves = torch.cat([-part[..., turned // 2:], part[..., :turned // 2]], -1)
    return torch.cat([part * cos + halves * sin, rest], -1)


def yarn(turned, base, factor, trained, fast=32.0, slow=1.0):
    """Peng 2023, section 3.2 and 3.3: frequencies, and what multiplies queries and keys."""
    place = lambda turns: turned * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(base))
    low, high = max(math.floor(place(fast)), 0), min(math.ceil(place(slow)), turned - 1)
    stretched = ((torch.arange(turned // 2) - low) / ((high - low) or 0.001)).clamp(0, 1)
    plain = base ** (-torch.arange(0, turned, 2) / turned)
    return plain / factor * stretched + plain * (1 - stretched), 0.1 * math.log(factor) + 1


def llama(kind, scaling=None):
    L, h, g, d, f, V = 2, 4, 2, 16, 20, 17
    u = 6 if kind in ("mistral", "qwen3") else d // h
    biased, tied, window = kind == "qwen2", kind == "qwen2", 3 if kind == "mistral" else 0
    w = Draw({"llama": 5, "mistral": 6, "qwen2": 7, "qwen3": 9}[kind] + (20 if scaling else 0))
    w("model.embed_tokens.weight", V, d)
    for l in range(L):
        p = f"model.layers.{l}."
        w.norm(p + "input_layernorm", d, bias=False); w.norm(p + "post_attention_layernorm", d, bias=False)
        for part, rows in (("q", h * u), ("k", g * u), ("v", g * u)):
            w(f"{p}self_attn.{part}_proj.weight", rows, d)
            if biased:
                w(f"{p}self_attn.{part}_proj.bias", rows)
        if kind == "qwen3":
            w.norm(p + "self_attn.q_norm", u, bias=False); w.norm(p + "self_attn.k_norm", u, bias=False)
        w(p + "self_attn.o_proj.weight", d, h * u)
        w(p + "mlp.gate_proj.weight", f, d); w(p + "mlp.up_proj.weight", f, d); w(p + "mlp.down_proj.weight", d, f)
    w.norm("model.norm", d, bias=False)
    if not tied:
        w("lm_head.weight", V, d)
    config = {"model_type": kind, "num_hidden_layers": L, "num_attention_heads": h, "num_key_value_heads": g, "hidden_size": d,
              "intermediate_size": f, "vocab_size": V, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 500.0,
              "hidden_act": "silu", "tie_word_embeddings": tied}
    frequency = 500.0 ** (-torch.arange(0, u, 2) / u)
    magnitude = 1.0
    if scaling == "yarn":
        config["rope_theta"] = 20.0
        config["rope_scaling"] = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 2.0,
                                  "beta_slow": 0.5}
        frequency, magnitude = yarn(u, 20.0, 4.0, 16, 2.0, 0.5)
    if kind == "llama" and not scaling:
        config["rope_scaling"] = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                  "original_max_position_embeddings": 16}
        wavelength = 2 * math.pi / frequency
        smooth = (16 / wavelength - 1.0) / (4.0 - 1.0)
        between = (1 - smooth) * frequency / 8.0 + smooth * frequency
        frequency = torch.where(wavelength < 16 / 4.0, frequency, torch.where(wavelength > 16 / 1.0, frequency / 8.0, between))
    if kind == "mistral":
        config["head_dim"], config["sliding_window"] = u, window
    if kind == "qwen3":
        config["head_dim"] = u
    ids, t = [3, 1, 4, 1, 5, 9, 2], w.tensors
    n = len(ids)
    allowed = causal(n)
    if window:
        allowed &= ~torch.tril(torch.ones(n, n, dtype=torch.bool), -window)
    x, states, maps = t["model.embed_tokens.weight"][ids], [], []
    for l in range(L):
        p = f"model.layers.{l}."
        def project(part, y):
            out = y @ t[f"{p}self_attn.{part}_proj.weight"].T
            return out + t[f"{p}self_attn.{part}_proj.bias"] if biased else out
        y = rms(x, t[p + "input_layernorm.weight"], 1e-5)
        q, k, v = heads(project("q", y), h), heads(project("k", y), g), heads(project("v", y), g)
        if kind == "qwen3":
            q, k = rms(q, t[p + "self_attn.q_norm.weight"], 1e-5), rms(k, t[p + "self_attn.k_norm.weight"], 1e-5)
        q, k = rotated(q, frequency, u) * magnitude, rotated(k, frequency, u) * magnitude
        a, z = attention(q, k.repeat_interleave(h // g, 0), v.repeat_interleave(h // g, 0), allowed)
        x = x + joined(z) @ t[p + "self_attn.o_proj.weight"].T
        y = rms(x, t[p + "post_attention_layernorm.weight"], 1e-5)
        x = x + (F.silu(y @ t[p + "mlp.gate_proj.weight"].T) * (y @ t[p + "mlp.up_proj.weight"].T)) @ t[p + "mlp.down_proj.weight"].T
        states.append(x); maps.append(a)
    table = t["model.embed_tokens.weight"] if tied else t["lm_head.weight"]
    return config, t, ids, None, states, maps, rms(x, t["model.norm.weight"], 1e-5) @ table.T


def gpt_neox():
    L, h, d, f, V = 2, 2, 16, 24, 19
    u, turned = d // h, 4
    w = Draw(8)
    w("gpt_neox.embed_in.weight", V, d)
    for l in range(L):
        p = f"gpt_neox.layers.{l}."
        w.norm(p + "input_layernorm", d); w.norm(p + "post_attention_layernorm", d)
        for name, out, inner in (("attention.query_key_value", 3 * d, d), ("attention.dense", d, d), ("mlp.dense_h_to_4h", f, d),
                                 ("mlp.dense_4h_to_h", d, f)):
            w(p + name + ".weight", out, inner); w(p + name + ".bias", out)
    w.norm("gpt_neox.final_layer_norm", d)
    w("embed_out.weight", V, d)
    config = {"model_type": "gpt_neox", "num_hidden_layers": L, "num_attention_heads": h, "hidden_size": d, "intermediate_size": f,
              "vocab_size": V, "max_position_embeddings": 32, "layer_norm_eps": 1e-5, "rotary_pct": 0.5, "rotary_emb_base": 10000,
              "hidden_act": "gelu", "use_parallel_residual": True}
    frequency = 10000.0 ** (-torch.arange(0, turned, 2) / turned)
    ids, t = [3, 1, 4, 1, 5, 9], w.tensors
    x, states, maps = t["gpt_neox.embed_in.weight"][ids], [], []
    for l in range(L):
        p = f"gpt_neox.layers.{l}."
        lin = lambda name, y: y @ t[p + name + ".weight"].T + t[p + name + ".bias"]
        ln = lambda name, y: F.layer_norm(y, (d,), t[p + name + ".weight"], t[p + name + ".bias"], 1e-5)
        qkv = lin("attention.query_key_value", ln("input_layernorm", x)).reshape(len(ids), h, 3 * u).transpose(0, 1)
        q, k, v = qkv.split(u, -1)
        a, z = attention(rotated(q, frequency, turned), rotated(k, frequency, turned), v, causal(len(ids)))
        x = x + lin("attention.dense", joined(z)) + lin("mlp.dense_4h_to_h", F.gelu(lin("mlp.dense_h_to_4h", ln("post_attention_layernorm", x))))
        states.append(x); maps.append(a)
    last = F.layer_norm(x, (d,), t["gpt_neox.final_layer_norm.weight"], t["gpt_neox.final_layer_norm.bias"], 1e-5)
    return config, t, ids, None, states, maps, last @ t["embed_out.weight"].T


def main():
    made = {"gpt2": gpt2, "bert": bert, "roberta": lambda: bert(True), "distilbert": distilbert, "gpt_neox": gpt_neox}
    for kind in ("llama", "mistral", "qwen2", "qwen3"):
        made[kind] = lambda kind=kind: llama(kind)
    for kind in ("llama", "qwen2", "qwen3"):
        made[kind + "_yarn"] = lambda kind=kind: llama(kind, "yarn")
    for family, make in made.items():
        config, tensors, ids, types, states, maps, logits = make()
        write_folder(family, config, tensors)
        arrays = {"ids": np.array(ids), "states": torch.stack(states).numpy(), "weights": torch.stack(maps).numpy(), "logits": logits.numpy()}
        if types is not None:
            arrays["types"] = np.array(types)
        np.savez_compressed(os.path.join(HERE, f"checkpoint_{family}.npz"), **{k: v.astype(np.float64) for k, v in arrays.items()})
        print(family, {k: v.shape for k, v in arrays.items()})
    pairs = {"t5": lambda: t5(False), "t5_gated": lambda: t5(True), "marian": lambda: marian(False), "marian_separate": lambda: marian(True)}
    for family, make in pairs.items():
        config, tensors, arrays = make()
        write_folder(family, config, tensors)
        np.savez_compressed(os.path.join(HERE, f"checkpoint_{family}.npz"), **{k: v.numpy().astype(np.float64) for k, v in arrays.items()})
        print(family, {k: tuple(v.shape) for k, v in arrays.items()}, "writes", arrays["written"].tolist())


if __name__ == "__main__":
    main()
