#!/usr/bin/python3
"""The sequence models of Chinese to English, in PyTorch: the peer that ours are compared with.

    translation_pytorch.py MODEL --data cmn-eng.txt --card zh-en-gru.json [-o RESULT.json] [--steps N] [--seed N] [--threads N]
                                 [--checkpoint F.pt] [--save F.pt]           train, decode, measure
    translation_pytorch.py MODEL ... --weights MODEL.safetensors             decode with our weights instead, and measure
    translation_pytorch.py MODEL ... --time-only N                           only the milliseconds per training step

MODEL: zh-en-gru (Bahdanau 2014), zh-en-fixed (Cho 2014), zh-en-luong (Luong 2015). The split of the data, vocabulary and merges (from the
model card), sizes, initial distributions, batches, dropout, loss, clipping and schedule are those of src/train/translation_task.cpp; only
the random numbers differ. Run it with OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE unset: a preset for older processors makes PyTorch slower than
it is. --time-only without --threads tries every setting of the threads, each in a process of its own, and reports the fastest.
"""
import argparse
import collections
import json
import math
import os
import random
import struct
import subprocess
import sys
import time
import unicodedata

CORES = os.cpu_count() or 1
SETTINGS = [
    # (torch threads, decoder, environment). With one torch thread OpenBLAS still uses all cores unless told otherwise.
    (threads, decoder, environment)
    for threads, environment in ((1, {}), (1, {"OPENBLAS_NUM_THREADS": "1"}), (CORES, {"OMP_WAIT_POLICY": "PASSIVE"}),
                                 (CORES, {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}))
    for decoder in ("cell", "projected")
]
LONGEST = 64  # tokens: the longest training sentence, and where decoding gives up
HELD_OUT_ONE_IN = 25
BUCKETS = [(1, 5), (6, 10), (11, 15), (16, 20), (21, 10**9)]
MARK = "\u2581"
DESIGNS = {
    "zh-en-gru": dict(cell="gru", attention=True, score="additive", look_first=True, input_feeding=False),
    "zh-en-fixed": dict(cell="gru", attention=False, score="additive", look_first=True, input_feeding=False),
    "zh-en-luong": dict(cell="lstm", attention=True, score="general", look_first=False, input_feeding=True),
}


# Text and data, as src/io/bpe.cpp and src/train/translation_data.cpp.

def normalize(text):
    return unicodedata.normalize("NFKC", text).strip(" \t\n\v\f\r")


def class_of(c):
    category = unicodedata.category(c)
    if category[0] == "L" or category in ("Mn", "Mc"):
        return "letter"
    if category == "Nd":
        return "digit"
    return "space" if category[0] == "Z" or category == "Cc" else "other"


def lower(c):
    low = c.lower()
    return low if len(low) == 1 else c


def pretokenize(text):
    text = [{"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"'}.get(c, c) for c in map(lower, normalize(text))]
    pieces, after_space, last = [], True, "space"
    for i, c in enumerate(text):
        kind = class_of(c)
        if kind == "space":
            after_space, last = True, kind
            continue
        if c == "'" and last == "letter" and i + 1 < len(text) and class_of(text[i + 1]) == "letter":
            kind = "letter"
        if not after_space and kind == last and kind != "other":
            pieces[-1] += c
        else:
            pieces.append((MARK if after_space else "") + c)
        after_space, last = False, kind
    return pieces


class Text:
    def __init__(self, card):
        self.ranks = {tuple(m.split(" ")): i for i, m in enumerate(card["merges"])}
        self.source = {t: i for i, t in enumerate(card["vocabulary"]["source"])}
        self.target_tokens = card["vocabulary"]["target"]
        self.target = {t: i for i, t in enumerate(self.target_tokens)}
        self.end, self.start = len(self.target_tokens) - 2, len(self.target_tokens) - 1
        self.known = {}

    def pieces_of(self, word):
        if word in self.known:
            return self.known[word]
        pieces = list(word)
        if len(pieces) > 1 and pieces[0] == MARK:
            pieces = [MARK + pieces[1]] + pieces[2:]
        while len(pieces) > 1:
            rank, pair = min((self.ranks.get(p, 10**9), p) for p in zip(pieces, pieces[1:]))
            if rank == 10**9:
                break
            merged, i = [], 0
            while i < len(pieces):
                both = tuple(pieces[i:i + 2]) == pair
                merged.append("".join(pair) if both else pieces[i])
                i += 2 if both else 1
            pieces = merged
        self.known[word] = pieces
        return pieces

    def read(self, chinese):
        return [self.source.get(c, self.source["<unk>"]) for c in chinese]

    def target_ids(self, english):
        return [self.target.get(p, self.target["<unk>"]) for word in pretokenize(english) for p in self.pieces_of(word)] + [self.end]

    def write(self, ids):
        text = ""
        for i in ids:
            if i >= self.end:
                break
            piece = self.target_tokens[i]
            text += (" " if text else "") + piece[len(MARK):] if piece.startswith(MARK) else piece
        return text


def fnv1a(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 & (2**64 - 1)
    return value


def read_data(path):
    """-> training pairs (Chinese, English); held out {Chinese: [English]}, in the order of the file."""
    held_out, others, english_held_out = {}, [], set()
    with open(path, encoding="utf-8", newline="\n") as f:
        for line in f:
            if line.strip("\r\n") == "":
                continue
            english, chinese = map(normalize, line.rstrip("\n").split("\t")[:2])
            if not english or not chinese:
                continue
            if fnv1a(chinese) % HELD_OUT_ONE_IN:
                others.append((chinese, english))
                continue
            held_out.setdefault(chinese, []).append(english)
            english_held_out.add("".join(pretokenize(english)))
    return [p for p in others if "".join(pretokenize(p[1])) not in english_held_out], held_out


class Bleu:
    """As src/train/bleu.hpp."""

    def __init__(self):
        self.matches, self.totals, self.output, self.reference, self.sentences = [0] * 4, [0] * 4, 0, 0, 0

    def add(self, output, references):
        def tokens(text):
            return [t[1:] if t.startswith(MARK) else t for t in pretokenize(text)]

        def ngrams(words, n):
            return collections.Counter(tuple(words[i:i + n]) for i in range(len(words) - n + 1))

        words, others = tokens(output), [tokens(r) for r in references]
        for n in range(4):
            allowed = collections.Counter()
            for other in others:
                allowed |= ngrams(other, n + 1)
            own = ngrams(words, n + 1)
            self.matches[n] += sum((own & allowed).values())
            self.totals[n] += sum(own.values())
        self.output += len(words)
        self.reference += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        self.sentences += 1

    def score(self):
        if 0 in self.matches:
            return 0.0
        logs = sum(math.log(m / t) for m, t in zip(self.matches, self.totals)) / 4
        return math.exp(logs + min(0.0, 1 - self.reference / self.output))


def epoch_order(lengths, size, rng):
    """Batches of indices: stretches of 32 batches sorted by length, then the batches shuffled (TranslationTask::epoch_order)."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    order = [i for at in range(0, len(order), 32 * size) for i in sorted(order[at:at + 32 * size], key=lambda i: lengths[i])]
    batches = [order[b * size:(b + 1) * size] for b in range(len(order) // size)]
    rng.shuffle(batches)
    return batches


def learning_rate(step, total, peak, warm_up=300, floor=0.01):
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = min(1.0, (step - warm_up) / max(1.0, total - warm_up))
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))


def read_safetensors(path):
    import torch
    kinds = {"F16": torch.float16, "F32": torch.float32}
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    header.pop("__metadata__", None)
    return {name: torch.frombuffer(data[t["data_offsets"][0]:t["data_offsets"][1]], dtype=kinds[t["dtype"]]).reshape(t["shape"]).float()
            for name, t in header.items()}


def make_model(design, sizes, source_vocabulary, target_vocabulary, dropout, projected):
    import torch
    from torch import nn
    from torch.nn import functional as F

    e, h, d, a, r = (sizes[k] for k in ("embedding", "encoder", "decoder", "attention", "readout"))
    lstm = design["cell"] == "lstm"
    rows = (4 if lstm else 3) * d

    class Model(nn.Module):
        """Parameters by our names, the dots written as __ ; the encoder's two layers are nn.GRU's or nn.LSTM's own."""

        def __init__(self):
            super().__init__()
            self.encoder = (nn.LSTM if lstm else nn.GRU)(e, h, bidirectional=True)
            shapes = {"encoder.embedding.weight": (source_vocabulary, e), "decoder.embedding.weight": (target_vocabulary, e),
                      "decoder.initial.weight": (d, h), "decoder.initial.bias": (d,),
                      "decoder.input_weight": (rows, e), "decoder.hidden_weight": (rows, d),
                      "decoder.input_bias": (rows,), "decoder.hidden_bias": (rows,),
                      "attentional.state_weight": (r, d), "attentional.context_weight": (r, 2 * h),
                      "readout.weight": (target_vocabulary - 1, r), "readout.bias": (target_vocabulary - 1,)}
            if lstm:
                shapes.update({"decoder.initial_cell.weight": (d, h), "decoder.initial_cell.bias": (d,)})
            if design["look_first"]:
                shapes["decoder.context_weight"] = (rows, 2 * h)
            if design["input_feeding"]:
                shapes["decoder.feeding_weight"] = (rows, r)
            if design["attention"] and design["score"] == "additive":
                shapes.update({"attention.query_weight": (a, d), "attention.key_weight": (a, 2 * h), "attention.vector": (a,)})
            elif design["attention"]:
                shapes["attention.bilinear"] = (d, 2 * h)
            for name, shape in shapes.items():
                self.register_parameter(name.replace(".", "__"), nn.Parameter(torch.empty(shape)))
            self.reset()

        def named(self):
            """Our name of each parameter -> it."""
            parts = {"weight_ih": "input_weight", "weight_hh": "hidden_weight", "bias_ih": "input_bias", "bias_hh": "hidden_bias"}
            for name, p in self.named_parameters():
                if name.startswith("encoder."):
                    kind, direction = name[len("encoder."):].split("_l0")
                    yield f"encoder.{'backward' if direction else 'forward'}.{parts[kind]}", p
                else:
                    yield name.replace("__", "."), p

        @torch.no_grad()
        def reset(self):
            for name, p in self.named():
                if "embedding" in name:
                    p.normal_()
                elif name.endswith("bias"):
                    p.zero_()
                    if lstm and name.endswith("input_bias"):
                        p[len(p) // 4:len(p) // 2] = 1
                else:
                    p.uniform_(-p.shape[-1] ** -0.5, p.shape[-1] ** -0.5)

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

        def encode(self, source, lengths):
            """source [T, B], lengths descending or not -> what the decoder needs of it."""
            x = self.drop(F.embedding(source, self.w("encoder.embedding.weight")))
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
            y, last = self.encoder(packed)
            last_h, last_c = last if lstm else (last, None)
            annotations = nn.utils.rnn.pad_packed_sequence(y)[0].transpose(0, 1).contiguous()
            state = torch.tanh(F.linear(last_h[1], self.w("decoder.initial.weight"), self.w("decoder.initial.bias")))
            cell = F.linear(last_c[1], self.w("decoder.initial_cell.weight"), self.w("decoder.initial_cell.bias")) if lstm else None
            if not design["attention"]:
                return dict(fixed=torch.cat([last_h[0], last_h[1]], 1)), (state, cell)
            key_weight = self.w("attention.key_weight" if design["score"] == "additive" else "attention.bilinear")
            keys = F.linear(annotations, key_weight)
            padded = torch.arange(source.shape[0]).unsqueeze(0) >= lengths.unsqueeze(1)
            return dict(annotations=annotations, keys=keys, padded=padded if bool(padded.any()) else None), (state, cell)

        def look(self, encoded, asking):
            if not design["attention"]:
                return encoded["fixed"]
            if design["score"] == "additive":
                query = F.linear(asking, self.w("attention.query_weight"))
                scores = torch.matmul(torch.tanh(query.unsqueeze(1) + encoded["keys"]), self.w("attention.vector"))
            else:
                scores = torch.bmm(encoded["keys"], asking.unsqueeze(2)).squeeze(2)
            if encoded["padded"] is not None:
                scores = scores.masked_fill(encoded["padded"], -math.inf)
            return torch.bmm(torch.softmax(scores, 1).unsqueeze(1), encoded["annotations"]).squeeze(1)

        def fed_weight(self):
            return self.w("decoder.context_weight" if design["look_first"] else "decoder.feeding_weight")

        def cell_step(self, given, fed, state, both):
            """given: projected (projected) or embedded previous output; fed: context or attentional vector."""
            s, c = state
            if not projected:
                arguments = (both, self.w("decoder.hidden_weight"), self.w("decoder.input_bias"), self.w("decoder.hidden_bias"))
                x = torch.cat([given, fed], 1)
                return torch.lstm_cell(x, (s, c), *arguments) if lstm else (torch.gru_cell(x, s, *arguments), None)
            gates = torch.addmm(given, fed, self.fed_weight().t())
            if lstm:
                gates = torch.addmm(gates, s, self.w("decoder.hidden_weight").t())
                i, f, g, o = gates.chunk(4, 1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                return torch.sigmoid(o) * torch.tanh(c), c
            remembered = torch.addmm(self.w("decoder.hidden_bias"), s, self.w("decoder.hidden_weight").t())
            reset, update = torch.sigmoid(gates[:, :2 * d] + remembered[:, :2 * d]).chunk(2, 1)
            n = torch.tanh(torch.addcmul(gates[:, 2 * d:], reset, remembered[:, 2 * d:]))
            return torch.lerp(n, s, update), None

        def prepare(self, previous):
            """previous ids [..., B] -> what cell_step is given of them, and the weight it needs with it."""
            y = self.drop(F.embedding(previous, self.w("decoder.embedding.weight")))
            if not projected:
                return y, torch.cat([self.w("decoder.input_weight"), self.fed_weight()], 1)
            bias = self.w("decoder.input_bias") + self.w("decoder.hidden_bias") if lstm else self.w("decoder.input_bias")
            return F.linear(y, self.w("decoder.input_weight"), bias), None

        def step(self, encoded, given, both, state, t):
            """-> state, t; t [B, r] the attentional vector, dropped."""
            if design["look_first"]:
                c = self.look(encoded, state[0])
                state = self.cell_step(given, c, state, both)
            else:
                state = self.cell_step(given, t, state, both)
                c = self.look(encoded, state[0])
            t = torch.tanh(F.linear(state[0], self.w("attentional.state_weight")) + F.linear(c, self.w("attentional.context_weight")))
            return state, self.drop(t)

        def logits(self, t):
            return F.linear(t, self.w("readout.weight"), self.w("readout.bias"))

        def forward(self, source, lengths, previous):
            """-> attentional vectors [steps, B, r]."""
            encoded, state = self.encode(source, lengths)
            given, both = self.prepare(previous)
            t, all_t = torch.zeros(source.shape[1], r), []
            for row in given.unbind(0):
                state, t = self.step(encoded, row, both, state, t)
                all_t.append(t)
            return torch.stack(all_t)

    return Model()


def collate(pairs, text):
    import torch
    from torch.nn.utils.rnn import pad_sequence
    source = pad_sequence([torch.tensor(s) for s, _ in pairs])
    target = pad_sequence([torch.tensor(t) for _, t in pairs], padding_value=-100)
    start = torch.full((1, len(pairs)), text.start)
    previous = torch.cat([start, target[:-1].clamp(min=0)])
    return source, torch.tensor([len(s) for s, _ in pairs]), previous, target


def beam_search(model, text, source, width):
    """Algorithm and length penalty (1) of src/model/beam.hpp. -> ids of the best hypothesis."""
    import torch
    encoded, state = model.encode(torch.tensor(source).unsqueeze(1), torch.tensor([len(source)]))
    live, finished = [((), 0.0)], []
    t = torch.zeros(1, model.w("readout.weight").shape[1])
    for _ in range(LONGEST):
        if not live or len(finished) >= width:
            break
        n = len(live)
        here = {k: v.expand(n, *v.shape[1:]) for k, v in encoded.items() if v is not None}
        here.setdefault("padded", None)
        given, both = model.prepare(torch.tensor([ids[-1] if ids else text.start for ids, _ in live]))
        state, t = model.step(here, given, both, state, t)
        log_p = torch.log_softmax(model.logits(t), 1).double() + torch.tensor([p for _, p in live], dtype=torch.float64).unsqueeze(1)
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
        state, t = tuple(s[rows] if s is not None else None for s in state), t[rows]
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
    parser.add_argument("model", choices=sorted(DESIGNS))
    parser.add_argument("--data", required=True)
    parser.add_argument("--card", required=True, help="a model card of ours: vocabulary, merges, sizes")
    parser.add_argument("-o", "--output", help="JSON of the result")
    parser.add_argument("--steps", type=int, default=0, help="default: 16 epochs; the schedule is drawn together")
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
    text, design = Text(card), DESIGNS[args.model]
    training, held_out = read_data(args.data)
    pairs = [(text.read(c), text.target_ids(e)) for c, e in training]
    pairs = [p for p in pairs if max(len(p[0]), len(p[1])) <= LONGEST]
    batch = card["batch_size"]
    epoch_steps = len(pairs) // batch
    total = args.steps or 16 * epoch_steps
    log(f"{args.model}: {len(pairs)} training pairs, {len(held_out)} held-out sentences, {total} steps")
    model = make_model(design, card["sizes"], len(text.source), len(text.target), card["dropout"], args.decoder == "projected")

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
            group["lr"] = learning_rate(step, total, card["learning_rate"])
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
