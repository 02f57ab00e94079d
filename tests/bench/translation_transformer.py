"""The transformer of Chinese to English (src/model/transformer.hpp: Vaswani 2017, pre-norm, tied target table) in PyTorch."""
import math


def position_code(length, d):
    import torch
    position = torch.arange(length, dtype=torch.float64).unsqueeze(1)
    rate = torch.exp(torch.arange(0, d, 2, dtype=torch.float64) * (-math.log(10000.0) / d))
    code = torch.empty(length, d, dtype=torch.float64)
    code[:, 0::2], code[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)
    return code.float()


def parameter_shapes(prefix, design, vocabulary):
    """Our names and shapes of a stack's parameters (model/transformer_stack.hpp)."""
    d, shapes = design["d_model"], {f"{prefix}.embedding.weight": (vocabulary, design["d_model"])}
    for layer in range(design["layers"]):
        at = f"{prefix}.{layer}"
        for kind in ("self", "cross") if design["cross"] else ("self",):
            for matrix in ("query", "key", "value", "output"):
                shapes[f"{at}.{kind}.{matrix}.weight"], shapes[f"{at}.{kind}.{matrix}.bias"] = (d, d), (d,)
        for name, out, inner in (("in", design["d_ff"], d), ("out", d, design["d_ff"])):
            shapes[f"{at}.feed_forward.{name}.weight"], shapes[f"{at}.feed_forward.{name}.bias"] = (out, inner), (out,)
        for n in range(1, 4 if design["cross"] else 3):
            shapes[f"{at}.norm{n}.gain"] = shapes[f"{at}.norm{n}.bias"] = (d,)
    shapes[f"{prefix}.norm.gain"] = shapes[f"{prefix}.norm.bias"] = (d,)
    return shapes


def make_model(encoder, decoder, source_vocabulary, target_vocabulary, dropout):
    import torch
    from torch import nn
    from torch.nn import functional as F

    for design in (encoder, decoder):
        if (design["norm"], design["position"], design["activation"], design["bias"]) != ("pre", "sinusoidal", "relu", True):
            raise SystemExit("this twin is pre-norm, sinusoidal, relu, with biases")
    d, heads = encoder["d_model"], encoder["heads"]

    class Model(nn.Module):
        """Parameters by our names, the dots written as __ ."""

        def __init__(self):
            super().__init__()
            shapes = {**parameter_shapes("encoder", encoder, source_vocabulary), **parameter_shapes("decoder", decoder, target_vocabulary)}
            for name, shape in shapes.items():
                self.register_parameter(name.replace(".", "__"), nn.Parameter(torch.empty(shape)))
            self.register_buffer("code", position_code(256, d), persistent=False)
            self.reset()

        def named(self):
            for name, p in self.named_parameters():
                yield name.replace("__", "."), p

        @torch.no_grad()
        def reset(self):
            for name, p in self.named():
                if "embedding" in name:
                    p.normal_(std=d ** -0.5)
                elif name.endswith("gain"):
                    p.fill_(1)
                elif name.endswith("bias"):
                    p.zero_()
                else:
                    nn.init.xavier_uniform_(p)

        @torch.no_grad()
        def load(self, tensors):
            own = dict(self.named())
            if own.keys() != tensors.keys():
                raise SystemExit(f"the weights do not fit: {sorted(own.keys() ^ tensors.keys())}")
            for name, p in own.items():
                p.copy_(tensors[name])

        def w(self, name):
            return getattr(self, name.replace(".", "__"))

        def drop(self, x):
            return F.dropout(x, dropout, self.training)

        def projected(self, x, at, matrices):
            """x [B, T, d] -> one [B, heads, T, d / heads] a matrix, by a single product."""
            weight = torch.cat([self.w(f"{at}.{m}.weight") for m in matrices])
            bias = torch.cat([self.w(f"{at}.{m}.bias") for m in matrices])
            y = F.linear(x, weight, bias).view(*x.shape[:2], len(matrices), heads, d // heads)
            return y.permute(2, 0, 3, 1, 4).unbind(0)

        def attend(self, at, q, k, v, mask):
            scores = torch.matmul(q * (d // heads) ** -0.5, k.transpose(2, 3))
            if mask is not None:
                scores = scores + mask
            z = torch.matmul(torch.softmax(scores, 3), v).transpose(1, 2).flatten(2)
            return self.drop(F.linear(z, self.w(at + ".output.weight"), self.w(at + ".output.bias")))

        def norm(self, at, x):
            return F.layer_norm(x, (d,), self.w(at + ".gain"), self.w(at + ".bias"))

        def stack(self, prefix, design, ids, mask, memory=None, memory_mask=None):
            """ids [B, T] -> [B, T, d]"""
            x = self.drop(F.embedding(ids, self.w(prefix + ".embedding.weight")) * d ** 0.5 + self.code[:ids.shape[1]])
            for layer in range(design["layers"]):
                at = f"{prefix}.{layer}"
                x = x + self.attend(at + ".self", *self.projected(self.norm(at + ".norm1", x), at + ".self", ("query", "key", "value")), mask)
                if memory is not None:
                    (q,) = self.projected(self.norm(at + ".norm2", x), at + ".cross", ("query",))
                    x = x + self.attend(at + ".cross", q, *self.projected(memory, at + ".cross", ("key", "value")), memory_mask)
                ff, last = at + ".feed_forward", ".norm3" if memory is not None else ".norm2"
                hidden = F.relu(F.linear(self.norm(at + last, x), self.w(ff + ".in.weight"), self.w(ff + ".in.bias")))
                x = x + self.drop(F.linear(hidden, self.w(ff + ".out.weight"), self.w(ff + ".out.bias")))
            return self.norm(prefix + ".norm", x)

        def encode(self, source, lengths):
            """source [T, B] -> memory [B, T, d] and its padding mask, or None."""
            padded = torch.arange(source.shape[0]).unsqueeze(0) >= lengths.unsqueeze(1)
            mask = None
            if bool(padded.any()):
                mask = torch.zeros(padded.shape).masked_fill(padded, -math.inf)[:, None, None, :]
            return self.stack("encoder", encoder, source.t(), mask), mask

        def decode(self, memory, mask, previous):
            """previous [B, steps] -> [B, steps, d]"""
            n = previous.shape[1]
            causal = torch.full((n, n), -math.inf).triu(1) if n > 1 else None
            return self.stack("decoder", decoder, previous, causal, memory, mask)

        def logits(self, x):
            return F.linear(x, self.w("decoder.embedding.weight")[:-1])

        def forward(self, source, lengths, previous):
            """-> what the logits are read from, [steps, B, d]."""
            return self.decode(*self.encode(source, lengths), previous.t()).transpose(0, 1)

        def begin(self, source):
            """Of one sentence (a list of ids): what a search carries on."""
            return self.encode(torch.tensor(source).unsqueeze(1), torch.tensor([len(source)]))[0]

        def advance(self, memory, rows, prefixes, start):
            """Each row's prefix of ids, read from its beginning -> logits [rows, classes], what to carry on."""
            previous = torch.tensor([[start, *ids] for ids in prefixes])
            return self.logits(self.decode(memory.expand(len(rows), -1, -1), None, previous)[:, -1]), memory

    return Model()
