#!/usr/bin/env python3
"""Golden values of the exhibits channel and spatial: the bundled CIFAR-10 networks, read without the program's code and run by torch.nn.functional in
float64, batch norm and all, with Grad-CAM by torch.autograd.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 make_resnet_run_golden.py

Writes resnet_run_none.npz, resnet_run_se.npz and resnet_run_cbam.npz.
"""
import math
import os

import torch
import torch.nn.functional as F

from golden_common import ASSETS, read_card, read_safetensors, write_golden

# name: model, (stage, block), (height, width); Grad-CAM is of the likeliest class. Norms have statistics for several sizes: here the least and the second are used.
CASES = {
    "resnet_run_none": ("cifar-resnet20", (3, 3), (16, 24)),
    "resnet_run_se": ("cifar-se-resnet20", (3, 1), (48, 52)),
    "resnet_run_cbam": ("cifar-cbam-resnet20", (2, 2), (16, 24)),
}


def picture(size):
    """[y, x, 3], 0 to 1: bright and dark places of several sizes, exact in float32."""
    torch.manual_seed(7)
    colours = sum(F.interpolate(torch.rand(1, 3, n, n, dtype=torch.float64), size, mode="bicubic") for n in (2, 5, 9))
    colours = (colours - colours.min()) / (colours.max() - colours.min())
    return (colours[0].permute(1, 2, 0) * 255).round().div(255).float().double()


class Network:
    """ResNet-20 with the attention that the card names, remembering everything of one block."""

    def __init__(self, model):
        path = os.path.join(ASSETS, model + ".safetensors")
        self.w, card = read_safetensors(path), read_card(path)
        self.design = card["network"]
        self.out = {}

    def norm(self, x, name):
        """With the statistics of the size that is as many times smaller or larger as can be (Wang 2020)."""
        sides = self.design.get("sides", [32])
        nearest = min(sides, key=lambda side: abs(math.log(self.side / side)))
        end = "" if nearest == sides[0] else f"_{nearest}"
        return F.batch_norm(x, *(self.w[f"{name}.{part}"] for part in ("mean" + end, "variance" + end, "gain", "bias")), eps=1e-5)

    def attention(self, x, at, show):
        kind, w = self.design["attention"], lambda name: self.w[f"{at}.attention.{name}"]
        if kind == "none":
            return x
        pooled, largest = x.mean((2, 3)), x.amax((2, 3))
        show("pooled", pooled[0])
        hidden = F.linear(pooled, w("reduce.weight")).relu()
        show("bottleneck", hidden[0])
        scores = F.linear(hidden, w("expand.weight"))
        if kind == "cbam":
            show("pooled_max", largest[0])
            hidden = F.linear(largest, w("reduce.weight")).relu()
            show("bottleneck_max", hidden[0])
            scores = scores + F.linear(hidden, w("expand.weight"))
        show("gate_scores", scores[0])
        gate = scores.sigmoid()
        show("gate", gate[0], everywhere=True)
        x = x * gate[:, :, None, None]
        show("refined", x[0])
        if kind == "se":
            return x
        maps = torch.stack([x.mean(1), x.amax(1)], 1)
        show("mean_map", maps[0, 0])
        show("max_map", maps[0, 1])
        scores = F.conv2d(maps, w("spatial.weight"), w("spatial.bias"), padding=self.design["kernel"] // 2)
        show("spatial_scores", scores[0, 0])
        show("spatial", scores.sigmoid()[0, 0], everywhere=True)
        x = x * scores.sigmoid()
        show("scaled", x[0])
        return x

    def __call__(self, pixels, shown):
        self.side = min(pixels.shape[:2])
        mean, deviation = (torch.tensor(self.design[key], dtype=torch.float64) for key in ("mean", "deviation"))
        x = ((pixels - mean) / deviation).permute(2, 0, 1)[None]
        x = self.norm(F.conv2d(x, self.w["stem.weight"], padding=1), "stem.norm").relu()
        for stage in (1, 2, 3):
            for block in range(1, self.design["blocks"] + 1):
                at, here = f"stage{stage}.block{block}", (stage, block) == shown

                def show(name, value, everywhere=False):
                    if here or everywhere:
                        self.out[f"{at}.{name}"] = value

                stride = 2 if stage > 1 and block == 1 else 1
                shortcut = x[:, :, ::stride, ::stride]
                middle = self.norm(F.conv2d(x, self.w[at + ".conv1.weight"], padding=1, stride=stride), at + ".norm1").relu()
                show("middle", middle[0])
                y = self.norm(F.conv2d(middle, self.w[at + ".conv2.weight"], padding=1), at + ".norm2")
                shortcut = F.pad(shortcut, (0, 0, 0, 0, 0, y.shape[1] - shortcut.shape[1]))
                show("shortcut", shortcut[0])
                show("features", y[0])
                x = (self.attention(y, at, show) + shortcut).relu()
                show("output", x[0])
                if here:
                    x = x.detach().requires_grad_()
                    kept = x
        pooled = x.mean((2, 3))
        logits = F.linear(pooled, self.w["classifier.weight"], self.w["classifier.bias"])[0]
        gradient, = torch.autograd.grad(logits.max(), kept)
        weight = gradient[0].mean((1, 2))
        combined = (weight[:, None, None] * kept[0]).sum(0)
        self.out.update({"classifier.input": pooled[0], "logits": logits, "probabilities": logits.softmax(0), "grad_cam.gradient": gradient[0],
                         "grad_cam.weight": weight, "grad_cam.sum": combined, "grad_cam": combined.relu() / combined.max()})
        return {name: value.detach().numpy() for name, value in self.out.items()}


def main():
    for name, (model, shown, size) in CASES.items():
        pixels = picture(size)
        values = Network(model)(pixels, shown)
        assert values["grad_cam"].max() == 1, f"{name}: Grad-CAM is 0 everywhere; choose another picture"
        write_golden(name, {"input": pixels.numpy(), **values})
        print(f"{name}: {len(values) + 1} tensors, class {values['logits'].argmax()}")


if __name__ == "__main__":
    main()
