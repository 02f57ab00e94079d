#!/usr/bin/env python3
"""tools/saccade_capture.py, and the captures that it writes, through the program.

    capture_test.py PROGRAM

NumPy is needed, and the rest is tested against PyTorch's own modules where PyTorch is installed. Without them it says what is left out.
"""
import json
import math
import os
import subprocess
import sys
import unittest
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from driver import Case, PROGRAM

try:
    import numpy as np
    import saccade_capture as sc
except ImportError:
    np = None
try:
    import torch
except ImportError:
    torch = None


def shares(*shape, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(shape[-1], 0.4), shape[:-1])


class Captures(Case):
    def shown(self, path, *args, name="weights"):
        """What the program recorded of the file, and its notes."""
        out = self.path("shown.npz")
        self.good("run", "capture", "--path", path, *args, "--save", out)
        with np.load(out) as arrays, zipfile.ZipFile(out) as archive:
            return arrays[name], json.loads(archive.read("trace.json"))

    def labels(self, trace, axis):
        return next(a["labels"] for a in trace["axes"] if a["name"] == axis)


@unittest.skipIf(np is None, "NumPy is not installed")
class Saved(Captures):
    def test_every_file_shows_what_was_saved(self):
        attention = shares(2, 3, 5, 5)
        tokens = ["the", "cat", "sat", "我", "."]
        for name in ("a.npz", "a.safetensors", "a.npy"):
            for dtype in (None, "float32", "float16"):
                path = sc.save(self.path(name), attention, tokens=tokens, role="weights", dtype=dtype)
                weights, trace = self.shown(path)
                self.assertEqual(weights.shape, attention.shape)
                self.assertLess(np.abs(weights - attention).max(), 1e-3 if dtype == "float16" else 1e-7, (name, dtype))
                self.assertEqual(self.labels(trace, "token"), tokens)
                self.assertIn("held", self.good("run", "capture", "--path", path, "--claims"))
                self.assertNotIn("broken", self.good("run", "capture", "--path", path, "--claims"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.npy", "a.npy.json", "a.npz", "a.safetensors", "shown.npz"])

    def test_plain_numpy_files_in_any_layout(self):
        attention = shares(3, 4, 4).astype(np.float32)
        for array in (attention, np.asfortranarray(attention), attention.astype(">f4"), np.asfortranarray(attention.astype(">f8"))):
            np.save(self.path("plain.npy"), array)
            self.assertLess(np.abs(self.shown(self.path("plain.npy"))[0] - attention).max(), 1e-7)
        np.savez_compressed(self.path("packed.npz"), attention=attention)
        weights, trace = self.shown(self.path("packed.npz"))
        self.assertTrue(np.array_equal(weights, attention))
        self.assertTrue(any("expanded into a temporary file" in note["text"] for note in trace["notes"]))

    def test_layers_of_a_tuple_are_one_tensor(self):
        layers = [shares(1, 2, 4, 4, seed=i) for i in range(11)]
        path = sc.save(self.path("tuple.npz"), tuple(layers), tokens=list("abcd"))
        self.assertLess(np.abs(self.shown(path)[0] - np.stack(layers)[:, 0]).max(), 1e-7)
        np.savez(self.path("plain.npz"), *layers)  # without a word about what they are
        self.assertLess(np.abs(self.shown(self.path("plain.npz"))[0] - np.stack(layers)[:, 0]).max(), 1e-7)

    def test_queries_and_keys(self):
        rng = np.random.default_rng(1)
        q, k = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(2, 3, 5, 4))
        axes = ["layer", "head"]
        path = sc.save(self.path("qk.npz"), {"q": q, "k": k}, role={"q": "query", "k": "key"}, causal=True,
                       axes={"q": [*axes, "query", "feature"], "k": [*axes, "key", "feature"]})
        scores = q @ k.swapaxes(-1, -2) / 2 + np.triu(np.full((5, 5), -np.inf), 1)
        wanted = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        self.assertLess(np.abs(self.shown(path)[0] - wanted).max(), 1e-6)
        self.assertNotIn("broken", self.good("run", "capture", "--path", path, "--claims"))

    def test_a_saved_run_opens_as_a_capture(self):
        run = self.path("run.npz")
        self.good("run", "induction", "--text", "tom likes mary. tom likes", "--save", run)
        with np.load(run) as arrays:
            self.assertTrue(np.array_equal(self.shown(run, "--array", "self.weights")[0], arrays["self.weights"]))

    def test_queries_that_are_no_numbers_are_said(self):
        queries = np.ones((2, 4, 8), np.float32)
        queries[1, 2, 3] = np.nan
        path = sc.save(self.path("nan.npz"), {"q": queries, "k": np.ones((2, 4, 8), np.float32)}, role={"q": "query", "k": "key"})
        notes = [note["text"] for note in self.shown(path)[1]["notes"]]
        self.assertTrue(any("1 of 64 values of the queries are no finite numbers" in text for text in notes), notes)

    def test_tokens_are_one_a_position(self):
        for tokens in (["the", "cat"], {"query": list("abc"), "key": list("abcdef")}):
            with self.assertRaisesRegex(ValueError, "tokens for 6 positions"):
                sc.save(self.path("wrong.npz"), shares(2, 3, 6, 6), tokens=tokens)
        self.assertFalse(os.path.exists(self.path("wrong.npz")))

    def test_tokens_and_interventions(self):
        path = sc.save(self.path("a.npz"), shares(2, 2, 3, 3), role="weights")
        with open(self.path("tokens.txt"), "w", encoding="utf-8") as file:
            file.write("new\nyork\n.\n")
        self.assertEqual(self.labels(self.shown(path, "--tokens_file", self.path("tokens.txt"))[1], "token.key"), ["new", "york", "."])
        self.assertEqual(self.labels(self.shown(path, "--tokens", '["new york", "is", "big"]')[1], "token"), ["new york", "is", "big"])
        edited, _ = self.shown(path, "--intervene", "weights[0,1]*=0")
        self.assertEqual(np.abs(edited[0, 1]).max(), 0)
        self.good("run", "capture", "--path", path, "--analyse", "all", "--save", self.path("all.npz"))

    def test_pictures(self):
        path = sc.save(self.path("a.npz"), shares(2, 3, 6, 6), tokens=list("abcdef"), role="weights")
        for view in ("head-grid", "heatmap", "flow", "bars"):
            picture = sc.display(path, view=view, program=PROGRAM)
            self.assertTrue(picture._repr_png_().startswith(b"\x89PNG"))
        picture = sc.display(shares(2, 3, 3), view="heatmap", svg=True, program=PROGRAM, tokens=["x", "y", "zebra"])
        self.assertIn("zebra", picture._repr_svg_())
        with self.assertRaisesRegex(RuntimeError, "zoo"):
            sc.display(path, view="zoo", program=PROGRAM)

    def test_what_cannot_be_saved(self):
        for wrong, names in ((np.zeros((0, 3)), "shape"), (np.zeros(3, complex), "real numbers"), (np.array([{}]), "real numbers"),
                             ((np.zeros((1, 2, 2)), np.zeros((1, 3, 3))), "one shape"), (np.zeros((1,) * 7), "1 to 6")):
            with self.assertRaisesRegex((ValueError, TypeError), names):
                sc.save(self.path("no.npz"), wrong)
        with self.assertRaises(OverflowError):
            sc.save(self.path("no.npz"), np.array([1e5, 1.0]), dtype="float16")
        self.assertEqual(os.listdir(self.folder), [])

    def test_files_that_are_none(self):
        good = sc.save(self.path("a.npz"), shares(3, 3))
        np.save(self.path("object.npy"), np.array([{}], dtype=object), allow_pickle=True)
        np.save(self.path("complex.npy"), np.zeros(3, complex))
        np.save(self.path("empty.npy"), np.zeros((0, 3)))
        np.save(self.path("seven.npy"), np.zeros((1,) * 7))
        np.save(self.path("whole.npy"), np.zeros((50, 50)))
        with open(self.path("whole.npy"), "rb") as file:
            self.path("cut.npy", file.read()[:-100])
        with open(good, "rb") as file:
            self.path("cut.npz", file.read()[:-60])
        self.path("pickle.npy", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.")
        self.path("text.safetensors", b"hello, this is no file of arrays at all")
        for name, says in (("object.npy", "real numbers"), ("complex.npy", "real numbers"), ("empty.npy", "no values"), ("seven.npy", "at most 6"),
                           ("cut.npy", "bytes of data"), ("cut.npz", "npz"), ("pickle.npy", "never read"), ("text.safetensors", "no file of arrays")):
            self.bad(1, "run", "capture", "--path", self.path(name), names=[name, says])
        for args, says in ((["--axes", "layer, head, query"], "3 axes"), (["--axes", "query, keys"], "keys"), (["--axes", "query, query, key"], "query stands there twice"), (["--part", "query 4"], "the last is 3"),
                           (["--part", "layer 1"], "no axis layer"), (["--array", "b"], "attention"), (["--tokens", "[1"], "Tokens")):
            self.bad(1, "run", "capture", "--path", good, *args, names=[says])
        self.assertIn("2 tokens for 3", self.shown(good, "--tokens", "a b")[1]["notes"][0]["text"])

    def test_large_maps_keep_their_peaks(self):
        # As large as a disk holds no zeros for: read in less than a moment, and in little memory.
        n, heads = 16384, 4
        path = self.path("large.npy")
        with open(path, "wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "<f2", "fortran_order": False, "shape": (heads, n, n)})
            begin = file.tell()
            file.truncate(begin + heads * n * n * 2)
            for i in (0, 9000, n - 1):
                file.seek(begin + (i * n + 7777) * 2)
                file.write(np.float16(1).tobytes())
        out = self.path("shown.npz")
        script = "import resource, subprocess, sys; r = subprocess.run(sys.argv[1:]).returncode; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(r)"
        done = subprocess.run([sys.executable, "-c", script, PROGRAM, "run", "capture", "--path", path, "--axes", "head, query, key", "--save", out],
                              capture_output=True, text=True, check=True)
        self.assertIn("32 × 32 positions share a cell", done.stderr)
        self.assertIn("head 1 of 4", done.stderr)
        self.assertLess(int(done.stdout.split()[-1]), 300 * 1024)  # KiB
        with np.load(out) as arrays:
            weights = arrays["weights"]
        self.assertEqual(weights.shape, (1, 512, 512))
        self.assertEqual(sorted(map(tuple, np.argwhere(weights == 1))), [(0, 0, 243), (0, 281, 243), (0, 511, 243)])
        exact, _ = self.shown(path, "--axes", "head, query, key", "--part", "head 1, query 8991-9011, key 7771-7781")
        self.assertEqual(exact[0, 10, 7], 1)


RANK = """
import sys, torch
sys.path.insert(0, sys.argv[1])
import saccade_capture as sc
folder, rank = sys.argv[2], int(sys.argv[3])
torch.distributed.init_process_group("gloo", init_method="file://" + folder + "/meet", rank=rank, world_size=2)
torch.manual_seed(rank)
layers = torch.nn.ModuleList(torch.nn.MultiheadAttention(8, 2, batch_first=True) for _ in range(2))
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = layers
    def forward(self, x):
        for layer in self.layers:
            x = layer(x, x, x, need_weights=False)[0]
        return x
model = Model()
for split in ("batch", "head", "layer"):
    with torch.no_grad(), sc.capture(model, folder + "/" + split + ".npz", dtype="float32", split=split):
        model(torch.randn(1, 4, 8))
"""


@unittest.skipIf(np is None or torch is None, "PyTorch is not installed: capture() is not tested")
class Captured(Captures):
    def setUp(self):
        super().setUp()
        torch.manual_seed(3)

    def arrays(self, path):
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files if name.endswith(tuple("0123456789"))}

    def test_multihead_attention_in_every_form(self):
        path = self.path("c.npz")
        for batch_first in (True, False):
            for form in ({}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 12, "vdim": 12}, {"bias": False}):
                m = torch.nn.MultiheadAttention(16, 4, batch_first=batch_first, **form).eval()
                size = form.get("kdim", 16)
                q = torch.randn(2, 5, 16) if batch_first else torch.randn(5, 2, 16)
                k = torch.randn(2, 7, size) if batch_first else torch.randn(7, 2, size)
                padding = torch.zeros(2, 7, dtype=torch.bool)
                padding[0, 5:] = True
                for mask in (None, torch.rand(5, 7) > 0.7, torch.randn(5, 7), torch.randn(8, 5, 7)):
                    # A padding mask of floats beside another mask is ignored by PyTorch 1.13, against what it documents.
                    given = {"key_padding_mask": torch.zeros(2, 7).masked_fill(padding, -math.inf) if mask is None else padding, "attn_mask": mask}
                    with torch.no_grad():
                        wanted = m(q, k, k, **given, average_attn_weights=False)
                        with sc.capture(m, path, dtype="float32"):
                            out = m(q, k, k, **given, need_weights=False)
                    weights = self.arrays(path)["cross.0"]
                    self.assertLess(np.nanmax(np.abs(weights - wanted[1].numpy())), 1e-6, (batch_first, form, mask))
                    self.assertIsNone(out[1])
                    self.assertTrue(torch.allclose(out[0], wanted[0], atol=1e-6, equal_nan=True))
                self.assertNotIn("forward", m.__dict__)

    def test_fused_encoder_layers(self):
        layer = torch.nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        encoder = torch.nn.TransformerEncoder(layer, 3).eval()
        x, path = torch.randn(2, 6, 16), self.path("c.npz")
        with torch.no_grad():
            plain = encoder(x)
            with sc.capture(encoder, path, tokens=list("abcdef"), dtype="float32"):
                out = encoder(x)
            first = encoder.layers[0]
            wanted = first.self_attn(x, x, x, average_attn_weights=False)[1]
        self.assertTrue(torch.allclose(plain, out, atol=1e-5))
        self.assertLess(np.abs(self.arrays(path)["self.0"] - wanted.numpy()).max(), 1e-6)
        self.assertTrue(first.activation_relu_or_gelu and encoder.enable_nested_tensor)
        weights, trace = self.shown(path)
        self.assertEqual(weights.shape, (3, 4, 6, 6))
        self.assertEqual(self.labels(trace, "token"), list("abcdef"))
        self.assertLess(np.abs(weights[0] - wanted[0].numpy()).max(), 1e-6)
        second, _ = self.shown(path, "--part", "batch 2")
        self.assertLess(np.abs(second[0] - wanted[1].numpy()).max(), 1e-6)

    def test_encoder_and_decoder_layers_and_heads(self):
        model, path = torch.nn.Transformer(16, 4, 2, 2, 32, batch_first=True).eval(), self.path("c.npz")
        with torch.no_grad(), sc.capture(model, path, heads=[0, 2]):
            model(torch.randn(1, 6, 16), torch.randn(1, 4, 16))
        self.assertEqual(self.shown(path, "--array", "cross")[0].shape, (2, 2, 4, 6))
        self.assertEqual(self.shown(path, "--array", "self")[0].shape, (2, 2, 6, 6))
        self.assertEqual(self.shown(path, "--array", "self.2")[0].shape, (2, 2, 4, 4))
        with torch.no_grad(), sc.capture(model, path, layers=[1]):
            model(torch.randn(1, 6, 16), torch.randn(1, 4, 16))
        self.assertEqual(sorted(self.arrays(path)), ["cross.1", "self.1"])

    def test_scaled_dot_product_attention(self):
        functional = torch.nn.functional
        public = hasattr(functional, "scaled_dot_product_attention")
        path = self.path("c.npz")

        class Block(torch.nn.Module):
            def forward(self, q, k, v):
                if public:
                    return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
                return functional._scaled_dot_product_attention(q, k, v, None, 0.0, False, True)[0]

        q, k, v = torch.randn(3, 2, 4, 5, 8)
        with torch.no_grad(), sc.capture(Block(), path, dtype="float32"):
            out = model_out = Block()(q, k, v)
        del model_out
        weights = torch.from_numpy(self.arrays(path)["self.0"])
        self.assertTrue(torch.allclose(weights @ v, out, atol=1e-5))
        self.assertEqual(float(weights.triu(1).abs().max()), 0)

    def test_modules_that_return_their_weights(self):
        class SelfAttention(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.qk = torch.nn.Linear(8, 16)

            def forward(self, x):
                q, k = (t.reshape(1, -1, 2, 4).transpose(1, 2) for t in self.qk(x).chunk(2, -1))
                weights = torch.softmax(q @ k.transpose(-1, -2), -1)
                return (weights @ k).transpose(1, 2).reshape(x.shape), weights

        class OuterAttention(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.self = SelfAttention()

            def forward(self, x):
                return self.self(x)

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = torch.nn.ModuleList(OuterAttention() for _ in range(3))

            def forward(self, input_ids):
                x = torch.nn.functional.one_hot(input_ids, 8).float()
                for layer in self.layers:
                    x = layer(x)[0]
                return x

        model, path = Model(), self.path("c.npz")
        with torch.no_grad(), sc.capture(model, path, tokenizer="abcdefgh"):
            model(input_ids=torch.tensor([[3, 1, 0]]))
        weights, trace = self.shown(path)
        self.assertEqual(weights.shape, (3, 2, 3, 3))
        self.assertEqual(self.labels(trace, "token"), ["d", "b", "a"])

    def test_rows_of_a_generation_are_appended(self):
        class Block(torch.nn.Module):  # as decoders do it: keys and values of before are kept
            def __init__(self):
                super().__init__()
                self.qkv, self.cache = torch.nn.Linear(8, 24), None

            def forward(self, x):
                q, k, v = (t.reshape(1, -1, 2, 4).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
                if self.cache is not None:
                    k, v = torch.cat([self.cache[0], k], 2), torch.cat([self.cache[1], v], 2)
                self.cache = k, v
                future = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).triu(k.shape[2] - q.shape[2] + 1)
                mask = torch.zeros(future.shape).masked_fill(future, -math.inf)
                functional = torch.nn.functional
                if hasattr(functional, "scaled_dot_product_attention"):
                    out = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
                else:
                    out = functional._scaled_dot_product_attention(q, k, v, mask, 0.0, False, False)[0]
                return x + out.transpose(1, 2).reshape(x.shape)

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = torch.nn.ModuleList(Block() for _ in range(2))

            def forward(self, input_ids, past_key_values=None):  # which the blocks keep themselves
                x = torch.nn.functional.one_hot(input_ids, 8).float()
                for block in self.blocks:
                    x = block(x)
                return x

        model, path, ids = Model(), self.path("c.npz"), [3, 1, 0, 5, 7, 2]
        with torch.no_grad():
            with sc.capture(model, path, dtype="float32"):
                model(torch.tensor([ids]))
            at_once = self.arrays(path)
            for block in model.blocks:
                block.cache = None
            with sc.capture(model, path, tokenizer="abcdefgh", dtype="float32", append=True, limit_gib=1e-7):
                model(torch.tensor([ids[:3]]))  # the prompt, then a token a step
                for i in ids[3:]:
                    model(torch.tensor([[i]]))
        stepwise = self.arrays(path)
        self.assertEqual(sorted(stepwise), ["self.0", "self.1"])
        for name, weights in stepwise.items():
            self.assertEqual(weights.shape, (1, 2, 6, 6))
            self.assertLess(np.abs(weights - at_once[name]).max(), 1e-6)
        shown, trace = self.shown(path)
        self.assertEqual(self.labels(trace, "token"), list("dbafhc"))
        self.assertEqual(shown.shape, (2, 2, 6, 6))
        self.assertFalse(model.blocks[0]._forward_hooks or model.blocks[0]._forward_pre_hooks)

        # Each step an array of its own: a step's one query among many keys is no cross-attention, not even if it is the first seen.
        with torch.no_grad(), sc.capture(model, path, dtype="float32"):
            for block in model.blocks:
                block.cache = None
            for i in ids[:2]:
                model(torch.tensor([[i]]))
        self.assertEqual(sorted(self.arrays(path)), ["self.0", "self.1", "self.call1.0", "self.call1.1"])
        with torch.no_grad(), sc.capture(model, path, dtype="float32"):
            model(torch.tensor([[ids[2]]]), past_key_values=model.blocks[0].cache)
        self.assertEqual({name: a.shape for name, a in self.arrays(path).items()}, {"self.0": (1, 2, 1, 3), "self.1": (1, 2, 1, 3)})

    def test_generation_with_multihead_attention_and_cross_attention(self):
        own, over = (torch.nn.MultiheadAttention(8, 2, batch_first=True).eval() for _ in range(2))
        path = self.path("c.npz")

        class Decoder(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.own, self.over, self.seen = own, over, torch.zeros(1, 0, 8)

            def forward(self, x, memory):
                self.seen = torch.cat([self.seen, x], 1)
                n, all_ = x.shape[1], self.seen.shape[1]
                mask = torch.ones(n, all_, dtype=torch.bool).triu(all_ - n + 1)
                y = self.own(x if n < all_ else self.seen, self.seen, self.seen, attn_mask=mask)[0]
                return self.over(y, memory, memory)[0]

        x, memory, model = torch.randn(1, 5, 8), torch.randn(1, 7, 8), Decoder()
        with torch.no_grad(), sc.capture(model, path, dtype="float32", append=True):
            model(x[:, :2], memory)
            for i in range(2, 5):
                model(x[:, i : i + 1], memory)
        arrays = self.arrays(path)
        mask = torch.ones(5, 5, dtype=torch.bool).triu(1)
        with torch.no_grad():
            wanted = own(x, x, x, attn_mask=mask, average_attn_weights=False)
            wanted_cross = over(wanted[0], memory, memory, average_attn_weights=False)[1]
        self.assertEqual({name: a.shape for name, a in arrays.items()}, {"self.0": (1, 2, 5, 5), "cross.0": (1, 2, 5, 7)})
        self.assertLess(np.abs(arrays["self.0"] - wanted[1].numpy()).max(), 1e-6)
        self.assertLess(np.abs(arrays["cross.0"] - wanted_cross.numpy()).max(), 1e-6)
        with torch.no_grad(), self.assertRaisesRegex(ValueError, "steps of one generation"):
            with sc.capture(own, path, append=True):
                own(x, x, x)
                own(torch.randn(2, 1, 8), x.expand(2, -1, -1), x.expand(2, -1, -1))

    def test_each_process_writes_a_shard_and_one_file_opens_them(self):
        if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
            self.skipTest("PyTorch was built without gloo")
        script = self.path("rank.py", RANK.encode())
        ranks = [subprocess.Popen([sys.executable, script, os.path.dirname(sc.__file__), self.folder, str(r)], stderr=subprocess.PIPE, text=True)
                 for r in range(2)]
        for process in ranks:
            _, said = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 0, said)
        for split in ("batch", "head", "layer"):
            path = self.path(f"{split}.npz")
            shards = [self.arrays(path.replace(".npz", f".rank{r}.npz")) for r in range(2)]
            for number in (0, 1):
                part = f"batch {number + 1}" if split == "batch" else "batch 1"
                shown, _ = self.shown(path, "--part", part)
                if split == "batch":
                    wanted = np.stack([shards[number][f"self.{layer}"][0] for layer in range(2)])
                else:
                    layers = [shards[r][f"self.{layer}"][0] for r in range(2) for layer in range(2)]
                    wanted = np.stack(layers) if split == "layer" else np.concatenate([np.stack(layers[:2]), np.stack(layers[2:])], 1)
                self.assertEqual(shown.shape, wanted.shape, split)
                self.assertLess(np.abs(shown - wanted).max(), 1e-6)
            if split == "head":  # the third is the first of the second process
                self.assertLess(np.abs(self.shown(path, "--part", "head 3-4")[0] - wanted[:, 2:]).max(), 1e-6)
        os.remove(path.replace(".npz", ".rank1.npz"))
        self.bad(1, "run", "capture", "--path", path, names=["rank1.npz"])

    def test_little_memory_is_enough(self):
        m, path = torch.nn.MultiheadAttention(8, 2, batch_first=True), self.path("c.npz")
        x = torch.randn(1, 300, 8)
        with torch.no_grad(), sc.capture(m, path, dtype="float32", limit_gib=1e-5):  # a row at a time
            m(x, x, x, need_weights=False)
        self.assertLess(np.abs(self.arrays(path)["self.0"] - m(x, x, x, average_attn_weights=False)[1].detach().numpy()).max(), 1e-6)

    def test_nothing_to_capture_and_an_error_within(self):
        path = self.path("c.npz")
        with self.assertRaisesRegex(RuntimeError, "no attention was seen"):
            with sc.capture(torch.nn.Linear(2, 2), path):
                pass
        m = torch.nn.MultiheadAttention(8, 2)
        with self.assertRaises(KeyError):
            with sc.capture(m, path):
                raise KeyError("of the model")
        self.assertEqual(os.listdir(self.folder), [])
        self.assertNotIn("forward", m.__dict__)


if __name__ == "__main__":
    if np is None:
        print("capture_test: NumPy is not installed, nothing is tested")
    elif torch is None:
        print("capture_test: PyTorch is not installed, capture() is not tested")
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
