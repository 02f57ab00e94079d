"""Tokenizers of every kind that Hugging Face folders hold, small, learned here of a few sentences: tokenizers.json beside this file.

    make_tokenizer_golden.py            writes tokenizers.json: {"models": {NAME: model}, "tokenizers": {NAME: tokenizer.json, its model by name}}
    make_tokenizer_golden.py FOLDER     and each as FOLDER/NAME/tokenizer.json, for make_tokenizer_golden.mjs to read

tests/data/sentence_piece.model is of the same text, by Debian's spm_train: --vocab_size=200 --hard_vocab_limit=false --model_type=unigram
--normalization_rule_name=identity. Only the standard library is used.
"""
import base64
import collections
import json
import math
import os
import re
import struct
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "\u2581"
CURLY = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


TEXT = """
I like books. You need a glass of water. We have another glass of water here.
She doesn't think that they'll arrive before the others, because it's raining.
The weather was better yesterday than the day before yesterday.
Where is the station? There is the station, behind the other building.
I'm reading the book that you're looking for; we've read it already.
There isn't anything in the kitchen, and nothing in the garden either.
He said that something was interesting, but he couldn't remember which thing.
The teacher asked the students to read the letter and to write an answer.
In 2019 there were 1,234 students; in 2024 there are 56,789 of them.
The caf\u00e9 is na\u00efvely named, the fa\u00e7ade is z\u00fcrich's, the \u00e9l\u00e8ve is there.
Everything that they wanted was there when they were leaving together.
What are you thinking about? I was thinking about the weather in the other city.
If you want to learn the language, read, listen, repeat, and read again.
Attention weights the values; the queries and the keys are compared.
x = (a + b) * 3.14; if (x >= 10) { return "done"; } // end
The children were playing outside while their mother was cooking inside.
Would you rather go there by train, or stay here with your brother?
Nobody understood the question, so everybody answered another one.
\u6211\u559c\u6b22\u4e66\u3002\u4f60\u9700\u8981\u4e00\u676f\u6c34\u3002\u6211\u4eec\u6709\u4e00\u676f\u6c34\u3002
\u4ed6\u4e0d\u559c\u6b22\u8fd9\u672c\u4e66\uff0c\u4f46\u662f\u6211\u4eec\u559c\u6b22\u3002\u4f60\u662f\u6211\u7684\u670b\u53cb\u5417\uff1f
\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u5b66\u6821\u3002\u5979\u662f\u6211\u4eec\u7684\u8001\u5e08\u3002
\u4f60\u597d\u5417\uff1f\u6211\u5f88\u597d\uff0c\u8c22\u8c22\u4f60\u3002\u8fd9\u662f\u4ec0\u4e48\uff1f\u8fd9\u662f\u4e00\u672c\u4e66\u3002
"""


def texts():
    return TEXT.strip().split("\n")


def byte_alphabet():
    seen = [b for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or b >= 0xAE]
    table = {b: chr(b) for b in seen}
    for b in range(256):
        if b not in table:
            table[b] = chr(0x100 + len(table) - len(seen))
    return table


def learn_merges(words, count):
    """The most frequent pairs of neighbours, one after the other; ties by the pair's text."""
    parts = {word: list(word) for word in words}
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, pieces in parts.items():
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for pieces in parts.values():
            i = 0
            while i + 1 < len(pieces):
                if (pieces[i], pieces[i + 1]) == best:
                    pieces[i:i + 2] = [best[0] + best[1]]
                i += 1
    return merges


def bpe(specials, alphabet, merges, **options):
    vocabulary = {}
    for token in [*specials, *alphabet, *(a + b for a, b in merges)]:
        vocabulary.setdefault(token, len(vocabulary))
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
             "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocabulary, "merges": [" ".join(m) for m in merges]}
    model.update(options)
    return model


def byte_words(text, pattern=r" ?[^\W\d_]+| ?\d+| ?[^\w\s]+|\s+"):
    table = byte_alphabet()
    return ["".join(table[b] for b in word.encode()) for word in re.findall(pattern, text)]


def byte_level_model():
    words = collections.Counter(word for text in texts() for word in byte_words(text))
    return bpe(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"], byte_alphabet().values(), learn_merges(words, 220))


def fallback_model():
    words = collections.Counter(MARK + word for text in texts() for word in text.split())
    merges = learn_merges(words, 150)
    characters = sorted({c for word in words for c in word if ord(c) < 0x3000 or sum(c in w for w in words) > 1})
    merges = [m for m in merges if all(c in characters for c in m[0] + m[1])]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256))]
    return bpe(tokens, characters + [MARK + MARK], [(MARK, MARK), *merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True)


def suffix_model():
    """As CLIP: characters, of which a word's last is another token."""
    words = collections.Counter(word for text in texts() for word in byte_words(text.lower(), r"[^\W\d_]+|\d|[^\w\s]+"))
    ends = {tuple(word[:-1]) + (word[-1] + "</w>",): n for word, n in words.items()}
    alphabet = list(byte_alphabet().values())
    return bpe([], alphabet + [c + "</w>" for c in alphabet] + [], learn_merges(ends, 80), end_of_word_suffix="</w>", unk_token="<|endoftext|>")


def word_piece_model(lower):
    def words_of(text):
        text = unicodedata.normalize("NFD", text.lower()) if lower else text
        text = "".join(c for c in text if not (lower and unicodedata.category(c) == "Mn"))
        return re.findall(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+|[^\w\s]", text)
    words = collections.Counter(word for text in texts() for word in words_of(text))
    marked = {tuple([word[0], *("##" + c for c in word[1:])]): n for word, n in words.items()}
    vocabulary = {}
    merges = learn_pieces(marked, 160)
    characters = sorted({c for pieces in marked for c in pieces if ord(c[-1]) < 0x3000}) + [w for w, _ in words.most_common(300) if len(w) == 1 and ord(w) > 0x3000]
    for token in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *merges]:
        vocabulary.setdefault(token, len(vocabulary))
    return {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary}


def learn_pieces(words, count):
    parts = {word: list(word) for word in words}
    found = []
    while len(found) < count:
        pairs = collections.Counter()
        for word, pieces in parts.items():
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        joined = best[0] + best[1].removeprefix("##")
        found.append(joined)
        for pieces in parts.values():
            i = 0
            while i + 1 < len(pieces):
                if (pieces[i], pieces[i + 1]) == best:
                    pieces[i:i + 2] = [joined]
                i += 1
    return found


def unigram_model(byte_fallback):
    counts = collections.Counter()
    for text in texts():
        for word in (MARK + word for word in text.split()):
            for i in range(len(word)):
                for n in range(1, 7):
                    if i + n <= len(word):
                        counts[word[i:i + n]] += 1
    kept = [t for t, n in counts.items() if len(t) == 1 and (ord(t) < 0x3000 or n > 3)]
    kept += [t for t, n in sorted(counts.items(), key=lambda e: (-e[1] * len(e[0]), e[0])) if len(t) > 1][:250]
    total = sum(counts[t] for t in kept)
    vocabulary = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    if byte_fallback:
        vocabulary += [[f"<0x{b:02X}>", 0.0] for b in range(256)]
    vocabulary += [[t, round(math.log(counts[t] / total), 6)] for t in kept]
    return {"type": "Unigram", "unk_id": 2, "vocab": vocabulary, "byte_fallback": byte_fallback}


def word_level_model():
    words = collections.Counter(word for text in texts() for word in re.findall(r"\w+|[^\w\s]", text.lower()))
    vocabulary = {"<unk>": 0, "<s>": 1}
    for word, _ in words.most_common(300):
        vocabulary.setdefault(word, len(vocabulary))
    return {"type": "WordLevel", "unk_token": "<unk>", "vocab": vocabulary}


def charsmap(rules):
    """A double array, as SentencePiece writes it: units are found room for one after the other."""
    blob, places = b"", {}
    for replacement in sorted(set(rules.values())):
        places[replacement] = len(blob)
        blob += replacement.encode() + b"\0"
    tree = {}
    for text, replacement in rules.items():
        node = tree
        for byte in text.encode():
            node = node.setdefault(byte, {})
        node[None] = places[replacement]
    units, used, bases = {0: 0}, {0}, set()

    def put(node, at):
        labels = [0 if byte is None else byte for byte in node]
        base = 1
        while base in bases or any((base ^ label) in used for label in labels):
            base += 1
        bases.add(base)
        used.update(base ^ label for label in labels)
        offset = at ^ base
        assert offset < 1 << 21
        units[at] |= offset << 10 | (0x100 if None in node else 0)
        for byte, child in node.items():
            if byte is None:
                units[base] = child | 1 << 31
            else:
                units[base ^ byte] = byte
                put(child, base ^ byte)

    put(tree, 0)
    # Blocks are full, so that no walk leaves the array.
    size = (max(units) // 256 + 1) * 256
    array = b"".join(struct.pack("<I", units.get(i, 0)) for i in range(size))
    return base64.b64encode(struct.pack("<I", len(array)) + array + blob).decode()


RULES = {"\t": " ", "\n": " ", "\u3000": " ", "\u00a0": " ", "\ufb01": "fi", "\u00bd": "1\u20442", "\u2460": "1", "\u200b": "", "\u2026": "...",
         "e\u0301": "\u00e9", "a\u0308": "\u00e4", "\uff01": "!", "\uff0c": ",", "\uff1f": "?", "\u338f": "kg", "\u0130": "I\u0307",
         **{chr(0xff21 + i): chr(0x41 + i) for i in range(26)}, **{chr(0xff41 + i): chr(0x61 + i) for i in range(26)}}


def sequence(key, *parts):
    return {"type": "Sequence", key: list(parts)}


def added(vocabulary, *tokens):
    result = []
    for token in tokens:
        options = {"special": True}
        if isinstance(token, tuple):
            token, options = token
        result.append({"id": vocabulary.get(token, len(vocabulary) + sum(r["id"] >= len(vocabulary) for r in result)), "content": token,
                       "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False, **options})
    return result


def template(first, last, vocabulary, second=None):
    special = lambda t, k: {"SpecialToken": {"id": t, "type_id": k}}
    text = lambda t, k: {"Sequence": {"id": t, "type_id": k}}
    single = [special(t, 0) for t in first] + [text("A", 0)] + [special(t, 0) for t in last]
    pair = single + [special(t, 1) for t in (first if second is None else second)] + [text("B", 1)] + [special(t, 1) for t in last]
    return {"type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": {t: {"id": t, "ids": [vocabulary[t]], "tokens": [t]} for t in {*first, *last, *(second or [])}}}


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
SPLIT = lambda pattern, behavior, invert=False: {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
METASPACE = lambda scheme, split=True: {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": split}
REPLACE = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}


def make():
    models = {"bytes": byte_level_model(), "fallback": fallback_model(), "suffix": suffix_model(), "uncased": word_piece_model(True),
              "cased": word_piece_model(False), "unigram": unigram_model(False), "unigram_bytes": unigram_model(True), "words": word_level_model()}
    v = {name: model["vocab"] if isinstance(model["vocab"], dict) else {t: i for i, (t, _) in enumerate(model["vocab"])}
         for name, model in models.items()}
    models["whole"] = {"same_as": "bytes", "ignore_merges": True}
    made = {}

    def add(name, model, tokens, normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None):
        made[name] = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer,
                      "pre_tokenizer": pre_tokenizer, "post_processor": post_processor, "decoder": decoder, "model": model}

    b, end = v["bytes"], "<|endoftext|>"
    add("gpt2", "bytes", added(b, end), None, BYTES, {**BYTES, "trim_offsets": False}, BYTES)
    add("roberta", "bytes", added(b, "<s>", "<pad>", "</s>", "<unk>", ("<mask>", {"special": True, "lstrip": True})), None,
        {**BYTES, "add_prefix_space": True},
        {"type": "RobertaProcessing", "sep": ["</s>", b["</s>"]], "cls": ["<s>", b["<s>"]], "trim_offsets": True, "add_prefix_space": True}, BYTES)
    add("llama3", "whole", added(b, "<s>", end), None,
        sequence("pretokenizers", SPLIT({"Regex": CURLY}, "Isolated"), {**BYTES, "use_regex": False}),
        sequence("processors", BYTES, template(["<s>"], [], b)), BYTES)
    add("qwen", "bytes", added(b, end, ("<tool>", {}), ("Hello", {"single_word": True}), ("caf\u00e9", {"normalized": True, "rstrip": True})),
        {"type": "NFC"}, sequence("pretokenizers", SPLIT({"Regex": CURLY.replace("{1,3}", "")}, "Isolated"), {**BYTES, "use_regex": False}),
        BYTES, BYTES)
    add("deepseek", "bytes", added(b, end), sequence("normalizers"),
        sequence("pretokenizers", SPLIT({"Regex": "[\r\n]"}, "Isolated"), SPLIT({"Regex": r"\s?\p{L}+"}, "Isolated"),
                 SPLIT({"Regex": r"\s?\p{P}+"}, "Isolated"), SPLIT({"Regex": "[\u4e00-\u9fa5\u3040-\u309f]+"}, "Isolated"),
                 {"type": "Digits", "individual_digits": True}, {**BYTES, "use_regex": False}), None, BYTES)
    add("bloom", "bytes", added(b, end), {"type": "NFKC"},
        sequence("pretokenizers", SPLIT({"Regex": " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001])]+"}, "Isolated"), {**BYTES, "use_regex": False}),
        None, BYTES)
    f = v["fallback"]
    llama_decoder = sequence("decoders", REPLACE({"String": MARK}, " "), {"type": "ByteFallback"}, {"type": "Fuse"},
                             {"type": "Strip", "content": " ", "start": 1, "stop": 0})
    add("llama2", "fallback", added(f, "<unk>", "<s>", "</s>"),
        sequence("normalizers", {"type": "Prepend", "prepend": MARK}, REPLACE({"String": " "}, MARK)), None,
        template(["<s>"], [], f), llama_decoder)
    add("mistral", "fallback", added(f, "<unk>", "<s>", "</s>"), None, METASPACE("first", False), template(["<s>"], [], f), llama_decoder)
    add("gemma", "fallback", added(f, "<unk>", "<s>", "</s>"), REPLACE({"String": " "}, MARK), SPLIT({"String": MARK}, "MergedWithPrevious"),
        None, sequence("decoders", REPLACE({"String": MARK}, " "), {"type": "ByteFallback"}, {"type": "Fuse"}))
    s = v["suffix"]
    add("clip", "suffix", added(s, "<|startoftext|>", end), sequence("normalizers", {"type": "NFC"}, REPLACE({"Regex": r"\s+"}, " "), {"type": "Lowercase"}),
        sequence("pretokenizers", SPLIT({"Regex": r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"}, "Removed", True),
                 {**BYTES, "use_regex": False}),
        {"type": "RobertaProcessing", "sep": [end, len(s) + 1], "cls": ["<|startoftext|>", len(s)], "trim_offsets": False, "add_prefix_space": False},
        {"type": "BPEDecoder", "suffix": "</w>"})
    bert_specials = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    normalizing = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    pieces = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    add("bert", "uncased", added(v["uncased"], *bert_specials), normalizing, {"type": "BertPreTokenizer"},
        template(["[CLS]"], ["[SEP]"], v["uncased"], []), pieces)
    add("bert_cased", "cased", added(v["cased"], *bert_specials), {**normalizing, "lowercase": False, "clean_text": False}, {"type": "BertPreTokenizer"},
        {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, {**pieces, "cleanup": False})
    u = v["unigram"]
    add("t5", "unigram", added(u, "<pad>", "</s>", "<unk>", *(f"<extra_id_{i}>" for i in (1, 0))), {"type": "Precompiled", "precompiled_charsmap": charsmap(RULES)},
        sequence("pretokenizers", {"type": "WhitespaceSplit"}, METASPACE("always")), template([], ["</s>"], u), METASPACE("always"))
    add("albert", "unigram_bytes", added(v["unigram_bytes"], "<pad>", "</s>", ("<unk>", {"special": True, "rstrip": True, "normalized": True})),
        sequence("normalizers", REPLACE({"String": "``"}, '"'), {"type": "Nmt"}, {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, STRIP,
                 REPLACE({"Regex": " {2,}"}, " ")), METASPACE("first"), None, sequence("decoders", {"type": "ByteFallback"}, METASPACE("first")))
    w = v["words"]
    add("words", "words", added(w, "<unk>", "<s>"), sequence("normalizers", {"type": "NFD"}, {"type": "Lowercase"}), {"type": "Whitespace"})
    add("cut", "words", added(w, "<unk>"), STRIP,
        sequence("pretokenizers", {"type": "CharDelimiterSplit", "delimiter": "a"}, {"type": "Punctuation", "behavior": "MergedWithPrevious"},
                 SPLIT({"Regex": r"(?=[A-Z])|\d\b"}, "MergedWithNext"), {"type": "Digits", "individual_digits": False},
                 SPLIT({"Regex": "[[a-f]&&[^c]]|\\h"}, "Contiguous"), {"type": "Whitespace"}), None, {"type": "Fuse"})
    return models, made


def main():
    models, made = make()
    with open(os.path.join(HERE, "tokenizers.json"), "w", encoding="utf-8") as file:
        json.dump({"models": models, "tokenizers": made}, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    for name, tokenizer in made.items() if len(sys.argv) > 1 else ():
        model = models[tokenizer["model"]]
        if "same_as" in model:
            model = {**models[model["same_as"]], **{k: x for k, x in model.items() if k != "same_as"}}
        folder = os.path.join(sys.argv[1], name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
            json.dump({**tokenizer, "model": model}, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
