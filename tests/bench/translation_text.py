"""Sentence pairs, vocabulary, batches and BLEU, as src/model/bpe.cpp, src/train/translation_data.cpp, src/train/translation_set.cpp and src/train/bleu.hpp
have them: what every translation model that is trained here shares."""
import collections
import json
import math
import struct
import unicodedata

LONGEST = 64  # tokens: the longest training sentence, and where decoding gives up
HELD_OUT_ONE_IN = 25
MARK = "\u2581"


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
    """Batches of indices: stretches of 32 batches sorted by length, then the batches shuffled (TranslationSet::epoch_order)."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    order = [i for at in range(0, len(order), 32 * size) for i in sorted(order[at:at + 32 * size], key=lambda i: lengths[i])]
    batches = [order[b * size:(b + 1) * size] for b in range(len(order) // size)]
    rng.shuffle(batches)
    return batches


def read_safetensors(path):
    import torch
    kinds = {"F16": torch.float16, "F32": torch.float32}
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    header.pop("__metadata__", None)
    return {name: torch.frombuffer(data[t["data_offsets"][0]:t["data_offsets"][1]], dtype=kinds[t["dtype"]]).reshape(t["shape"]).float()
            for name, t in header.items()}


def collate(pairs, text):
    import torch
    from torch.nn.utils.rnn import pad_sequence
    source = pad_sequence([torch.tensor(s) for s, _ in pairs])
    target = pad_sequence([torch.tensor(t) for _, t in pairs], padding_value=-100)
    start = torch.full((1, len(pairs)), text.start)
    previous = torch.cat([start, target[:-1].clamp(min=0)])
    return source, torch.tensor([len(s) for s, _ in pairs]), previous, target
