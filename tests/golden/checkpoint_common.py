"""What checkpoints with random weights are drawn, computed and written with: shared by the scripts that make them, in float64."""
import json
import math
import os
import struct

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)


def write_folder(family, config, tensors):
    write_files(os.path.join(HERE, "checkpoint_" + family), config, tensors)


def write_files(folder, config, tensors):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f, indent=1)
        f.write("\n")
    header, data = {}, b""
    for name in sorted(tensors):
        raw = tensors[name].numpy().astype(np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + data)


class Draw:
    """Weights by name, rounded to float32 so that both sides compute with the same."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.tensors = {}

    def __call__(self, name, *shape, scale=0.3, mean=0.0):
        values = (mean + scale * self.rng.standard_normal(shape)).astype(np.float32)
        self.tensors[name] = torch.from_numpy(values.astype(np.float64))
        return self.tensors[name]

    def norm(self, name, d, bias=True):
        self(name + ".weight", d, scale=0.2, mean=1.0)
        if bias:
            self(name + ".bias", d, scale=0.2)


def attention(q, k, v, allowed):
    """[h, T, u] each; allowed [T, T]."""
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    weights = torch.softmax(scores.masked_fill(~allowed, -torch.inf), -1)
    return weights, weights @ v


def heads(x, h):
    return x.reshape(x.shape[0], h, -1).transpose(0, 1)


def joined(z):
    return z.transpose(0, 1).reshape(z.shape[1], -1)


def causal(n):
    return torch.tril(torch.ones(n, n, dtype=torch.bool))


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def rms(x, gain, eps):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + eps) * gain
