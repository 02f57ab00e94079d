#!/usr/bin/env python3
"""Runs the built program as a person or a script would: every subcommand, its JSON, its exit status, and every bad input.

    cli_test.py PROGRAM        (only the standard library)

A bad input must give exactly one line on stderr that names what was wrong, and the exit status of the contract: 2 usage, 1 could not.
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zipfile
import zlib

PROGRAM = os.path.abspath(sys.argv[1])
MODELS = os.path.join(os.path.dirname(__file__), "..", "..", "assets", "models")


def saccade(*args, env=None):
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.update(env or {})
    return subprocess.run([PROGRAM, *args], capture_output=True, env=environment, timeout=300)


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def png(width, height, rows=None):
    """8 bit RGB; without rows the header alone is right."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    body = zlib.compress(b"".join(b"\0" + row for row in rows or []))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="saccade_cli_test_")

    def tearDown(self):
        shutil.rmtree(self.folder)

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as f:
                f.write(content)
        return path

    def good(self, *args):
        done = saccade(*args)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return done.stdout.decode()

    def bad(self, status, *args, names=()):
        """Exactly one line, which names each of `names`; nothing else happened."""
        done = saccade(*args)
        text = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, text)
        self.assertEqual(len(text.strip().splitlines()), 1, text)
        for name in names:
            self.assertIn(name, text)

    # --- what it does ---

    def test_list(self):
        exhibits = json.loads(self.good("list", "--json"))
        self.assertEqual(set(exhibits[0]), {"id", "title", "models", "views"})
        self.assertIn("alignment", [e["id"] for e in exhibits])
        text = self.good("list")
        self.assertIn("alignment", text)
        # However long a name, blanks stand between it and what is said of it; and so in `describe`.
        models = text[text.index("bundled models"):].splitlines()[1:-2]
        self.assertGreater(len(models), 20)
        for line in models + [line for e in exhibits for line in text.splitlines() if line.startswith("  " + e["id"] + " ")]:
            self.assertRegex(line, r"^  \S+  +\S")
        for exhibit in ("alignment", "memory"):
            described = json.loads(self.good("describe", exhibit, "--json"))
            text = self.good("describe", exhibit)
            for tensor in described["tensors"]:
                self.assertRegex(text, rf"(?m)^  {re.escape(tensor['name'])}  +{tensor['role']}  +\[")

    def test_describe(self):
        described = json.loads(self.good("describe", "alignment", "--json"))
        self.assertIn("source", [p["name"] for p in described["params"]])
        tensors = {t["name"]: t for t in described["tensors"]}
        self.assertEqual(tensors["weights"]["role"], "weights")
        self.assertEqual(tensors["weights"]["axes"], ["output", "source"])

    def test_run_saves_what_describe_names(self):
        out = self.path("run.npz")
        self.assertIn("2019-09-30", self.good("run", "alignment", "--source", "二〇一九年九月三十日", "--save", out))
        with zipfile.ZipFile(out) as archive:
            trace = json.loads(archive.read("trace.json"))
            arrays = {name[:-4] for name in archive.namelist() if name.endswith(".npy")}
        described = json.loads(self.good("describe", "alignment", "--json"))
        recorded = {t["name"] for t in described["tensors"] if t["role"] != "parameter"}
        self.assertEqual(arrays, recorded)
        self.assertEqual({t["name"] for t in trace["tensors"]}, recorded)
        self.assertTrue(trace["steps"] and trace["axes"])

    def test_run_records_analyses_that_hold(self):
        out = self.path("run.npz")
        said = self.good("run", "transformer", "--analyse", "rollout,entropy", "--claims", "--save", out)
        held = {line.split()[0] for line in said.splitlines() if "R_l" in line or "H_h" in line}
        self.assertEqual(held, {"held"}, said)
        with zipfile.ZipFile(out) as archive:
            trace = json.loads(archive.read("trace.json"))
        tensors = {t["name"]: t for t in trace["tensors"]}
        self.assertEqual(tensors["encoder.weights.rollout"]["axes"], ["layer", "source", "source.key"])
        self.assertIn("cross.weights.entropy", tensors)
        described = json.loads(self.good("describe", "transformer", "--json"))["analyses"]
        self.assertIn("encoder.weights", next(a for a in described if a["id"] == "rollout")["tensors"])
        self.bad(2, "run", "transformer", "--analyse", "rolout", "--save", out, names=("rolout", "rollout"))
        self.bad(1, "run", "alignment", "--analyse", "rollout", "--save", out, names=("rollout",))

    def test_same_seed_same_bytes_at_any_thread_count(self):
        files = []
        for threads in ("1", "2", "2"):
            out = self.path(f"run{len(files)}.npz")
            self.good("run", "alignment", "--seed", "5", "--threads", threads, "--save", out)
            with open(out, "rb") as f:
                files.append(f.read())
        self.assertEqual(files[0], files[1])
        self.assertEqual(files[1], files[2])

    def test_an_edited_weight_renormalises_its_row(self):
        out = self.path("run.npz")
        self.good("run", "alignment", "--intervene", "weights[0,0]=0.5", "--capture", "weights", "--save", out)
        with zipfile.ZipFile(out) as archive:
            raw = archive.read("weights.npy")
        header = raw[10:10 + struct.unpack("<H", raw[8:10])[0]].decode()
        columns = int(header.split("(")[1].split(",")[1].strip(" )"))
        row = struct.unpack(f"<{columns}f", raw[10 + len(header):][:4 * columns])
        self.assertAlmostEqual(row[0], 0.5, places=6)
        self.assertAlmostEqual(sum(row), 1.0, places=5)

    def test_render_every_format(self):
        starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml", "npz": b"PK"}
        for ending in ("png", "svg", "pdf", "csv", "npz"):
            out = self.path("figure." + ending)
            self.good("render", "alignment", "--source", "2019年9月30日", "--view", "heatmap", "--theme", "dark", "-o", out)
            with open(out, "rb") as f:
                content = f.read()
            self.assertTrue(content.startswith(starts.get(ending, b"")), content[:20])
            self.assertGreater(len(content), 100)
        with open(self.path("figure.svg"), encoding="utf-8") as f:
            svg = f.read()
        self.assertIn("年</text>", svg)  # text stays text

    def test_render_compares(self):
        out = self.path("difference.csv")
        self.good("render", "alignment", "--view", "heatmap", "--compare", "temperature=3", "-o", out)
        with open(out, encoding="utf-8") as f:
            cells = [float(c) for line in f for c in line.strip().split(",") if c.startswith(("-0.", "0."))]
        self.assertLess(min(cells), -0.1)  # a hotter softmax takes from the largest weights
        self.assertGreater(max(cells), 0.01)  # and gives to the others
        picture = self.path("difference.svg")
        self.good("render", "alignment", "--view", "heatmap", "--compare", "source=2019年9月30日", "--compare", "seed=9", "-o", picture)
        with open(picture, encoding="utf-8") as f:
            self.assertIn("B − A", f.read())

    def test_render_refuses_to_compare_what_is_no_parameter(self):
        for setting in ("temperatur=3", "temperature", "temperature=hot", "seed=x"):
            self.bad(2, "render", "alignment", "--view", "heatmap", "--compare", setting, "-o", self.path("x.png"))

    def test_run_checks_claims(self):
        lines = self.good("run", "alignment", "--claims").splitlines()
        self.assertTrue(any(line.startswith("held") for line in lines))
        self.assertTrue(any(line.startswith("not on this run") for line in lines))
        self.assertFalse(any(line.startswith("broken") for line in lines))
        self.assertFalse(any(line.startswith("no rule") for line in lines), lines)
        forced = self.good("run", "alignment", "--target", "1999", "--claims").splitlines()
        self.assertTrue(any(line.startswith("no rule") and "output.id" in line for line in forced), forced)
        self.assertTrue(any("32 of " in line for line in lines), "how many cells were looked at is said")
        self.bad(2, "run", "alignment", names=["--save"])

    def test_claims_speak_of_what_is_shown(self):
        lines = self.good("run", "alignment", "--intervene", "weights=0", "--claims").splitlines()
        self.assertTrue(any(line.startswith("broken, by hand") and "every row of α sums to 1" in line for line in lines), lines)
        self.assertFalse(any(line.startswith("broken ") for line in lines), lines)

    def test_render_size(self):
        out = self.path("figure.png")
        self.good("render", "alignment", "--view", "flow", "--size", "640x400", "-o", out)
        with open(out, "rb") as f:
            header = f.read(24)
        self.assertEqual(struct.unpack(">II", header[16:24]), (640, 400))

    def test_eval_is_what_the_card_says(self):
        result = json.loads(self.good("eval", "dates", "--json"))
        with open(os.path.join(MODELS, "dates.json"), encoding="utf-8") as f:
            card = json.load(f)
        self.assertEqual(result["n"], card["n"])
        for name, value in card["metrics"].items():
            self.assertAlmostEqual(result["metrics"][name], value, places=4)
        self.assertGreaterEqual(result["metrics"]["exact_match"], 0.99)
        self.assertGreaterEqual(result["metrics"]["gold_weight"], 0.90)

    def test_memory_reads_matrices_from_words_and_files(self):
        described = json.loads(self.good("describe", "memory", "--json"))
        params = {p["name"]: p for p in described["params"]}
        self.assertEqual(params["k"]["type"], "matrix")
        self.assertEqual(len(params["k"]["default"]), 5)
        self.assertEqual(params["temperature"]["max"], "inf")
        self.assertEqual({t["name"]: t["axes"] for t in described["tensors"]}["weights"], ["query", "slot"])
        out = self.path("run.npz")
        text = self.path("k.csv", "1, 0\n-1, 0\n".encode())
        for k in ("1 0; -1 0", "1,0\n-1,0", "[[1, 0], [-1, 0]]", "1\t0\n-1\t0\n", "@" + text):
            self.assertIn("q1: 10\n", self.good("run", "memory", "--q", "-1 0", "--k", k, "--v", "20; 10", "--read", "hard", "--save", out))
        self.assertIn("q1: 15\n", self.good("run", "memory", "--q", "1 0", "--k", "@" + text, "--v", "20; 10", "--temperature", "inf", "--save", out))
        for name in ("k.npy", "keys.npz:keys"):
            self.good("run", "memory", "--capture", "keys", "--save", self.path("keys.npz"))
            with zipfile.ZipFile(self.path("keys.npz")) as archive:
                self.path("k.npy", archive.read("keys.npy"))
            self.good("run", "memory", "--k", "@" + self.path(name), "--save", out)

    def test_matrices_that_are_none(self):
        out = self.path("x.npz")
        for given, names in (("1 0; 0 x", ["row 2, column 2", "'x'"]), ("1 2; 3", ["row 2"]), ("1 nan", ["nan"]), ("", ["empty"])):
            self.bad(2, "run", "memory", "--k", given, "--save", out, names=["--k", *names])
        self.bad(1, "run", "memory", "--k", " ".join(["1"] * 10000), "--save", out, names=["K", "10000", "1024"])
        self.bad(1, "run", "memory", "--q", "1 2 3", "--save", out, names=["Q", "K"])
        self.bad(1, "run", "memory", "--v", "1 2 3", "--save", out, names=["V", "K"])
        self.bad(1, "run", "memory", "--temperature", "-1", "--save", out, names=["Temperature"])
        self.bad(1, "run", "memory", "--k", "@" + self.path("none.csv"), "--save", out, names=["none.csv"])
        self.bad(1, "run", "memory", "--k", "@" + self.path("names.csv", b"cat,1\n"), "--save", out, names=["names.csv", "row 1, column 1"])
        self.assertFalse(os.path.exists(out))

    def test_pictures(self):
        out = self.path("run.npz")
        picture = self.path("picture.dat", png(40, 30, [bytes((x * 6, y * 8, 90)[c] for x in range(40) for c in range(3)) for y in range(30)]))
        scene = 'scene:{"shapes": [{"kind": "star", "color": "#ff8800", "size": 0.6}], "background": {"kind": "sea"}}'
        for value in (picture, "sample:ship", scene, self.path("thin.png", png(9, 1, [bytes(range(27))]))):
            self.good("run", "spatial", "--image", value, "--resolution", "64", "--save", out)
            with zipfile.ZipFile(out) as archive:
                trace = json.loads(archive.read("trace.json"))
                self.assertIn("image.npy", archive.namelist())
            self.assertEqual(trace["request"]["params"]["image"], value)

    def test_maps_over_pictures(self):
        def svg(*args):
            out = self.path("x.svg")
            self.good("render", "spatial", *args, "-o", out)
            with open(out) as f:
                return f.read()

        usual = svg("--view", "overlay")
        self.assertEqual(usual.count(" href=\"data:image/png"), 1)  # the picture; a small map is cells
        self.assertEqual(usual.count("xlink:href=\"data:image/png"), 1)  # the same, for readers of SVG 1.1
        self.assertIn('fill-opacity="0.65"', usual)
        self.assertIn("opacity 0.30", svg("--view", "overlay", "--opacity", "0.3"))
        self.assertIn("contours at", svg("--view", "overlay", "--overlay", "contours"))
        self.assertNotIn('fill-opacity="0.65"', svg("--view", "overlay", "--overlay", "off"))
        self.assertIn("0.40 of the scale", svg("--view", "overlay", "--map-threshold", "0.4", "--smooth"))
        self.assertIn("channel 18", svg("--view", "overlay", "--tensor", "stage3.block2.features", "--select", "stage3.block2.features[17,:,:]"))
        self.assertIn("largest gate first", svg("--view", "map-gallery", "--tensor", "stage3.block2.features"))
        self.assertNotIn("largest", svg("--view", "channel-bars", "--tensor", "stage3.block2.gate", "--channels", "number"))
        self.assertIn("mean over c", svg("--view", "map-stages", "--tensor", "stage3.block2.spatial"))
        self.assertIn("3 networks", svg("--view", "word-strip", "--tensor", "compare.grad_cam", "--side_by_side", "true"))
        out = self.path("none.svg")
        self.bad(2, "render", "spatial", "--view", "overlay", "--overlay", "veil", "-o", out, names=["veil", "contours"])
        self.bad(2, "render", "spatial", "--view", "overlay", "--opacity", "7", "-o", out, names=["opacity", "7"])
        self.bad(2, "render", "spatial", "--view", "channel-bars", "--channels", "size", "-o", out, names=["size", "number"])
        self.assertFalse(os.path.exists(out))

    def test_pictures_that_are_none(self):
        out = self.path("x.npz")
        small = png(4, 4, [b"\1\2\3" * 4] * 4)
        for value, names in (
                (self.path("text.png", b"a text, not a picture\n" * 9), ["text.png", "a text file", "PNG, JPEG or WebP"]),
                (self.path("zero.jpg", b""), ["zero.jpg", "is empty"]),
                (self.path("cut.png", small[:-20]), ["cut.png", "damaged PNG"]),
                (self.path("cut.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"), ["cut.jpg", "damaged JPEG"]),
                (self.path("huge.png", png(60000, 60000)), ["huge.png", "60000 x 60000", "50 megapixels"]),
                (self.path("moving.webp", b"RIFF\x2e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\7\0\0\7\0\0ANIM\6" + bytes(9) + b"ANMF" + bytes(4)),
                 ["moving.webp", "animated"]),
                (self.path("one.png", png(1, 1, [b"\7\7\7"])), ["one.png", "1 x 1 pixels"]),
                (self.path("moving.gif", b"GIF89a" + bytes(40)), ["moving.gif", "a GIF"]),
                (self.path("none.png"), ["none.png", "No such file"]),
                (self.folder, ["is a folder"]),
                ("sample:nothing", ["nothing", "ship"]),
                ("scene:{", ["not JSON"]),
                ('scene:{"shapes": [{}, {"size": -1}]}', ["shape 2", "'size'"]),
                ("data:image/png;base64,?", ["no picture"]),
                ("", ["does not name a picture"])):
            self.bad(1, "run", "spatial", "--image", value, "--save", out, names=names)
        self.assertFalse(os.path.exists(out))

    def test_saliency_answers_questions(self):
        out = self.path("run.npz")
        for question, answer in (("year", "2019"), ("month", "Sep"), ("day", "30")):
            self.assertIn(f"output: {answer}\n", self.good("run", "saliency", "--source", "2019年9月30日", "--question", question, "--save", out))
        self.bad(2, "run", "saliency", "--question", "hour", "--save", out, names=["hour", "month"])
        self.bad(1, "run", "saliency", "--source", "", "--save", out, names=["Source"])
        result = json.loads(self.good("eval", "date-questions", "--json"))
        with open(os.path.join(MODELS, "date-questions.json"), encoding="utf-8") as f:
            card = json.load(f)
        for name, value in card["metrics"].items():
            self.assertAlmostEqual(result["metrics"][name], value, places=4)
        self.good("render", "saliency", "--view", "heatmap", "--tensor", "maps", "-o", self.path("maps.svg"))
        with open(self.path("maps.svg"), encoding="utf-8") as f:
            self.assertIn("gating: 2019</text>", f.read())

    def test_rnn_shapes(self):
        out = self.path("x.npz")
        self.assertIn("September", self.good("run", "rnn-shapes", "--text", "九月", "--save", out))
        self.assertIn("2019-09-30", self.good("run", "rnn-shapes", "--shape", "n-to-m", "--direction", "bi", "--save", out))
        self.assertIn("day 30 · month 9 · year 19",
                      self.good("run", "rnn-shapes", "--shape", "n-to-n", "--direction", "bi", "--text", "30/9/19", "--save", out))
        self.assertIn("February", self.good("run", "rnn-shapes", "--shape", "1-to-n", "--month", "2", "--save", out))
        self.good("render", "rnn-shapes", "--view", "curves", "--tensor", "memory.norm", "--trained", "off", "--scale", "log",
                  "-o", self.path("x.svg"))
        with open(self.path("x.svg"), encoding="utf-8") as f:
            svg = f.read()
        for name in ("Elman", "GRU", "LSTM"):
            self.assertIn(name, svg)
        result = json.loads(self.good("eval", "rnn-n-to-n-gru-bi", "--json"))
        with open(os.path.join(MODELS, "rnn-n-to-n-gru-bi.json"), encoding="utf-8") as f:
            card = json.load(f)
        for name, value in card["metrics"].items():
            self.assertAlmostEqual(result["metrics"][name], value, places=4)
        self.assertGreaterEqual(result["metrics"]["accuracy"], 0.99)
        self.bad(1, "run", "rnn-shapes", "--text", "", "--save", self.path("y.npz"), names=["Text"])
        self.bad(1, "run", "rnn-shapes", "--shape", "1-to-n", "--month", "13", "--save", self.path("y.npz"), names=["Month", "12"])
        self.bad(2, "run", "rnn-shapes", "--cell", "gru2", "--save", self.path("y.npz"), names=["gru2", "lstm"])
        self.assertFalse(os.path.exists(self.path("y.npz")))

    def test_pictures_are_learned_and_measured_again(self):
        """CIFAR-10's binary form, in small: bright and dark pictures."""
        def batch(count):
            return b"".join(bytes([i % 2]) + bytes([40 + 170 * (i % 2) + i % 7]) * 3072 for i in range(count))
        self.path("data_batch_1.bin", batch(16))
        self.path("test_batch.bin", batch(6))
        model = self.path("m.safetensors")
        self.good("train", "cifar-cbam-resnet20", "--data", self.folder, "--epochs", "2", "--option", "batch=8", "-o", model)
        with open(self.path("m.json"), encoding="utf-8") as f:
            card = json.load(f)
        self.assertEqual((card["steps"], card["n"], card["network"]["attention"]), (4, 6, "cbam"))
        self.assertEqual(len(card["log"]["rows"]), 2)
        self.assertFalse(os.path.exists(model + ".checkpoint"))
        result = json.loads(self.good("eval", model, "--data", self.folder, "--json"))
        self.assertEqual(result["metrics"], card["metrics"])
        self.bad(2, "train", "cifar-resnet20", "-o", model, names=["--data"])
        self.bad(1, "eval", model, "--data", self.path("nowhere"), names=["nowhere"])
        self.path("test_batch.bin", batch(6)[:-1])
        self.bad(1, "eval", model, "--data", self.folder, names=["test_batch.bin"])

    def test_help_everywhere(self):
        for command in ([], ["list"], ["describe"], ["run"], ["render"], ["train"], ["eval"], ["bench"]):
            self.assertIn("--help", self.good(*command, "--help"))
        self.assertIn("--source", self.good("run", "alignment", "--help"))

    # --- what it refuses ---

    def test_usage(self):
        out = self.path("x.npz")
        self.bad(2, "run", "alignment", "--sauce", "x", "--save", out, names=["--sauce", "--source"])
        self.bad(2, "run", "nothing", "--save", out, names=["nothing", "alignment"])
        self.bad(2, "run", "alignment", names=["--save"])
        self.bad(2, "render", "alignment", "--view", "cube", "-o", out, names=["cube", "heatmap"])
        self.bad(2, "render", "alignment", "--view", "heatmap", "-o", self.path("x.bmp"), names=["bmp"])
        self.bad(2, "render", "alignment", "--view", "heatmap", "--size", "0x0", "-o", self.path("x.png"), names=["0x0"])
        self.bad(2, "run", "alignment", "--intervene", "weights[0", "--save", out, names=["weights[0"])
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
        self.bad(1, "run", "alignment", "--source", "", "--save", out, names=["Source"])
        self.bad(1, "run", "alignment", "--source", "9" * 10000, "--save", out, names=["Source", "512"])
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
