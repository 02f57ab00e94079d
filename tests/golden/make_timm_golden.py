#!/usr/bin/env python3
"""Convolutional networks with squeeze-and-excitation in the layout of the library timm, with random weights, and what float64 PyTorch
makes of them.

    make_timm_golden.py                      writes timm_NAME/{config.json, model.safetensors} and timm_NAME.npz beside itself: narrow ones
    make_timm_golden.py --full NAME FOLDER   the same of seresnet50, mobilenetv3_large_100 or efficientnet_b0 as they are used, 224 px:
                                             FOLDER/{config.json, model.safetensors, golden.npz, picture.png}
The first also writes timm_mechanisms.npz: depthwise convolutions, gates with biases, functions of straight lines.

Written out from the papers (He 2016; Hu 2018; Howard 2017 and 2019; Sandler 2018; Tan and Le 2019), without the program's code and names.
"""
import argparse
import json
import math
import os
import struct
import zlib

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)


class Net:
    """Draws each weight where it is first used, rounded to what the file holds, and computes on."""

    def __init__(self, seed, dtype, eps=1e-5):
        self.rng, self.dtype, self.eps, self.tensors, self.gates = np.random.default_rng(seed), dtype, eps, {}, {}

    def draw(self, name, shape, scale, mean=0.0):
        values = (mean + scale * self.rng.standard_normal(shape)).astype(self.dtype)
        self.tensors[name] = values
        return torch.from_numpy(values.astype(np.float64))

    def conv(self, name, x, out, k=1, stride=1, groups=1, bias=False, gain=1.0):
        inner = x.shape[1] // groups
        w = self.draw(name + ".weight", (out, inner, k, k), gain * math.sqrt(2 / (inner * k * k)))
        b = self.draw(name + ".bias", (out,), 0.2) if bias else None
        return F.conv2d(x, w, b, stride=stride, padding=k // 2, groups=groups)

    def norm(self, name, x):
        """The statistics are about those of the picture, and wider, as those of many pictures are: what follows stays within bounds."""
        c = x.shape[1]
        gain, bias = self.draw(name + ".weight", (c,), 0.15, 0.8), self.draw(name + ".bias", (c,), 0.2)
        seen = x.mean((0, 2, 3)).numpy(), x.var((0, 2, 3), unbiased=False).numpy()
        mean = (seen[0] + 0.05 * self.rng.standard_normal(c)).astype(self.dtype)
        var = (seen[1] * self.rng.uniform(0.8, 1.2, c) + seen[0] ** 2 + 0.5).astype(self.dtype)
        self.tensors[name + ".running_mean"], self.tensors[name + ".running_var"] = mean, var
        self.tensors[name + ".num_batches_tracked"] = np.array(7, dtype=np.int64)
        return F.batch_norm(x, *(torch.from_numpy(v.astype(np.float64)) for v in (mean, var)), gain, bias, False, 0.0, self.eps)

    def gate(self, place, reduce, expand, x, units, act, opens):
        z = x.mean((2, 3), keepdim=True)
        s = opens(self.conv(expand, act(self.conv(reduce, z, units, bias=True)), x.shape[1], bias=True, gain=5.0))
        self.gates[place] = s.flatten()
        return x * s

    def linear(self, name, x, out):
        w, b = self.draw(name + ".weight", (out, x.shape[1]), 1 / math.sqrt(x.shape[1])), self.draw(name + ".bias", (out,), 0.1)
        return x @ w.T + b


def rounded(v, least=0.9):
    """The multiple of 8 nearest to v, not less than that share of it."""
    new = max(8, int(v + 4) // 8 * 8)
    return new + 8 if new < least * v else new


def seresnet(net, x, classes, layers=(3, 4, 6, 3), channels=(64, 128, 256, 512), base_width=64):
    x = F.max_pool2d(F.relu(net.norm("bn1", net.conv("conv1", x, 64, 7, 2))), 3, 2, 1)
    for s, (n, c) in enumerate(zip(layers, channels)):
        width, out = c * base_width // 64, 4 * c
        for b in range(n):
            p, stride = f"layer{s + 1}.{b}.", 2 if b == 0 and s > 0 else 1
            y = F.relu(net.norm(p + "bn1", net.conv(p + "conv1", x, width)))
            y = F.relu(net.norm(p + "bn2", net.conv(p + "conv2", y, width, 3, stride)))
            y = net.norm(p + "bn3", net.conv(p + "conv3", y, out))
            y = net.gate(f"stage{s + 1}.block{b + 1}", p + "se.fc1", p + "se.fc2", y, rounded(out / 16, 0), F.relu, torch.sigmoid)
            if stride > 1 or x.shape[1] != out:
                x = net.norm(p + "downsample.1", net.conv(p + "downsample.0", x, out, 1, stride))
            x = F.relu(x + y)
    return net.linear("fc", x.mean((2, 3)), classes) if classes else None


def inverted(net, place, p, x, k, stride, expansion, out, act, units, gate_act, opens):
    y = x
    if expansion:
        y = act(net.norm(p + "bn1", net.conv(p + "conv_pw", y, rounded(x.shape[1] * expansion))))
    c = y.shape[1]
    y = act(net.norm(p + ("bn2" if expansion else "bn1"), net.conv(p + "conv_dw", y, c, k, stride, groups=c)))
    if units:
        y = net.gate(place, p + "se.conv_reduce", p + "se.conv_expand", y, units(c, expansion or 1), gate_act, opens)
    y = net.norm(p + ("bn3" if expansion else "bn2"), net.conv(p + ("conv_pwl" if expansion else "conv_pw"), y, out))
    return x + y if stride == 1 and x.shape[1] == out else y


def stages(net, x, table, width, act_of, units, gate_act, opens):
    """table: of each stage its rows (repeats, kernel, stride, expansion, channels, gated, activation)."""
    for s, rows in enumerate(table):
        b = 0
        for repeats, k, stride, expansion, out, gated, act in rows:
            for i in range(repeats):
                x = inverted(net, f"stage{s + 1}.block{b + 1}", f"blocks.{s}.{b}.", x, k, stride if i == 0 else 1, expansion,
                             rounded(out * width), act, units if gated else None, gate_act, opens)
                b += 1
    return x


def mobilenetv3(net, x, classes, channel_multiplier=1.0, num_features=1280, bn_eps=1e-5):
    net.eps = bn_eps
    m, relu, swish = channel_multiplier, F.relu, F.hardswish
    x = swish(net.norm("bn1", net.conv("conv_stem", x, 16 if m < 0.75 else rounded(16 * m), 3, 2)))
    table = [[(1, 3, 1, 0, 16, False, relu)], [(1, 3, 2, 4, 24, False, relu), (1, 3, 1, 3, 24, False, relu)],
             [(3, 5, 2, 3, 40, True, relu)],
             [(1, 3, 2, 6, 80, False, swish), (1, 3, 1, 2.5, 80, False, swish), (2, 3, 1, 2.3, 80, False, swish)],
             [(2, 3, 1, 6, 112, True, swish)], [(3, 5, 2, 6, 160, True, swish)]]
    x = stages(net, x, table, m, None, lambda c, e: rounded(c / 4), relu, F.hardsigmoid)
    x = swish(net.norm("blocks.6.0.bn1", net.conv("blocks.6.0.conv", x, rounded(960 * m))))
    x = swish(net.conv("conv_head", x.mean((2, 3), keepdim=True), num_features, bias=True)).flatten(1)
    return net.linear("classifier", x, classes) if classes else None


def efficientnet(net, x, classes, channel_multiplier=1.0, num_features=None):
    m = channel_multiplier
    x = F.silu(net.norm("bn1", net.conv("conv_stem", x, rounded(32 * m), 3, 2)))
    rows = [(1, 3, 1, 0, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]
    x = stages(net, x, [[row + (True, F.silu)] for row in rows], m, None, lambda c, e: max(1, round(c * 0.25 / e)), F.silu, torch.sigmoid)
    x = F.silu(net.norm("bn2", net.conv("conv_head", x, num_features or rounded(1280 * m)))).mean((2, 3))
    return net.linear("classifier", x, classes) if classes else None


NETWORKS = {"seresnet50": seresnet, "mobilenetv3_large_100": mobilenetv3, "efficientnet_b0": efficientnet}


def write_safetensors(path, tensors):
    kinds, header, data = {"float32": "F32", "float16": "F16", "int64": "I64"}, {}, b""
    for name in sorted(tensors):
        raw = tensors[name].tobytes()
        header[name] = {"dtype": kinds[str(tensors[name].dtype)], "shape": list(tensors[name].shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + data)


def write_png(path, rgb):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", rgb.shape[1], rgb.shape[0], 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def picture(rng, side):
    """Something with large and small parts: noise alone would have the same mean in every channel."""
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [np.sin(2 * np.pi * (f * x + g * y) + p) for f, g, p in rng.uniform(-4, 4, (3, 3))]
    return np.clip(127 + 90 * np.stack(waves, -1) + 20 * rng.standard_normal((side, side, 3)), 0, 255).astype(np.uint8)


def write(name, architecture, folder, seed, side, labels, dtype, arguments, extra=None):
    rng = np.random.default_rng(seed + 100)
    rgb = picture(rng, side)
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    plain = rgb.astype(np.float64) / 255
    pixels = ((torch.from_numpy(plain) - torch.tensor(mean)) / torch.tensor(deviation)).permute(2, 0, 1)[None]
    net = Net(seed, dtype)
    classes = labels if isinstance(labels, int) else len(labels)
    logits = NETWORKS[architecture](net, pixels, classes, **arguments)
    config = {"architecture": architecture, "num_classes": classes, "global_pool": "avg", "model_args": arguments,
              "pretrained_cfg": {"input_size": [3, side, side], "interpolation": "bicubic", "crop_pct": 1.0, "crop_mode": "center",
                                 "mean": mean, "std": deviation, "num_classes": classes}}
    if not arguments:
        del config["model_args"]
    if not isinstance(labels, int):
        config["label_names"] = labels
    config.update(extra or {})
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f, indent=1)
        f.write("\n")
    write_safetensors(os.path.join(folder, "model.safetensors"), net.tensors)
    arrays = {"plain": plain.astype(np.float32) if side > 100 else plain, "logits": logits[0].numpy()}
    arrays.update({place: gate.numpy() for place, gate in net.gates.items()})
    print(name, len(net.tensors), "tensors,", sum(t.size for t in net.tensors.values()), "numbers,", len(net.gates), "gates, argmax",
          int(logits.argmax()), "gates from", float(min(g.min() for g in net.gates.values())), "to",
          float(max(g.max() for g in net.gates.values())))
    return arrays, rgb


def mechanisms():
    rng = np.random.default_rng(31)
    arrays = {}
    for i, (channels, k, stride, height, width) in enumerate([(5, 3, 1, 7, 9), (16, 5, 2, 8, 11), (67, 3, 2, 9, 6), (96, 5, 1, 4, 3), (2, 7, 2, 1, 2)]):
        x, w, b = rng.standard_normal((2, channels, height, width)), rng.standard_normal((channels, 1, k, k)), rng.standard_normal(channels)
        y = F.conv2d(torch.from_numpy(x), torch.from_numpy(w), torch.from_numpy(b), stride=stride, padding=k // 2, groups=channels)
        arrays.update({f"depthwise{i}.x": x.transpose(0, 2, 3, 1), f"depthwise{i}.weight": w, f"depthwise{i}.bias": b,
                       f"depthwise{i}.y": y.numpy().transpose(0, 2, 3, 1), f"depthwise{i}.stride": np.array([float(stride)])})
    x = np.concatenate([np.linspace(-5, 5, 41), [-3.0, 3.0, -1e30, 1e30, 0.0]])
    arrays.update({"lines.x": x, "lines.hard_sigmoid": F.hardsigmoid(torch.from_numpy(x)).numpy(), "lines.hard_swish": F.hardswish(torch.from_numpy(x)).numpy()})
    for name, act, opens in (("silu", F.silu, torch.sigmoid), ("hard", F.relu, F.hardsigmoid)):
        given = rng.standard_normal((3, 4, 5, 6))
        reduce, expand, b1, b2 = (rng.standard_normal(shape) for shape in ((2, 6), (6, 2), (2,), (6,)))
        z = torch.from_numpy(given).mean((1, 2))
        u = act(z @ torch.from_numpy(reduce).T + torch.from_numpy(b1))
        gate = opens(2 * (u @ torch.from_numpy(expand).T + torch.from_numpy(b2)))
        arrays.update({f"{name}.given": given, f"{name}.reduce": reduce, f"{name}.expand": 2 * expand, f"{name}.reduce_bias": b1, f"{name}.expand_bias": 2 * b2,
                       f"{name}.pooled": z.numpy(), f"{name}.bottleneck": u.numpy(), f"{name}.gate": gate.numpy(),
                       f"{name}.refined": given * gate.numpy()[:, None, None]})
    np.savez_compressed(os.path.join(HERE, "timm_mechanisms.npz"), **arrays)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", nargs=2, metavar=("NAME", "FOLDER"))
    asked = parser.parse_args()
    if asked.full:
        name, folder = asked.full
        arrays, rgb = write(name, name, folder, 1, 224, 1000, np.float32, {})
        np.savez(os.path.join(folder, "golden.npz"), **arrays)
        write_png(os.path.join(folder, "picture.png"), rgb)
        return
    small = [("seresnet50", 21, 64, ["cat", "dog", "ship", "frog", "plane"], {"layers": [1, 2, 1, 1], "channels": [4, 6, 8, 8], "base_width": 48}, {}),
             ("mobilenetv3_large_100", 22, 64, ["n1", "n2", "n3"], {"channel_multiplier": 0.1, "num_features": 40, "bn_eps": 0.01},
              {"label_descriptions": {"n1": "tabby, tabby cat", "n3": "liner"}}),
             ("efficientnet_b0", 23, 64, ["cat", "dog", "ship", "frog"], {"channel_multiplier": 0.1, "num_features": 24}, {})]
    mechanisms()
    for name, seed, side, labels, arguments, extra in small:
        arrays, _ = write(name, name, os.path.join(HERE, "timm_" + name), seed, side, labels, np.float16, arguments, extra)
        np.savez_compressed(os.path.join(HERE, f"timm_{name}.npz"), **arrays)


if __name__ == "__main__":
    main()
