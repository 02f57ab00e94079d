#!/usr/bin/python3
"""Milliseconds of the same models under ONNX Runtime (CPU, all its outputs fetched), at its best on this machine.

    onnxruntime_best.py mha   [--lengths 64,256,512,1024]   as attention_pytorch.py
    onnxruntime_best.py gpt2  [--lengths 1,16,64,256]       as attention_pytorch.py
    onnxruntime_best.py infer [--lengths 32,128,512]        as vision_pytorch.py

Needs python3-torch to write the models down, and Node.js with onnxruntime-node (npm install onnxruntime-node@1.20.1 in a folder, which SACCADE_ONNXRUNTIME
then names; or installed for all). `saccade bench` calls this where it is to be had. Printed is {LENGTH: {"ms": best median, "setting": "..."}}.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

DEFAULT_LENGTHS = {"mha": "64,256,512,1024", "gpt2": "1,16,64,256", "infer": "32,128,512"}
BUDGET = {"mha": 500, "gpt2": 2000, "infer": 700}


def node_modules():
    chosen = os.environ.get("SACCADE_ONNXRUNTIME")
    if chosen:
        return os.path.join(chosen, "node_modules")
    return subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=True).stdout.strip()


def model_of(what, length):
    """(f, x): f of tensors, x what it is called with."""
    import torch
    import torch.nn.functional as F
    if what == "mha":
        import attention_pytorch
        return attention_pytorch.mha_by_hand(length)
    if what == "gpt2":
        import attention_pytorch
        model, ids = attention_pytorch.gpt2_model(length)
        return (lambda x: model(x, attention_pytorch.gpt2_model.layers, F.linear)), ids
    import vision_pytorch
    return vision_pytorch.network().eval(), torch.rand(1, 3, length, length)


def write_models(what, lengths, folder):
    import warnings

    import torch
    warnings.simplefilter("ignore")  # of shapes that do not change here

    class Written(torch.nn.Module):
        def __init__(self, f):
            super().__init__()
            self.f = f

        def forward(self, x):
            return self.f(x)

    for n in lengths:
        f, x = model_of(what, int(n))
        torch.onnx.export(Written(f).eval(), x, os.path.join(folder, f"{n}.onnx"), opset_version=16, do_constant_folding=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(DEFAULT_LENGTHS))
    parser.add_argument("--lengths")
    args = parser.parse_args()
    lengths = (args.lengths or DEFAULT_LENGTHS[args.what]).split(",")
    environment = dict(os.environ, NODE_PATH=node_modules())
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnxruntime_run.js")
    # Asked before the models are written, which takes seconds.
    if subprocess.run(["node", "-e", "require('onnxruntime-node')"], env=environment, capture_output=True).returncode != 0:
        sys.exit("there is no onnxruntime-node")
    with tempfile.TemporaryDirectory() as folder:
        write_models(args.what, lengths, folder)
        command = ["node", script, folder, str(BUDGET[args.what]), *lengths]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "ONNX Runtime failed")
    print(done.stdout, end="")


if __name__ == "__main__":
    main()
