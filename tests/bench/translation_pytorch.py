#!/usr/bin/python3
"""The sequence models of Chinese to English, in PyTorch: the peer that ours are compared with.

    translation_pytorch.py MODEL --data cmn-eng.txt --card zh-en-gru.json [-o RESULT.json] [--steps N] [--seed N] [--threads N]
                                 [--checkpoint F.pt] [--save F.pt]           train, decode, measure
    translation_pytorch.py MODEL ... --weights MODEL.safetensors             decode with our weights instead, and measure
    translation_pytorch.py MODEL ... --time-only N                           only the milliseconds per training step

MODEL: zh-en-gru (Bahdanau 2014), zh-en-fixed (Cho 2014), zh-en-luong (Luong 2015), zh-en-transformer (Vaswani 2017). The split of the data,
vocabulary and merges (from the model card), sizes, initial distributions, batches, dropout, loss, clipping and schedule are those of
src/train/translation_set.cpp and the tasks beside it; only the random numbers differ. Run it with OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE unset:
a preset for older processors makes PyTorch slower than it is. --time-only without --threads tries every setting of the threads, each in a
process of its own, and reports the fastest.
"""
import argparse
import json
import math
import os
import random
import subprocess
import sys
import time

import translation_recurrent
import translation_transformer
from translation_text import LONGEST, Bleu, Text, collate, epoch_order, read_data, read_safetensors

CORES = os.cpu_count() or 1
SETTINGS = [
    # (torch threads, decoder, environment). With one torch thread OpenBLAS still uses all cores unless told otherwise.
    (threads, decoder, environment)
    for threads, environment in ((1, {}), (1, {"OPENBLAS_NUM_THREADS": "1"}), (CORES, {"OMP_WAIT_POLICY": "PASSIVE"}),
                                 (CORES, {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}))
    for decoder in ("cell", "projected")
]
BUCKETS = [(1, 5), (6, 10), (11, 15), (16, 20), (21, 10**9)]


def warm_up_cosine(step, total, peak, warm_up=300, floor=0.01):
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = min(1.0, (step - warm_up) / max(1.0, total - warm_up))
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))


def inverse_square_root(step, total, peak, warm_up, cool_down):
    """InverseSquareRoot of src/train/schedule.hpp."""
    rate, last = peak * min((step + 1) / warm_up, math.sqrt(warm_up / (step + 1))), cool_down * total
    return rate * max(0.0, (total - step) / last) if step + 1 > total - last else rate


def learning_rate(step, total, card):
    if "warm_up" in card:
        return inverse_square_root(step, total, card["learning_rate"], card["warm_up"], card["cool_down"])
    return warm_up_cosine(step, total, card["learning_rate"])


def beam_search(model, text, source, width):
    """Algorithm and length penalty (1) of src/model/beam.hpp. -> ids of the best hypothesis."""
    import torch
    carried, rows = model.begin(source), [0]
    live, finished = [((), 0.0)], []
    for _ in range(LONGEST):
        if not live or len(finished) >= width:
            break
        logits, carried = model.advance(carried, rows, [ids for ids, _ in live], text.start)
        log_p = torch.log_softmax(logits, 1).double() + torch.tensor([p for _, p in live], dtype=torch.float64).unsqueeze(1)
        best, flat = log_p.flatten().topk(min(2 * width, log_p.numel()))
        grown, rows = [], []
        for at, (p, i) in enumerate(zip(best.tolist(), flat.tolist())):
            row, token = divmod(i, log_p.shape[1])
            ids = live[row][0] + (token,)
            if token == text.end:
                if at < width:
                    finished.append((p / ((5 + len(ids)) / 6), ids))
            elif len(grown) < width:
                grown.append((ids, p))
                rows.append(row)
        if width == 1 and finished:
            break
        live = grown
    if not finished:
        finished = [(p / ((5 + len(ids)) / 6), ids) for ids, p in live]
    return max(finished, key=lambda f: f[0])[1]


def evaluate(model, text, held_out, log):
    import torch
    model.eval()
    result = {"n": len(held_out)}
    with torch.no_grad():
        for name, width in (("bleu_greedy", 1), ("bleu_beam5", 5)):
            start, total, buckets = time.time(), Bleu(), [Bleu() for _ in BUCKETS]
            for chinese, references in held_out.items():
                output = text.write(beam_search(model, text, text.read(chinese), width))
                total.add(output, references)
                bucket = next(i for i, (low, high) in enumerate(BUCKETS) if low <= len(chinese) <= high)
                buckets[bucket].add(output, references)
            result[name] = total.score()
            result[name + "_by_length"] = {f"{low}-{high}" if high < 10**9 else f"{low}+": {"bleu": b.score(), "n": b.sentences}
                                           for (low, high), b in zip(BUCKETS, buckets)}
            log(f"{name} {total.score():.4f}  ({time.time() - start:.0f} s)  " +
                "  ".join(f"{k}: {v['bleu']:.4f} (n {v['n']})" for k, v in result[name + "_by_length"].items()))
        loss, tokens = 0.0, 0
        for chinese, references in held_out.items():
            source, lengths, previous, target = collate([(text.read(chinese), text.target_ids(references[0]))], text)
            logits = model.logits(model(source, lengths, previous)).flatten(0, 1)
            loss += torch.nn.functional.cross_entropy(logits, target.flatten(), reduction="sum").item()
            tokens += target.numel()
        result["loss"] = loss / tokens
        log(f"loss {loss / tokens:.4f}")
    model.train()
    return result


def fastest(args):
    """Every setting of the threads in a process of its own."""
    results = {}
    for threads, decoder, extra in SETTINGS:
        environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        environment.update(extra)
        command = [sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--threads", str(threads), "--decoder", decoder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "PyTorch failed")
        name = ", ".join([f"torch threads {threads}", *(f"{k}={v}" for k, v in extra.items()), f"decoder {decoder}"])
        results[name] = json.loads(done.stdout)["ms_per_step"]
    best = min(results, key=results.get)
    return {"ms_per_step": results[best], "setting": best, "all": results}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted([*translation_recurrent.DESIGNS, "zh-en-transformer"]))
    parser.add_argument("--data", required=True)
    parser.add_argument("--card", required=True, help="a model card of ours: vocabulary, merges, sizes")
    parser.add_argument("-o", "--output", help="JSON of the result")
    parser.add_argument("--steps", type=int, default=0, help="default: as in the card, or 16 epochs; the schedule is drawn together")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0, help="of torch; default 1")
    parser.add_argument("--decoder", choices=("cell", "projected"), default="projected")
    parser.add_argument("--checkpoint", help="written every 200 steps, and gone on from if it is there")
    parser.add_argument("--save", help="the trained parameters (torch.save)")
    parser.add_argument("--weights", help="safetensors to measure instead of training")
    parser.add_argument("--time-only", type=int, metavar="N")
    args = parser.parse_args()
    if args.time_only and not args.threads:
        print(json.dumps(fastest(args)))
        return 0

    import torch
    torch.set_num_threads(args.threads or 1)
    torch.manual_seed(args.seed)

    def log(line):
        print(line, file=sys.stderr, flush=True)

    with open(args.card, encoding="utf-8") as f:
        card = json.load(f)
    text = Text(card)
    training, held_out = read_data(args.data)
    pairs = [(text.read(c), text.target_ids(e)) for c, e in training]
    pairs = [p for p in pairs if max(len(p[0]), len(p[1])) <= LONGEST]
    batch = card["batch_size"]
    epoch_steps = len(pairs) // batch
    total = args.steps or 16 * epoch_steps
    log(f"{args.model}: {len(pairs)} training pairs, {len(held_out)} held-out sentences, {total} steps")
    vocabularies = (len(text.source), len(text.target))
    if args.model == "zh-en-transformer":
        model = translation_transformer.make_model(card["encoder"], card["decoder"], *vocabularies, card["dropout"])
    else:
        model = translation_recurrent.make_model(translation_recurrent.DESIGNS[args.model], card["sizes"], *vocabularies, card["dropout"],
                                                 args.decoder == "projected")

    if args.weights:
        model.load(read_safetensors(args.weights))
        result = {"model": args.model, "weights": args.weights, **evaluate(model, text, held_out, log)}
        print(json.dumps(result))
        if args.output:
            with open(args.output, "w") as f:
                json.dump(result, f, indent=2)
        return 0

    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
    lengths = [(len(t), len(s)) for s, t in pairs]

    def batches_of(epoch):
        return epoch_order(lengths, batch, random.Random(f"{args.seed} {epoch}"))

    def train_step(step, indices):
        source, source_lengths, previous, target = collate([pairs[i] for i in indices], text)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, total, card)
        optimiser.zero_grad(set_to_none=True)
        t = model(source, source_lengths, previous)
        counts = target >= 0
        loss = torch.nn.functional.cross_entropy(model.logits(t[counts]), target[counts], label_smoothing=card["label_smoothing"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        return loss

    if args.time_only:
        times, cpu_times = [], []
        batches = batches_of(0)
        for step in range(max(3, args.time_only // 5) + args.time_only):
            start, cpu = time.perf_counter(), time.process_time()
            train_step(step, batches[step % len(batches)])
            times.append((time.perf_counter() - start) * 1e3)
            cpu_times.append((time.process_time() - cpu) * 1e3)
        print(json.dumps({name: sorted(t[-args.time_only:])[args.time_only // 2]
                          for name, t in (("ms_per_step", times), ("cpu_ms_per_step", cpu_times))}))
        return 0

    first, seconds = 0, 0.0
    if args.checkpoint and os.path.exists(args.checkpoint):
        kept = torch.load(args.checkpoint)
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        torch.set_rng_state(kept["rng"])
        first, seconds = kept["step"], kept["seconds"]
        log(f"going on from {args.checkpoint}, step {first}")
    batches, recent, start = None, [], time.time() - seconds
    for step in range(first, total):
        if batches is None or step % epoch_steps == 0:
            batches = batches_of(step // epoch_steps)
        loss = train_step(step, batches[step % epoch_steps]).item()
        if not math.isfinite(loss):
            raise SystemExit(f"step {step}: the loss is not a finite number")
        recent.append(loss)
        if (step + 1) % 50 == 0:
            log(f"step {step + 1}/{total}  loss {sum(recent) / len(recent):.4f}  {time.time() - start:.0f} s")
            recent = []
        if args.checkpoint and (step + 1) % 200 == 0:
            kept = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "rng": torch.get_rng_state(),
                    "step": step + 1, "seconds": time.time() - start}
            torch.save(kept, args.checkpoint + ".part")
            os.replace(args.checkpoint + ".part", args.checkpoint)
    trained = time.time() - start
    if args.save:
        torch.save(dict(model.named()), args.save)
    result = {"model": args.model, "steps": total, "seed": args.seed, "training_seconds": round(trained, 1), "torch": torch.__version__,
              "threads": torch.get_num_threads(), "decoder": args.decoder, **evaluate(model, text, held_out, log)}
    print(json.dumps(result))
    if args.output:
        with open(args.output, "w") as f:
            json.dump(result, f, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
