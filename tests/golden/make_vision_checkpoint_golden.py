#!/usr/bin/env python3
"""Small models of pictures with random weights, each in its family's own layout, and what float64 PyTorch makes of them.

    make_vision_checkpoint_golden.py    writes vision_NAME/{config.json, model.safetensors, preprocessor_config.json}, vision_NAME.npz
                                        and vision_resample.npz beside itself

Written out from the papers (Dosovitskiy 2021; Touvron 2021; Abnar and Zuidema 2020; Chefer 2021), without the program's code and names.
"""
import json
import math
import os

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from checkpoint_common import Draw, attention, heads, joined, write_files

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)


def layer(t, p, x, h, d, eps):
    lin = lambda name, x: x @ t[p + name + ".weight"].T + (t[p + name + ".bias"] if p + name + ".bias" in t else 0)
    ln = lambda name, x: F.layer_norm(x, (d,), t[p + name + ".weight"], t[p + name + ".bias"], eps)
    y = ln("layernorm_before", x)
    q, k, v = (heads(lin("attention.attention." + part, y), h) for part in ("query", "key", "value"))
    everything = torch.ones(x.shape[0], x.shape[0], dtype=torch.bool)
    a, z = attention(q, k, v, everything)
    a.retain_grad()
    x = x + lin("attention.output.dense", joined(a @ v))
    return x + lin("output.dense", F.gelu(lin("intermediate.dense", ln("layernorm_after", x)))), a


def rolled(maps):
    """Abnar and Zuidema 2020, section 3.1: [L, T, T] of the heads' mean, the residual beside it."""
    through, all_through = None, []
    for a in maps:
        mixed = a.mean(0) / 2 + torch.eye(a.shape[-1]) / 2
        mixed = mixed / mixed.sum(-1, keepdim=True)
        through = mixed if through is None else mixed @ through
        all_through.append(through)
    return torch.stack(all_through)


def relevance(maps, gradients):
    """Chefer 2021, eq. 5 and 6."""
    r, all_r = torch.eye(maps[0].shape[-1]), []
    for a, g in zip(maps, gradients):
        r = r + (g * a).clamp(min=0).mean(0) @ r
        all_r.append(r)
    return torch.stack(all_r)


def vision(name, root, seed, sizes, size, patch, channels, distilled, both, labels, sides, biased=True, eps=1e-12):
    L, h, d, f = sizes
    H, W = size
    rows, cols, special, K = H // patch, W // patch, 2 if distilled else 1, len(labels)
    w = Draw(seed)
    w(root + "embeddings.cls_token", 1, 1, d)
    if distilled:
        w(root + "embeddings.distillation_token", 1, 1, d)
    w(root + "embeddings.position_embeddings", 1, rows * cols + special, d)
    w(root + "embeddings.patch_embeddings.projection.weight", d, channels, patch, patch, scale=0.2)
    w(root + "embeddings.patch_embeddings.projection.bias", d)
    for l in range(L):
        p = f"{root}encoder.layer.{l}."
        for part, (out, inner) in {"attention.attention.query": (d, d), "attention.attention.key": (d, d),
                                   "attention.attention.value": (d, d), "attention.output.dense": (d, d),
                                   "intermediate.dense": (f, d), "output.dense": (d, f)}.items():
            w(p + part + ".weight", out, inner, scale=0.4)
            if biased or "attention.attention" not in part:
                w(p + part + ".bias", out)
        w.norm(p + "layernorm_before", d); w.norm(p + "layernorm_after", d)
    w.norm(root + "layernorm", d)
    read = ["cls_classifier", "distillation_classifier"] if both else ["classifier"]
    for part in read:
        w(part + ".weight", K, d); w(part + ".bias", K)
    config = {"model_type": root[:-1], "num_hidden_layers": L, "num_attention_heads": h, "hidden_size": d, "intermediate_size": f,
              "hidden_act": "gelu", "layer_norm_eps": eps, "image_size": H if H == W else [H, W], "patch_size": patch,
              "num_channels": channels, "qkv_bias": biased, "id2label": {str(i): label for i, label in enumerate(labels)}}
    mean, deviation = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) if channels == 3 else ([0.1307], [0.3081])
    reading = {"do_resize": True, "size": {"height": H, "width": W}, "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255,
               "do_normalize": True, "image_mean": mean, "image_std": deviation}
    t = w.tensors

    def embedded(plain, positions):
        pixels = (torch.from_numpy(plain) - torch.tensor(mean)) / torch.tensor(deviation)
        x = F.conv2d(pixels.permute(2, 0, 1)[None], t[root + "embeddings.patch_embeddings.projection.weight"],
                     t[root + "embeddings.patch_embeddings.projection.bias"], stride=patch)[0].flatten(1).T
        first = [t[root + "embeddings.cls_token"][0]] + ([t[root + "embeddings.distillation_token"][0]] if distilled else [])
        return torch.cat(first + [x]) + positions

    def read_out(x):
        last = F.layer_norm(x, (d,), t[root + "layernorm.weight"], t[root + "layernorm.bias"], eps)
        return sum(last[i] @ t[part + ".weight"].T + t[part + ".bias"] for i, part in enumerate(read)) / len(read)

    plain = np.random.default_rng(seed + 100).integers(0, 256, (H, W, channels)).astype(np.float64) / 255
    own_positions = t[root + "embeddings.position_embeddings"][0]
    x = embedded(plain, own_positions).requires_grad_()
    states, maps = [], []
    for l in range(L):
        x, a = layer(t, f"{root}encoder.layer.{l}.", x, h, d, eps)
        states.append(x); maps.append(a)
    logits = read_out(x)
    logits.max().backward()
    gradients = [a.grad for a in maps]
    arrays = {"plain": torch.from_numpy(plain), "states": torch.stack(states), "weights": torch.stack(maps), "logits": logits,
              "gradients": torch.stack(gradients), "rollout": rolled(maps), "relevance": relevance(maps, gradients)}
    for side in sides:  # pictures of another size: the codes of the patches interpolated as they lie over the picture
        height, width = H * side // min(H, W), W * side // min(H, W)
        grid = own_positions[special:].reshape(1, rows, cols, d).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, size=(height // patch, width // patch), mode="bicubic", align_corners=False)
        positions = torch.cat([own_positions[:special], grid.permute(0, 2, 3, 1).reshape(-1, d)])
        other = np.random.default_rng(seed + 200 + side).integers(0, 256, (height, width, channels)).astype(np.float64) / 255
        x, maps = embedded(other, positions).requires_grad_(), []
        for l in range(L):
            x, a = layer(t, f"{root}encoder.layer.{l}.", x, h, d, eps)
            maps.append(a)
        arrays |= {f"plain_{side}": torch.from_numpy(other), f"positions_{side}": positions, f"weights_{side}": torch.stack(maps),
                   f"logits_{side}": read_out(x)}
    folder = os.path.join(HERE, "vision_" + name)
    write_files(folder, config, t)
    with open(os.path.join(folder, "preprocessor_config.json"), "w", encoding="utf-8") as file:
        json.dump(reading, file, indent=1)
        file.write("\n")
    arrays = {k: v.detach().numpy() for k, v in arrays.items()}
    np.savez_compressed(os.path.join(HERE, f"vision_{name}.npz"), **arrays)
    print(name, {k: v.shape for k, v in arrays.items()}, "argmax", int(arrays["logits"].argmax()))


FILTERS = {"bilinear": (1, lambda x: np.clip(1 - np.abs(x), 0, None)),
           "bicubic": (2, lambda x: np.where(np.abs(x) < 1, 1.5 * np.abs(x) ** 3 - 2.5 * x ** 2 + 1,
                                             np.where(np.abs(x) < 2, -0.5 * np.abs(x) ** 3 + 2.5 * x ** 2 - 4 * np.abs(x) + 2, 0))),
           "lanczos": (3, lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)),
           "hamming": (1, lambda x: np.where(np.abs(x) < 1, np.sinc(x) * (0.54 + 0.46 * np.cos(math.pi * x)), 0))}


def resample_matrix(inner, outer, name):
    """[outer, inner]: a filter that is as wide as a pixel of the smaller picture, its weights brought to sum 1."""
    reach, f = FILTERS[name]
    scale = inner / outer
    wide = max(1.0, scale)
    center = (np.arange(outer)[:, None] + 0.5) * scale
    m = f((np.arange(inner)[None] + 0.5 - center) / wide)
    return m / m.sum(1, keepdims=True)


def resampled(picture, height, width, name):
    to_bytes = lambda x: np.floor(np.clip(x + 0.5, 0, 255))
    wide = to_bytes(np.einsum("ox,yxc->yoc", resample_matrix(picture.shape[1], width, name), picture))
    return to_bytes(np.einsum("oy,yxc->oxc", resample_matrix(picture.shape[0], height, name), wide))


def pillows(picture, height, width, name):
    """Pillow itself."""
    image = Image.fromarray(picture.astype(np.uint8))
    return np.asarray(image.resize((width, height), getattr(Image.Resampling, name.upper()))).astype(np.float64)


def resample():
    picture = np.random.default_rng(7).integers(0, 256, (11, 23, 3)).astype(np.float64)
    dull = np.round(picture / 3 + 80)  # nothing is cut off between the passes
    arrays = {"picture": picture}
    for name in FILTERS:
        for height, width in ((5, 7), (17, 31), (11, 9)):
            if name in ("bilinear", "bicubic"):  # PyTorch's own, which does not round between
                other = F.interpolate(torch.from_numpy(dull).permute(2, 0, 1)[None], (height, width), mode=name, antialias=True)[0]
                assert np.abs(other.permute(1, 2, 0).numpy() - resampled(dull, height, width, name)).max() < 2, name
            pillow = pillows(picture, height, width, name)
            assert np.abs(pillow - resampled(picture, height, width, name)).max() <= 1, name  # its weights are of 22 bits
            arrays[f"{name}_{height}x{width}"] = pillow
    large = np.random.default_rng(8).integers(0, 256, (47, 66, 3)).astype(np.float64)
    arrays["large"] = large
    for name in ("nearest", "box", *FILTERS):
        arrays[f"large_{name}"] = pillows(large, 31, 20, name)
    np.savez_compressed(os.path.join(HERE, "vision_resample.npz"), **arrays)


def main():
    vision("vit", "vit.", 11, (2, 3, 12, 20), (12, 12), 4, 3, False, False, ["cat", "dog", "a ship, at sea", "frog"], (20, 8))
    vision("deit", "deit.", 12, (3, 2, 8, 14), (8, 12), 4, 3, True, True, ["cat", "dog", "ship"], (18,))
    vision("deit_plain", "deit.", 13, (2, 2, 8, 12), (9, 6), 3, 1, False, False, ["0", "1", "2"], (12, 4), biased=False)
    resample()


if __name__ == "__main__":
    main()
