#!/usr/bin/python3
"""Trains ResNet-20 on CIFAR-10 in PyTorch as `saccade train cifar-resnet20` does, and prints its accuracy on the test pictures.

    cifar_pytorch.py FOLDER [--epochs 60] [--small-share 0.5] [--warm-up 0.1] [--smoothing 0.05] [--seed 7]

FOLDER holds train/CLASS/* and test/CLASS/*. The recipe is that of src/train/resnet_task.cpp: batches of 128, SGD with Nesterov momentum, windows of the
picture with a border of 4 pixels or, in the first steps, of 24 pixels within it, mirrored half the time; weight decay on all but norms and biases. Random
numbers are PyTorch's own, so two trainings agree as two seeds do. Pictures are read by ImageMagick (`convert`), not by our readers (both use libjpeg).
"""
import argparse
import math
import os
import subprocess
import time

import numpy as np
import torch
import torch.nn.functional as F
from vision_pytorch import network

SIDE, BATCH, PEAK, DECAY, SMALL, BORDER, SETTLED = 32, 128, 0.2, 5e-4, 24, 4, 2048
MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def pictures(folder):
    """uint8 [n, 3, 32, 32] and labels [n], folder by folder."""
    values, labels = [], []
    for label, name in enumerate(sorted(os.listdir(folder))):
        here = os.path.join(folder, name)
        files = sorted(os.listdir(here))
        for first in range(0, len(files), 1000):
            some = files[first:first + 1000]
            raw = subprocess.run(["convert", *some, "-depth", "8", "rgb:-"], cwd=here, check=True, capture_output=True).stdout
            values.append(np.frombuffer(raw, dtype=np.uint8).reshape(len(some), SIDE, SIDE, 3))
            labels += [label] * len(some)
    return torch.from_numpy(np.concatenate(values)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)


def normalised(x):
    shape = (1, 3, 1, 1)
    return (x.float() / 255 - torch.tensor(MEAN).view(shape)) / torch.tensor(DEVIATION).view(shape)


def windows(x, size, border):
    """One window a picture, mirrored half the time; what lies outside is 0."""
    n, last = len(x), SIDE + 2 * border - size
    padded = F.pad(x, (border,) * 4)
    top, left = torch.randint(0, last + 1, (n, 1, 1, 1)), torch.randint(0, last + 1, (n, 1, 1, 1))
    rows, columns = top + torch.arange(size).view(1, 1, -1, 1), torch.arange(size).view(1, 1, 1, -1).expand(n, 1, 1, size)
    columns = left + torch.where(torch.rand(n, 1, 1, 1) < 0.5, columns, size - 1 - columns)
    return padded[torch.arange(n).view(-1, 1, 1, 1), torch.arange(3).view(1, 3, 1, 1), rows, columns]


def initialise(model):
    """Normal numbers of variance 2 / fan in for convolutions (He 2015)."""
    for p in model.parameters():
        if p.dim() == 4:
            torch.nn.init.normal_(p, 0, math.sqrt(2 / p[0].numel()))


def rate(step, total, warm_up):
    if step < warm_up:
        return PEAK * (step + 1) / warm_up
    return PEAK * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, total - warm_up)))


def recalibrate_norms(model, x):
    """The statistics of the population: those of 16 batches of training pictures, as they are."""
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    with torch.no_grad():
        for some in torch.randperm(len(x))[:SETTLED].split(BATCH):
            model(normalised(x[some]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--small-share", type=float, default=0.5)
    parser.add_argument("--warm-up", type=float, default=0.1)
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    (x, y), (test_x, test_y) = pictures(os.path.join(args.folder, "train")), pictures(os.path.join(args.folder, "test"))
    model = network().to(memory_format=torch.channels_last).train()
    torch.manual_seed(args.seed)
    initialise(model)
    groups = [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": DECAY},
              {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0}]
    optimiser = torch.optim.SGD(groups, lr=PEAK, momentum=0.9, nesterov=True)
    per_epoch = len(x) // BATCH
    total, started = per_epoch * args.epochs, time.monotonic()
    for step in range(total):
        if step % per_epoch == 0:
            order = torch.randperm(len(x))
        chosen = order[step % per_epoch * BATCH:][:BATCH]
        small = step < args.small_share * total
        batch = windows(normalised(x[chosen]), *((SMALL, 0) if small else (SIDE, BORDER)))
        for group in optimiser.param_groups:
            group["lr"] = rate(step, total, args.warm_up * total)
        optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(batch.to(memory_format=torch.channels_last)), y[chosen], label_smoothing=args.smoothing)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimiser.step()
        if step % 200 == 199:
            print(f"step {step + 1}/{total}  loss {loss.item():.4f}", flush=True)
    seconds = time.monotonic() - started
    recalibrate_norms(model, x)
    model.eval()
    with torch.no_grad():
        hits = sum((model(normalised(a)).argmax(1) == b).sum().item() for a, b in zip(test_x.split(500), test_y.split(500)))
    print(f"{args.epochs} epochs  accuracy {hits / len(test_y):.4f} on {len(test_y)} test pictures  {seconds:.0f} s")


if __name__ == "__main__":
    main()
