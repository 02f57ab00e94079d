#!/usr/bin/python3
"""Milliseconds per training step of the dates model in PyTorch, at PyTorch's best on this machine.

The same sizes, batch and work as `saccade bench` measures: bidirectional GRU encoder, GRU decoder with additive attention
(Bahdanau 2014), teacher forcing over 11 output characters, cross-entropy plus the alignment loss, gradient clipping, Adam.

Prints one JSON object: {"ms_per_step": best, "setting": "...", "all": {setting: ms}}.
Each setting runs in a process of its own, because PyTorch and OpenBLAS fix their thread pools at start. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE
are unset: a preset for older processors makes PyTorch slower than it is.

    train_step_pytorch.py [--lengths F.json] [--steps N] [--batch N]

F.json: a list of batches, each a list of source lengths (as written by `saccade bench --lengths F.json`); without it, lengths are drawn
uniformly from 8 to 32.
"""
import argparse
import json
import os
import subprocess
import sys
import time

CORES = os.cpu_count() or 1
SETTINGS = [
    # (torch threads, environment, packed sequences). With one torch thread OpenBLAS still uses all cores unless told otherwise.
    (threads, environment, packed)
    for threads, environment in ((1, {}), (1, {"OPENBLAS_NUM_THREADS": "1"}), (CORES, {"OMP_WAIT_POLICY": "PASSIVE"}),
                                 (CORES, {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}))
    for packed in (False, True)
]


def sizes(args):
    return dict(source_vocabulary=args.source_vocabulary, output_vocabulary=13, embedding=args.embedding,
                encoder=args.encoder, decoder=args.decoder, attention=args.attention, output_length=11)


def measure(args, packed):
    import torch
    from torch import nn
    torch.set_num_threads(args.threads)
    torch.manual_seed(7)
    s = sizes(args)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            h = 2 * s["encoder"]
            self.source_embedding = nn.Embedding(s["source_vocabulary"], s["embedding"])
            self.encoder = nn.GRU(s["embedding"], s["encoder"], batch_first=True, bidirectional=True)
            self.initial = nn.Linear(s["encoder"], s["decoder"])
            self.key = nn.Linear(h, s["attention"], bias=False)
            self.query = nn.Linear(s["decoder"], s["attention"], bias=False)
            self.v = nn.Parameter(torch.randn(s["attention"]) * 0.1)
            self.output_embedding = nn.Embedding(s["output_vocabulary"], s["embedding"])
            self.decoder = nn.GRUCell(s["embedding"] + h, s["decoder"])
            self.readout = nn.Linear(s["decoder"] + h, s["output_vocabulary"])

        def forward(self, source, lengths, mask, previous):
            x = self.source_embedding(source)
            if packed:
                p = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=True)
                annotations, _ = nn.utils.rnn.pad_packed_sequence(self.encoder(p)[0], batch_first=True)
            else:
                annotations, _ = self.encoder(x)
            state = torch.tanh(self.initial(annotations[:, 0, s["encoder"]:]))
            keys = self.key(annotations)
            y = self.output_embedding(previous)
            readout_in, all_weights = [], []
            for i in range(s["output_length"]):
                scores = torch.matmul(torch.tanh(self.query(state).unsqueeze(1) + keys), self.v) + mask
                weights = torch.softmax(scores, dim=1)
                context = torch.bmm(weights.unsqueeze(1), annotations).squeeze(1)
                state = self.decoder(torch.cat([y[:, i], context], dim=1), state)
                readout_in.append(torch.cat([state, context], dim=1))
                all_weights.append(weights)
            return self.readout(torch.stack(readout_in, 1)), torch.stack(all_weights, 1)

    generator = torch.Generator().manual_seed(7)
    if args.lengths:
        with open(args.lengths) as f:
            all_lengths = [sorted(b, reverse=True) for b in json.load(f)]
    else:
        all_lengths = [sorted(torch.randint(8, 33, (args.batch,), generator=generator).tolist(), reverse=True) for _ in range(16)]
    batches = []
    for lengths in all_lengths:
        n, t = len(lengths), max(lengths)
        lens = torch.tensor(lengths)
        padded = torch.arange(t).unsqueeze(0) >= lens.unsqueeze(1)
        mask = torch.zeros(n, t).masked_fill(padded, float("-inf"))
        gold = (torch.rand(n, s["output_length"], t, generator=generator) < 0.1).float() * (~padded).unsqueeze(1)
        batches.append((torch.randint(0, s["source_vocabulary"], (n, t), generator=generator), lens, mask,
                        torch.randint(0, s["output_vocabulary"], (n, s["output_length"]), generator=generator),
                        torch.randint(0, s["output_vocabulary"], (n, s["output_length"]), generator=generator), gold))

    model = Model()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
    cross_entropy = nn.CrossEntropyLoss()

    def step(i):
        source, lens, mask, previous, target, gold = batches[i % len(batches)]
        optimiser.zero_grad(set_to_none=True)
        logits, weights = model(source, lens, mask, previous)
        loss = cross_entropy(logits.flatten(0, 1), target.flatten())
        loss = loss - args.alignment_loss * torch.log((weights * gold).sum(-1) + 1e-6).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    for i in range(max(5, args.steps // 5)):
        step(i)
    times = []
    for i in range(args.steps):
        start = time.perf_counter()
        step(i)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return times[len(times) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--source-vocabulary", type=int, default=96)
    parser.add_argument("--embedding", type=int, default=32)
    parser.add_argument("--encoder", type=int, default=64, help="per direction")
    parser.add_argument("--decoder", type=int, default=128)
    parser.add_argument("--attention", type=int, default=64)
    parser.add_argument("--alignment-loss", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--packed", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.threads:
        print(json.dumps(measure(args, args.packed)))
        return 0
    results = {}
    for threads, extra, packed in SETTINGS:
        environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        environment.update(extra)
        command = [sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--threads", str(threads)] + (["--packed"] if packed else [])
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "PyTorch failed", file=sys.stderr)
            return 1
        name = ", ".join([f"torch threads {threads}", *(f"{k}={v}" for k, v in extra.items()), "packed" if packed else "padded"])
        results[name] = float(done.stdout)
    best = min(results, key=results.get)
    print(json.dumps({"ms_per_step": results[best], "setting": best, "all": results}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
