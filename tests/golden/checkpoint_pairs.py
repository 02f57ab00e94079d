"""Encoder-decoders with random weights, each in its family's own layout, and what float64 PyTorch makes of them: T5 (Raffel 2020), Marian
(Junczys-Dowmunt 2018). Called by make_checkpoint_golden.py."""
import math

import torch
import torch.nn.functional as F

from checkpoint_common import Draw, attention, causal, gelu_new, heads, joined, rms


def t5_bucket(relative, both_ways, buckets, max_distance):
    """Raffel 2020, section 2.1, as Mesh TensorFlow publishes it; relative: key - query."""
    first = 0
    if both_ways:
        buckets //= 2
        first = buckets if relative > 0 else 0
        distance = abs(relative)
    else:
        distance = max(0, -relative)
    exact = buckets // 2
    if distance < exact:
        return first + distance
    return first + min(buckets - 1, exact + int(math.log(distance / exact) / math.log(max_distance / exact) * (buckets - exact)))


def encoder_decoder_arrays(ids, output, encoder, decoder, logits, write):
    """What the two stacks gave, and what greedy decoding writes: `write(read)` gives the logits behind all that is read."""
    arrays = {"ids": torch.tensor(ids), "output": torch.tensor(output), "logits": logits, "written": torch.tensor(write())}
    for side, (states, maps) in (("encoder", encoder), ("decoder", decoder)):
        arrays[side + ".state"], arrays[side + ".weights"] = torch.stack(states), torch.stack(maps)
    return arrays


def greedily(start, end, limit, logits_of, never=()):
    read, written = [start], []
    while len(written) < limit and (not written or written[-1] != end):
        last = logits_of(read)[-1].clone()
        last[list(never)] = -torch.inf
        written.append(int(last.argmax()))
        read.append(written[-1])
    return written


def beam(start, end, logits_of, never, width, alpha, early, limit, given=()):
    """generate() with num_beams, length_penalty and early_stopping, as Hugging Face documents them; given: what stands at first."""
    live, done = [(0.0, [])], []
    norm = lambda total, length: total / length ** alpha
    for length in range(1, limit + 1):
        grown = []
        for total, ids in live:
            p = torch.log_softmax(logits_of([start, *given, *ids])[-1], -1)
            p[list(never)] = -torch.inf
            grown += [(total + float(v), ids + [i]) for i, v in enumerate(p)]
        grown.sort(key=lambda g: -g[0])
        best, live = grown[0][0], []
        for place, (total, ids) in enumerate(grown[:2 * width]):
            if ids[-1] == end:
                if place < width:
                    done.append((norm(total, length), ids))
            elif len(live) < width:
                live.append((total, ids))
        done = sorted(done, key=lambda h: -h[0])[:width]
        if len(done) == width and (early is True or done[-1][0] >= norm(best, limit if early == "never" and alpha > 0 else length)):
            break
    else:
        done = sorted(done + [(norm(total, limit), ids) for total, ids in live], key=lambda h: -h[0])[:width]
    return done


def beams(start, end, limit, logits_of, never, given):
    """Of several settings, hypotheses (rows end in -1) and their scores, best first; the settings as [width, alpha, early, given]."""
    arrays = {}
    settings = [(2, 1.0, False, 0), (3, 0.6, True, 0), (4, 1.0, False, 0), (4, 2.0, True, 0), (3, 0.0, False, 0), (3, 1.0, False, 2),
                (3, 1.0, "never", 0), (2, 0.0, "never", 0)]
    for n, (width, alpha, early, known) in enumerate(settings):
        found = beam(start, end, logits_of, never, width, alpha, early, limit, given[:known])
        arrays[f"beam.{n}.settings"] = torch.tensor([width, alpha, {True: 0.0, False: 1.0, "never": 2.0}[early], known])
        arrays[f"beam.{n}.ids"] = torch.tensor([ids + [-1] * (limit - len(ids)) for _, ids in found])
        arrays[f"beam.{n}.scores"] = torch.tensor([score for score, _ in found])
    return arrays


def t5(gated):
    L, M, h, u, d, f, V, buckets, far = (3, 2, 2, 5, 12, 14, 21, 8, 11) if gated else (2, 2, 3, 4, 12, 20, 19, 10, 9)
    w = Draw(70 if gated else 62)
    w("shared.weight", V, d, scale=1.0)
    for side, layers in (("encoder", L), ("decoder", M)):
        w(f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", buckets, h, scale=1.0)
        for l in range(layers):
            p, last = f"{side}.block.{l}.layer.", 1 if side == "encoder" else 2
            for part, name in ((0, "SelfAttention"), (1, "EncDecAttention"))[:last]:
                for letter in "qkv":
                    w(f"{p}{part}.{name}.{letter}.weight", h * u, d)
                w(f"{p}{part}.{name}.o.weight", d, h * u)
            for letter in ("wi_0", "wi_1") if gated else ("wi",):
                w(f"{p}{last}.DenseReluDense.{letter}.weight", f, d)
            w(f"{p}{last}.DenseReluDense.wo.weight", d, f)
            for part in range(last + 1):
                w.norm(f"{p}{part}.layer_norm", d, bias=False)
        w.norm(side + ".final_layer_norm", d, bias=False)
    if gated:
        w("lm_head.weight", V, d)
    config = {"model_type": "t5", "num_layers": L, "num_heads": h, "d_kv": u, "d_model": d, "d_ff": f, "vocab_size": V,
              "relative_attention_num_buckets": buckets, "relative_attention_max_distance": far, "layer_norm_epsilon": 1e-6,
              "feed_forward_proj": "gated-gelu" if gated else "relu", "tie_word_embeddings": not gated, "is_encoder_decoder": True,
              "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    if M != L:
        config["num_decoder_layers"] = M
    t, ids, output = w.tensors, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 1], [7, 3, 3, 11, 2, 8, 4, 6, 12, 9, 15, 10, 5, 1]

    def attend(p, x, y, bias, allowed):
        q, k, v = (heads(z @ t[f"{p}.{letter}.weight"].T, h) for letter, z in (("q", x), ("k", y), ("v", y)))
        scores = q @ k.transpose(-1, -2) + bias  # nothing scales them
        a = torch.softmax(scores.masked_fill(~allowed, -torch.inf), -1)
        return a, joined(a @ v) @ t[f"{p}.o.weight"].T

    def stack(side, layers, read, memory=None):
        n, both = len(read), side == "encoder"
        bias = t[f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        rows = torch.tensor([[t5_bucket(j - i, both, buckets, far) for j in range(n)] for i in range(n)])
        allowed = torch.ones(n, n, dtype=torch.bool) if both else causal(n)
        x, states, maps, crosses = t["shared.weight"][read], [], [], []
        for l in range(layers):
            p, last = f"{side}.block.{l}.layer.", 1 if both else 2
            y = rms(x, t[p + "0.layer_norm.weight"], 1e-6)
            a, z = attend(p + "0.SelfAttention", y, y, bias[rows].permute(2, 0, 1), allowed)
            x = x + z
            if not both:
                c, z = attend(p + "1.EncDecAttention", rms(x, t[p + "1.layer_norm.weight"], 1e-6), memory, 0.0,
                              torch.ones(n, len(memory), dtype=torch.bool))
                x = x + z
                crosses.append(c)
            y, ff = rms(x, t[f"{p}{last}.layer_norm.weight"], 1e-6), f"{p}{last}.DenseReluDense."
            hidden = (gelu_new(y @ t[ff + "wi_0.weight"].T) * (y @ t[ff + "wi_1.weight"].T)) if gated else F.relu(y @ t[ff + "wi.weight"].T)
            x = x + hidden @ t[ff + "wo.weight"].T
            states.append(x); maps.append(a)
        return rms(x, t[side + ".final_layer_norm.weight"], 1e-6), states, maps, crosses

    memory, encoder_states, encoder_maps, _ = stack("encoder", L, ids)
    head = t["lm_head.weight"].T if gated else t["shared.weight"].T * d ** -0.5
    logits_of = lambda read: stack("decoder", M, read, memory)[0] @ head
    last, states, maps, crosses = stack("decoder", M, [0] + output[:-1], memory)
    arrays = encoder_decoder_arrays(ids, output, (encoder_states, encoder_maps), (states, maps), last @ head,
                                    lambda: greedily(0, 1, 12, logits_of))
    arrays |= beams(0, 1, 7, logits_of, [], output)
    return config, t, {**arrays, "cross.weights": torch.stack(crosses)}


def marian_positions(n, d):
    """As Hugging Face's MarianSinusoidalPositionalEmbedding has them: the sines of even features first, then the cosines of odd ones."""
    angle = torch.tensor([[p / 10000 ** (2 * (j // 2) / d) for j in range(d)] for p in range(n)])
    return torch.cat([angle[:, 0::2].sin(), angle[:, 1::2].cos()], -1)


def marian(separate):
    L, M, h, g, d, f, e, S, V = (2, 1, 3, 1, 9, 14, 12, 17, 15) if separate else (2, 2, 2, 2, 12, 20, 20, 19, 19)
    w, pad, end, positions, scaled = Draw(62 if separate else 68), V - 1, 0, 24, not separate
    tables = {"encoder": "model.encoder.embed_tokens.weight", "decoder": "model.decoder.embed_tokens.weight"}
    if separate:
        w(tables["encoder"], S, d, scale=1.0); w(tables["decoder"], V, d, scale=1.0)
    else:
        tables = dict.fromkeys(tables, "model.shared.weight")
        w("model.shared.weight", V, d, scale=1.0)
    w("final_logits_bias", 1, V)
    for side, layers, hidden in (("encoder", L, f), ("decoder", M, e)):
        for l in range(layers):
            p = f"model.{side}.layers.{l}."
            for name in ("self_attn", "encoder_attn")[:1 if side == "encoder" else 2]:
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    w(f"{p}{name}.{part}.weight", d, d); w(f"{p}{name}.{part}.bias", d)
                w.norm(f"{p}{name}_layer_norm", d)
            w(p + "fc1.weight", hidden, d); w(p + "fc1.bias", hidden); w(p + "fc2.weight", d, hidden); w(p + "fc2.bias", d)
            w.norm(p + "final_layer_norm", d)
    config = {"model_type": "marian", "encoder_layers": L, "decoder_layers": M, "encoder_attention_heads": h, "decoder_attention_heads": g,
              "encoder_ffn_dim": f, "decoder_ffn_dim": e, "d_model": d, "vocab_size": S, "max_position_embeddings": positions,
              "activation_function": "gelu" if separate else "swish", "scale_embedding": scaled, "normalize_before": False,
              "normalize_embedding": False, "static_position_embeddings": True, "pad_token_id": pad, "decoder_start_token_id": pad,
              "eos_token_id": end, "bad_words_ids": [[pad]]}
    if separate:
        config.update({"share_encoder_decoder_embeddings": False, "decoder_vocab_size": V})
    t, ids, output = w.tensors, [3, 1, 4, 1, 5, 9, 2, 6, 0], [7, 3, 3, 11, 2, 8, 0]

    def linear(name, x):
        return x @ t[name + ".weight"].T + t[name + ".bias"]

    def norm(name, x):
        return F.layer_norm(x, (d,), t[name + ".weight"], t[name + ".bias"], 1e-5)

    def attend(p, x, y, count, allowed):
        q, k, v = (heads(linear(f"{p}.{part}", z), count) for part, z in (("q_proj", x), ("k_proj", y), ("v_proj", y)))
        a, z = attention(q, k, v, allowed)
        return a, linear(p + ".out_proj", joined(z))

    def stack(side, layers, read, memory=None):
        n, act = len(read), F.gelu if separate else F.silu
        count, allowed = (h, torch.ones(n, n, dtype=torch.bool)) if memory is None else (g, causal(n))
        x, states, maps, crosses = t[tables[side]][read] * (math.sqrt(d) if scaled else 1) + marian_positions(n, d), [], [], []
        for l in range(layers):
            p = f"model.{side}.layers.{l}."
            a, z = attend(p + "self_attn", x, x, count, allowed)
            x = norm(p + "self_attn_layer_norm", x + z)
            if memory is not None:
                c, z = attend(p + "encoder_attn", x, memory, count, torch.ones(n, len(memory), dtype=torch.bool))
                x = norm(p + "encoder_attn_layer_norm", x + z)
                crosses.append(c)
            x = norm(p + "final_layer_norm", x + linear(p + "fc2", act(linear(p + "fc1", x))))
            states.append(x); maps.append(a)
        return x, states, maps, crosses

    memory, encoder_states, encoder_maps, _ = stack("encoder", L, ids)
    logits_of = lambda read: stack("decoder", M, read, memory)[0] @ t[tables["decoder"]].T + t["final_logits_bias"][0]
    _, states, maps, crosses = stack("decoder", M, [pad] + output[:-1], memory)
    arrays = encoder_decoder_arrays(ids, output, (encoder_states, encoder_maps), (states, maps), logits_of([pad] + output[:-1]),
                                    lambda: greedily(pad, end, 12, logits_of, [pad]))
    arrays |= beams(pad, end, 7, logits_of, [pad], output)
    return config, t, {**arrays, "cross.weights": torch.stack(crosses)}
