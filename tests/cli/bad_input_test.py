#!/usr/bin/env python3
"""What the command line says of flags, paths, texts and files that it cannot take.

    bad_input_test.py PROGRAM        (only the standard library)

A bad input must give exactly one line on stderr that names what was wrong, and the exit status of the contract: 2 usage, 1 could not.
"""
import json
import os
import re
import struct
import sys
import time
import unittest
import xml.etree.ElementTree
import zipfile

from driver import Case, MODELS, saccade, safetensors, png


class BadInput(Case):
    def test_help_everywhere(self):
        for command in ([], ["list"], ["describe"], ["run"], ["render"], ["train"], ["eval"], ["bench"]):
            self.assertIn("--help", self.good(*command, "--help"))
        self.assertIn("--source", self.good("run", "alignment", "--help"))

    # --- what it refuses ---

    def test_usage(self):
        out = self.path("x.npz")
        self.bad(2, "run", "alignment", "--sauce", "x", "--save", out, names=["--sauce", "--source"])
        self.bad(2, "run", "nothing", "--save", out, names=["nothing", "alignment"])
        self.bad(2, "render", "alignment", "--view", "cube", "-o", out, names=["cube", "heatmap"])
        self.bad(2, "render", "alignment", "--view", "heatmap", "-o", self.path("x.bmp"), names=["bmp"])
        self.bad(2, "render", "alignment", "--view", "heatmap", "--size", "0x0", "-o", self.path("x.png"), names=["0x0"])
        self.bad(2, "run", "alignment", "--intervene", "weights[0", "--save", out, names=["weights[0"])
        for command in (("run", "alignment", "--save", out), ("render", "alignment", "--view", "heatmap", "-o", self.path("i.svg"))):
            self.bad(2, *command, "--intervene", "weights[99,0]=0.5", names=["--intervene", "weights[99,0]", "no such cell", "from 0 to"])
        self.assertFalse(os.path.exists(self.path("i.svg")))
        self.bad(2, "train", "nothing", "-o", self.path("x.safetensors"), names=["nothing", "dates"])
        self.bad(2, "lst", names=["lst", "list"])
        self.bad(2, "run", "alignment", "--source", b"30 Sep \xff 2019", "--save", out, names=["UTF-8"])
        self.assertFalse(os.path.exists(out))

    def test_a_flag_that_cannot_be_is_named(self):
        out = self.path("f.svg")
        for flags, names in ((("--dpi", "0"), ["--dpi"]), (("--theme", "pink"), ["--theme", "pink"]),
                             (("--colormap", "jet7"), ["--colormap", "jet7"]), (("--scale", "cube"), ["--scale"]),
                             (("--select", "weights[99,0]"), ["--select", "99"]), (("--select", "nothing[0]"), ["--select", "nothing"])):
            self.bad(2, "render", "alignment", "--view", "heatmap", *flags, "-o", out, names=names)
        self.bad(2, "render", "transformer", "--source", "我爱你。", "--view", "heatmap", "--tensor", "encoder.weights", "--heads", "7",
                 "-o", out, names=["--heads", "no head 7", "6"])
        self.bad(2, "render", "alignment", "--view", "heatmap", "--heads", "2", "-o", out, names=["--heads", "no heads"])
        self.bad(2, "render", "alignment", "--view", "heatmap", "--select", "weights[-1,0]", "-o", out, names=["--select", "weights[-1,0]"])
        self.assertNotIn("intervention", saccade("render", "alignment", "--view", "heatmap", "--select", "weights[-1,0]", "-o", out).stderr.decode())
        for step in ("99", "3000000000", "-1"):
            self.bad(2, "render", "alignment", "--view", "heatmap", "--step", step, "-o", out, names=["--step", step])
        self.good("render", "alignment", "--view", "heatmap", "--step", "0", "-o", out)
        self.bad(2, "run", "alignment", "--seed", "-1", "--save", self.path("seed.npz"), names=["--seed", "-1"])

    def test_a_value_that_its_parameter_does_not_take_is_a_usage_error(self):
        """Of every type of parameter, in every exhibit."""
        wrong = {"integer": "123456789", "number": "1e30", "choice": "none-such", "toggle": "perhaps", "matrix": "1 2; 3"}
        seen = set()
        for exhibit in json.loads(self.good("list", "--json")):
            for param in json.loads(self.good("describe", exhibit["id"], "--json"))["params"]:
                kind = param["type"]
                if kind not in wrong or kind in seen or (kind in ("integer", "number") and not isinstance(param.get("max"), float)):
                    continue
                seen.add(kind)
                out = self.path("v.npz")
                self.bad(2, "run", exhibit["id"], "--" + param["name"], wrong[kind], "--save", out, names=["--" + param["name"]])
                self.bad(2, "render", exhibit["id"], "--" + param["name"], wrong[kind], "--all", self.folder, names=["--" + param["name"]])
        self.assertEqual(seen, set(wrong))
        self.bad(2, "run", "alignment", "--source", "9" * 10000, "--save", self.path("v.npz"), names=["--source", "512"])

    def test_a_number_beyond_what_there_is_names_its_flag(self):
        out = self.path("x.npz")
        self.bad(2, "run", "multi-head", "--layer", "9", "--save", out, names=["--layer: ", "Layer 9", "the model has 3"])
        self.bad(2, "render", "self-attention", "--view", "heatmap", "--head", "50", "-o", self.path("x.svg"), names=["--head: ", "Head 50"])
        self.assertFalse(os.path.exists(out))

    def test_a_length_without_a_unit_says_what_to_write(self):
        for flag in ("--width", "--height", "--font"):
            self.bad(2, "render", "alignment", "--view", "heatmap", flag, "85", "-o", self.path("x.svg"), names=[flag, "no unit", "85mm", "85pt"])

    def test_one_output_given_twice_is_refused(self):
        out = self.path("twice.svg")
        again = os.path.join(self.folder, ".", "twice.svg")
        self.bad(2, "render", "alignment", "--view", "heatmap", "-o", out, "-o", again, names=["twice.svg", "twice"])
        self.assertFalse(os.path.exists(out))

    def test_of_several_outputs_all_are_written_or_none(self):
        good = self.path("good.svg")
        for bad, status in (("bad.bmp", 2), ("no/such/folder.svg", 1)):
            self.bad(status, "render", "alignment", "--view", "heatmap", "-o", good, "-o", self.path(bad), names=[bad])
            self.assertFalse(os.path.exists(good), "the first was written before the second was looked at")
        # Of more than two axes there is no table for LaTeX: that is known when all of them have been made.
        self.bad(1, "render", "transformer", "--source", "我爱你。", "--view", "head-grid", "--tensor", "encoder.weights", "-o", good, "-o",
                 self.path("grid.tex"), names=["axes"])
        self.assertFalse(os.path.exists(good))

    def test_what_is_there_to_measure_is_asked_first(self):
        for words in (("complexity", "--longest", "2048", "--widest", "1024"), ("bottleneck", "--samples", "512", "--longest", "12")):
            started = time.monotonic()
            self.bad(1, "run", *words, "--intervene", "counted=0", "--save", self.path("c.npz"), names=["counted"])
            self.assertLess(time.monotonic() - started, 10)

    def test_one_tensor_is_one(self):
        self.assertIn(": 1 tensor\n", self.good("run", "alignment", "--capture", "weights", "--save", self.path("one.npz")))

    def test_files_that_are_something_else(self):
        weights = self.path("e.csv")
        with open(weights, "w", encoding="utf-8") as f:
            f.write("1,2\n3,4\n")
        self.bad(1, "run", "alignment", "--weights", weights, "--save", self.path("w.npz"), names=["e.csv", "no safetensors file"])
        with open(self.path("u16le.csv"), "wb") as f:
            f.write("1,2\n3,4\n".encode("utf-16-le"))
        for k, names in (("@" + self.path("u16le.csv"), ["u16le.csv", "line 1", "UTF-16LE", "iconv"]),
                         ("@file://otherhost" + weights, ["file://otherhost"])):
            self.bad(1, "run", "memory", "--q", "1 0", "--k", k, "--v", "1; 2", "--save", self.path("m.npz"), names=names)
        self.bad(2, "run", "alignment", "--source", "   ", "--save", self.path("w.npz"), names=["Source", "blanks"])

    def test_compressed_arrays_that_are_not_what_they_say(self):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (8, 8), }"
        header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
        start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
        lies, plain = self.path("lies.npz"), self.path("plain.npz")
        for path, size in ((lies, 1 << 22), (plain, 8 * 8 * 4)):
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
                z.writestr("a.npy", start + bytes(size))
        self.bad(1, "run", "capture", "--path", lies, names=["lies.npz", "holds 4194048 bytes more than its shape [8, 8] says"])
        self.good("run", "capture", "--path", plain)
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = self.path("nowhere")
        try:
            self.bad(1, "run", "capture", "--path", plain, names=["plain.npz", "no folder for temporary files", "TMPDIR"])
        finally:
            os.environ.pop("TMPDIR") if before is None else os.environ.__setitem__("TMPDIR", before)

    def test_list_names_models_that_are_there(self):
        bundled = {os.path.splitext(name)[0] for name in os.listdir(MODELS) if name.endswith(".safetensors")}
        for exhibit in json.loads(self.good("list", "--json")):
            self.assertLessEqual(set(exhibit["models"]), bundled, exhibit["id"])

    def test_paths_are_read_in_one_way(self):
        folder = self.path("with blank")
        os.makedirs(folder, exist_ok=True)
        text = os.path.join(folder, "k.csv")
        with open(text, "w", encoding="utf-8") as f:
            f.write("0,5;1,5\n2,5;3,5\n")
        address = "file://" + text.replace(" ", "%20")
        out = os.path.join(folder, "run.npz")
        for k in ("@" + address, "@'" + text + "'", "@ " + text):
            self.good("run", "memory", "--q", "1 0", "--k", k, "--v", "1; 2", "--save", "file://" + out.replace(" ", "%20"))
            self.assertTrue(os.path.exists(out))
            os.remove(out)
        self.good("render", "memory", "--q", "1 0", "--k", "1 0; 0 1", "--v", "1; 2", "--view", "heatmap", "--compare", "k=@" + address, "-o", out.replace("npz", "csv"))

    def test_text_is_read_as_it_was_meant(self):
        out = self.path("text.npz")
        plain = self.good("run", "alignment", "--source", "2019-09-30", "--save", out)
        self.assertEqual(plain, self.good("run", "alignment", "--source", "２０１９－０９－３０", "--save", out))
        done = saccade("run", "alignment", "--source", "2019\u200b-09-30", "--save", out)
        self.assertEqual(done.stdout.decode(), plain)
        self.assertIn("U+200B", done.stderr.decode())
        for ending in ("svg", "pdf", "png"):
            self.good("render", "alignment", "--source", "sys\ufffetem", "--view", "heatmap", "-o", self.path("f." + ending))
        xml.etree.ElementTree.parse(self.path("f.svg"))

    def test_what_cannot_hold_is_said(self):
        out = self.path("notes.npz")

        def notes(*args):
            done = saccade("run", *args, "--save", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stderr.decode()

        self.assertIn("cannot hold", notes("alignment", "--intervene", "weights[0,0]=0.7", "--intervene", "weights[0,1]=0.7"))
        self.assertIn("cannot hold", notes("alignment", "--source", "3", "--intervene", "weights[0,0]=0.2"))
        self.assertNotIn("cannot hold", notes("alignment", "--intervene", "weights[0,0]=0.7", "--intervene", "weights[0,1]=0.3"))
        # The first character is a 2; all the rest share next to nothing.
        self.assertIn("sums to 1.9:", notes("alignment", "--intervene", "probabilities[0,4]=0.9"))
        self.assertIn("no hypothesis 9", notes("alignment", "--beam", "5", "--hypothesis", "9"))
        self.assertIn("<unk>", notes("transformer", "--source", "我爱你。", "--target", "i love 猫"))
        self.assertIn("multiple of 4", notes("channel", "--resolution", "33"))
        photo = self.path("photo.png", png(64, 64, [b"\1\2\3" * 64] * 64))
        self.assertIn("knows 10 classes", notes("channel", "--image", photo))
        self.assertNotIn("knows 10 classes", notes("channel"))
        self.assertIn("3000 × 1", notes("channel", "--image", self.path("line.png", png(3000, 1, [b"\1\2\3" * 3000]))))
        encoder = notes("transformer", "--source", "我爱你。", "--beam", "3", "--intervene", "encoder.weights[0,0]*=0")
        self.assertNotIn("beam was searched", encoder)
        self.assertIn("beam was searched", notes("transformer", "--source", "我爱你。", "--beam", "3", "--intervene", "cross.weights[0,0]*=0"))

    def test_unknown_tensor(self):
        done = saccade("render", "alignment", "--view", "heatmap", "--tensor", "nope", "-o", self.path("x.png"))
        self.assertIn(done.returncode, (1, 2))
        self.assertEqual(len(done.stderr.decode().strip().splitlines()), 1)
        self.assertIn("nope", done.stderr.decode())

    def test_text(self):
        out = self.path("x.npz")
        self.bad(2, "run", "alignment", "--source", "", "--save", out, names=["Source"])
        self.bad(2, "run", "alignment", "--source", "9" * 10000, "--save", out, names=["Source", "512"])
        self.bad(1, "run", "alignment", "--target", "abc", "--save", out, names=["a"])
        done = saccade("run", "alignment", "--source", "30 Sep 2019 😀é", "--save", out)
        self.assertEqual(done.returncode, 0)
        self.assertIn("never saw", done.stderr.decode())

    def test_weights(self):
        with open(os.path.join(MODELS, "dates.safetensors"), "rb") as f:
            good = f.read()
        size = struct.unpack("<Q", good[:8])[0]
        corpus = {
            "missing": None,
            "empty": b"",
            "truncated": good[: len(good) // 2],
            "header_cut": good[:20],
            "huge_header": struct.pack("<Q", 1 << 60) + b"{}",
            "no_json": safetensors(b"x" * 64),
            "beyond": safetensors({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 8),
            "lying_shape": safetensors({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 16]}}, b"\0" * 16),
            "overlap": safetensors({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
                                    "b": {"dtype": "F32", "shape": [4], "data_offsets": [8, 24]}}, b"\0" * 24),
            "nan": good[: 8 + size] + b"\xff\x7f" * ((len(good) - 8 - size) // 2),
        }
        for name, content in corpus.items():
            path = self.path(name + ".safetensors", content)
            self.bad(1, "run", "alignment", "--weights", path, "--save", self.path("x.npz"), names=[name])

    def test_replacement_arrays(self):
        out = self.path("x.npz")
        self.bad(1, "run", "alignment", "--intervene", "weights=@" + self.path("missing.npz") + ":w", "--save", out, names=["missing.npz"])
        broken = self.path("broken.npz", b"PK\x03\x04 and no more")
        self.bad(1, "run", "alignment", "--intervene", "weights=@" + broken + ":w", "--save", out, names=["broken.npz"])
        lying = self.path("lying.npy", b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }      \n")
        self.bad(1, "run", "alignment", "--intervene", "weights=@" + lying, "--save", out, names=["lying.npy"])

    def rows(self, path, name):
        """A float array of two axes in an .npz, as lists."""
        with zipfile.ZipFile(path) as archive:
            data = archive.read(name + ".npy")
        size = struct.unpack("<H", data[8:10])[0]
        shape = [int(extent) for extent in re.findall(r"\d+", data[10:10 + size].decode().split("'shape'")[1])]
        values = struct.unpack(f"<{shape[0] * shape[1]}f", data[10 + size:])
        return [list(values[i * shape[1]:(i + 1) * shape[1]]) for i in range(shape[0])]

    def test_interventions(self):
        plain, changed = self.path("plain.npz"), self.path("changed.npz")
        self.good("run", "alignment", "--alignment", "local_m", "--save", plain)

        def run(*specs):
            words = [word for spec in specs for word in ("--intervene", spec)]
            self.good("run", "alignment", "--alignment", "local_m", *words, "--save", changed)
            return self.rows(changed, "weights")

        before = self.rows(plain, "weights")
        key = before[2].index(max(before[2]))
        self.assertEqual(run("weights[2,:]*=0")[2], [0] * len(before[2]))
        hidden = run(f"mask[2,{key}]=-inf")
        self.assertEqual(hidden[2][key], 0)
        self.assertAlmostEqual(sum(hidden[2]), 1, places=5)
        self.assertEqual(run(f"mask[2,{key}]=-inf", f"mask[2,{key}]=0")[2], before[2])
        self.assertEqual(run(f"weights[4]=@{plain}:weights[2]")[4], before[2])
        self.assertEqual(run(f"weights~=@{plain}:weights")[3], before[3])
        done = saccade("run", "alignment", "--alignment", "local_m", "--source", "30 Sep 2019", "--intervene", f"weights~=@{plain}:weights", "--save", changed)
        self.assertEqual(done.returncode, 0)
        self.assertIn("are frozen", done.stderr.decode())
        done = saccade("run", "alignment", "--alignment", "local_m", "--intervene", "mask[2,:]=-inf", "--save", changed)
        self.assertEqual(done.returncode, 0)
        self.assertIn("may attend to nothing", done.stderr.decode())
        self.assertTrue(all(value == value for row in self.rows(changed, "context") for value in row), "NaN")

    def test_bad_interventions(self):
        plain = self.path("plain.npz")
        self.good("run", "alignment", "--save", plain)
        out = self.path("x.npz")

        def bad(status, spec, *names):
            self.bad(status, "run", "alignment", "--intervene", spec, "--save", out, names=names)

        bad(2, "weights=inf", "finite")
        bad(2, "weights*=-inf", "finite")
        bad(2, "context=1e30", "1e9")
        bad(2, "weights~=0.5", "column 8")
        bad(2, "weights=@data:2x2:AAAA", "does not fit")
        bad(2, f"weights=@{plain}:weights[x]", "index")
        bad(1, "context=-inf", "only a mask")
        bad(1, "wieghts[0,0]=1", "wieghts", "weights")
        bad(1, "weights[0,0,0]=1", "3 indices for 2 axes")
        bad(1, "weights[0,0]=2", "between 0 and 1")
        bad(1, f"weights[1]=@{plain}:weights", "shape")
        bad(1, f"weights[1]=@{plain}:weights[999]", "shape")
        bad(1, f"weights[1]=@{plain}:weights[0,0,0]", "3 indices for 2 axes")
        self.assertFalse(os.path.exists(out))
        described = json.loads(self.good("describe", "alignment", "--json"))
        self.assertTrue(all(t["intervene"] == (t["role"] != "parameter") for t in described["tensors"]))

    def test_output_folders(self):
        self.bad(1, "run", "alignment", "--save", "/proc/nowhere/x.npz", names=["/proc/nowhere"])
        self.bad(1, "render", "alignment", "--view", "heatmap", "-o", self.path("missing/x.png"), names=["missing"])
        file = self.path("file", b"")
        self.bad(1, "run", "alignment", "--save", file + "/x.npz", names=["file"])
        self.bad(1, "train", "dates", "-o", "/proc/nowhere/x.safetensors", names=["/proc/nowhere"])

    def test_the_window_without_a_display_says_so(self):
        done = saccade()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.decode().strip().splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
