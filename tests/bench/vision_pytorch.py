#!/usr/bin/python3
"""Milliseconds of ResNet-20 (He 2016, section 4.2) in PyTorch, at PyTorch's best on this machine.

    vision_pytorch.py train [--lengths 128]      a step on a batch of so many pictures of 32 x 32: forward, backward, SGD with Nesterov momentum
    vision_pytorch.py infer [--lengths 128,512]  one picture of so many pixels a side, norms of a population

The same work as `saccade bench --only vision`, which calls this; how it is measured, and what is printed: pytorch_best.py. Ways that are tried:
channels last or first, oneDNN on or off; for inference also a traced, frozen and optimised graph, into which norms are folded.
"""
import sys
import time

import pytorch_best
from pytorch_best import median_ms

DEFAULT_LENGTHS = {"train": "128", "infer": "128,512"}


def network():
    import torch
    import torch.nn.functional as F
    from torch import nn

    class Block(nn.Module):
        def __init__(self, width_in, width, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(width)
            self.stride, self.more = stride, width - width_in

        def forward(self, x):
            y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)), inplace=True)))
            if self.stride > 1:
                x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more))
            return F.relu(y + x, inplace=True)

    class ResNet20(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.norm = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
            widths = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2 + [(32, 64, 2)] + [(64, 64, 1)] * 2
            self.blocks = nn.Sequential(*(Block(*w) for w in widths))
            self.classifier = nn.Linear(64, 10)

        def forward(self, x):
            x = self.blocks(F.relu(self.norm(self.stem(x)), inplace=True))
            return self.classifier(x.mean((2, 3)))

    torch.manual_seed(7)
    return ResNet20()


def training_ways(batch):
    import torch
    import torch.nn.functional as F
    ways = {}
    for name, layout in (("channels first", torch.contiguous_format), ("channels last", torch.channels_last)):
        model = network().to(memory_format=layout).train()
        optimiser = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, nesterov=True, weight_decay=5e-4, foreach=True)
        x = torch.randn(batch, 3, 32, 32).to(memory_format=layout)
        target = torch.randint(0, 10, (batch,))

        def step(model=model, optimiser=optimiser, x=x, target=target):
            optimiser.zero_grad(set_to_none=True)
            F.cross_entropy(model(x), target).backward()
            optimiser.step()

        ways[name] = step
    return ways


def inference_ways(pixels):
    import torch
    ways = {}
    for name, layout in (("channels first", torch.contiguous_format), ("channels last", torch.channels_last)):
        model = network().to(memory_format=layout).eval()
        x = torch.rand(1, 3, pixels, pixels).to(memory_format=layout)
        ways[name] = lambda model=model, x=x: model(x)
        graph = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, x)))
        ways[f"{name}, optimised graph"] = lambda graph=graph, x=x: graph(x)
    return ways


def measure(what, lengths):
    import contextlib

    import torch
    results = {}
    for n in lengths:
        results[n] = {}
        for onednn in (True, False):
            torch._C._set_mkldnn_enabled(onednn)
            with contextlib.ExitStack() as stack:
                if what == "infer":
                    stack.enter_context(torch.no_grad())
                for name, way in (training_ways if what == "train" else inference_ways)(int(n)).items():
                    way()
                    start = time.perf_counter()
                    way()
                    ms = (time.perf_counter() - start) * 1e3
                    # What is far behind already needs no more calls.
                    if ms < 2 * min(results[n].values(), default=ms):
                        ms = median_ms(way, 1500 if what == "train" else 700)
                    results[n][f"{name}, oneDNN {'on' if onednn else 'off'}"] = ms
    return results


if __name__ == "__main__":
    sys.exit(pytorch_best.main(__doc__, __file__, DEFAULT_LENGTHS, measure))
