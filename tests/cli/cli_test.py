#!/usr/bin/env python3
"""Runs the built program as a person or a script would: every subcommand, its JSON, its exit status.

    cli_test.py PROGRAM        (only the standard library)
"""
import csv
import json
import os
import re
import struct
import subprocess
import sys
import unittest
import zipfile

from driver import Case, MODELS, png, saccade


class Cli(Case):
    # --- what it does ---

    def test_languages(self):
        chinese = {"SACCADE_LANGUAGE": "", "LANG": "zh_CN.UTF-8", "LC_ALL": "", "LC_MESSAGES": "", "LANGUAGE": ""}
        done = saccade("run", "alignment", "--source", "", "--save", self.path("a.npz"), env=chinese)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn("请输入文本", done.stderr.decode())
        self.assertIn("用法", saccade("--language", "zh", "render", "--help").stdout.decode())
        self.assertIn("there is no language 'xx': choose one of: en, zh", saccade("--language=xx", "list").stderr.decode())
        for typed, said in ((("run", "alignment", "--step", "-5"), "saccade run 没有选项“--step”；是否想写“--seed”？"),
                            (("eval", "dates", "-n", "0"), "-n：“0”不是 1 到 1000000 的整数：请见 'saccade eval --help'"),
                            (("run", "alignment", "--seed", "-1"), "--seed：“-1”不是从 0 起的整数：请见"),
                            (("lesson", "x", "--language", "fr"), "--language：“fr”不在这些之中：en，zh：请见")):
            done = saccade("--language", "zh", *typed)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr.decode())
            self.assertNotIn("7", done.stderr.decode(), "the limits of a type help nobody")
        # What a person types is the same in every language.
        done = saccade("--language", "zh", "render", "alignment", "--view", "none", "-o", self.path("a.svg"))
        self.assertRegex(done.stderr.decode(), "请选择：.*heatmap, head-grid")
        # Figures are English unless they are asked for otherwise.
        for flags, title in (([], "Attention weights"), (["--language", "zh"], "注意力权重")):
            done = saccade("render", "alignment", "--view", "heatmap", *flags, "-o", self.path("a.svg"), env=chinese)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(self.path("a.svg"), encoding="utf-8") as file:
                self.assertIn(f">{title}</text>", file.read())

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

    def test_a_lesson_plays_and_its_claims_are_checked(self):
        lessons = json.loads(self.good("lesson", "--json"))
        self.assertIn("inside-a-transformer", [one["name"] for one in lessons])
        played = json.loads(self.good("lesson", "inside-a-transformer", "--json", "--language", "zh"))
        self.assertEqual(played["title"], "走进 Transformer")
        told = self.good("lesson", "inside-a-transformer", "--language", "zh")
        asked = [scene["question"] for scene in played["scenes"] if "question" in scene]
        self.assertTrue(asked)
        for question in asked:
            self.assertGreater(max(place["weight"] for place in question["answer"]), 0)
            self.assertLessEqual(sum(place["weight"] for place in question["answer"]), 1 + 1e-5)
            self.assertIn(question["text"], told)
        said = self.good("lesson", "memory", "--language", "zh")
        for words in ("  成立 ", "相差", "12 条结论中 12 条成立"):
            self.assertIn(words, said)
        self.assertNotIn("held", said)
        self.assertTrue(all(claim["verdict"] == "held" for scene in played["scenes"] for claim in scene["claims"]))
        lesson = {"format": "saccade-lesson", "version": 1, "title": {"en": "One"}, "scenes": [
            {"state": {"request": {"exhibit": "memory"}}, "text": {"en": "Reading."},
             "claims": [{"claim": "largest", "text": {"en": "it reads cat"}, "tensor": "weights", "row": {"query": 1}, "on": {"slot": "cat"}}]}]}
        path = self.path("l.json", json.dumps(lesson).encode())
        done = saccade("lesson", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("broken          it reads cat  (of “q1” the largest is on “bat” · 1 checked)", done.stdout.decode())
        self.assertIn("1 claim does not hold on this machine", done.stderr.decode())
        scene = lesson["scenes"][0]
        asking = {**lesson, "scenes": [{**scene, "claims": [], "question": {"text": {"en": "Which?", "zh": "哪个？"}, "tensor": "weights", "row": {"query": 1}}}]}
        path_asking = self.path("q.json", json.dumps(asking).encode())
        question = json.loads(self.good("lesson", path_asking, "--json"))["scenes"][0]["question"]
        self.assertEqual((question["text"], question["tensor"]), ("Which?", "weights"))
        self.assertEqual(max(question["answer"], key=lambda place: place["weight"])["place"], "bat")
        self.assertRegex(self.good("lesson", path_asking), r"asks +Which\?  \(answer: bat 0\.\d\d, ")
        self.assertRegex(self.good("lesson", path_asking, "--language", "zh"), r"哪个？  \(答案：bat")
        lesson["scenes"] = [{"state": {"request": {"exhibit": "memory", "interventions": ["weights[99,1]=0"]}}, "text": {"en": "One."},
                             "question": {"text": {"en": "Which?"}, "tensor": "weights", "row": {"qurey": 1}}}, scene]
        done = saccade("lesson", self.path("w.json", json.dumps(lesson).encode()))
        self.assertEqual(done.returncode, 1)
        for words in ("wrong           weights[99,1]=0", "no axis 'qurey'", "2 / 2  memory", "0 of 1 claims hold"):
            self.assertIn(words, done.stdout.decode())
        self.assertIn("1 scene names what is not there, 1 claim does not hold on this machine", done.stderr.decode())
        lesson["scenes"] = [scene]
        self.bad(1, "lesson", self.path("comma.json", b'{\n "format": "saccade-lesson"\n "version": 1}'),
                 names=("comma.json", "line 2, column 28", "expected ',' or '}'"))
        lesson["scenes"][0]["state"]["request"]["exhibit"] = "memorry"
        self.bad(1, "lesson", self.path("m.json", json.dumps(lesson).encode()), names=("m.json", "scene 1", "memorry", "alignment"))
        self.bad(1, "lesson", "no-such", names=("no-such", "inside-a-transformer"))
        self.bad(2, "lesson", path, "--language", "fr", names=("fr", "zh"))

    def test_manual(self):
        page = self.good("manual", "man")
        for word in (".TH SACCADE 1", ".SS render", ".B captioning", "EXIT STATUS"):
            self.assertIn(word, page)
        script = self.good("manual", "bash")

        def completed(*words):
            ask = "COMP_WORDS=(%s); COMP_CWORD=%d; _saccade; printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
                " ".join("'%s'" % w for w in words), len(words) - 1)
            done = subprocess.run(["bash", "-c", script + "\n" + ask], capture_output=True, text=True, check=True)
            return done.stdout.split()

        self.assertEqual(completed("saccade", "re"), ["render"])
        self.assertEqual(completed("saccade", "run", "align"), ["alignment"])
        self.assertIn("--score", completed("saccade", "run", "alignment", "--sc"))
        self.assertIn("--save", completed("saccade", "run", "alignment", "--s"))
        self.assertEqual(completed("saccade", "run", "alignment", "--score", "gen"), ["general"])
        self.assertEqual(completed("saccade", "render", "alignment", "--view", "head-g"), ["head-grid"])
        self.assertIn("zh-en-gru", completed("saccade", "eval", "zh-en-g"))
        self.assertTrue(self.good("manual", "zsh").startswith("#compdef saccade"))
        self.assertIn("complete -c saccade", self.good("manual", "fish"))
        self.bad(2, "manual", "html", names=("FORM",))

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

    def test_what_changes_nothing_is_said(self):
        for args, said in ((["bottleneck", "--data", "/nonexistent"], "--task translation"), (["alignment", "--hypothesis", "2"], "Beam")):
            done = saccade("run", *args, "--save", self.path("x.npz"))
            text = done.stderr.decode()
            self.assertEqual(done.returncode, 0, text)
            self.assertIn(f"note: {args[1]} changes nothing here, it is read while", text)
            self.assertIn(said, text)

    def test_run_checks_claims(self):
        lines = self.good("run", "alignment", "--claims").splitlines()
        self.assertTrue(any(line.startswith("held") for line in lines))
        self.assertTrue(any(line.startswith("not on this run") for line in lines))
        self.assertFalse(any(line.startswith("broken") for line in lines))
        self.assertFalse(any(line.startswith("no rule") for line in lines), lines)
        forced = self.good("run", "alignment", "--target", "1999", "--claims").splitlines()
        self.assertTrue(any(line.startswith("no rule") and "output.id" in line for line in forced), forced)
        self.assertTrue(any("32 of " in line for line in lines), "how many cells were looked at is said")

    def test_run_alone_says_what_was_written(self):
        lines = self.good("run", "alignment", "--source", "30 Sep 2019").splitlines()
        self.assertIn("output: 2019-09-30", lines)
        self.assertIn("--save", lines[-1])

    def test_claims_speak_of_what_is_shown(self):
        lines = self.good("run", "alignment", "--intervene", "weights=0", "--claims").splitlines()
        self.assertTrue(any(line.startswith("broken, by hand") and "every row of α sums to 1" in line for line in lines), lines)
        self.assertFalse(any(line.startswith("broken ") for line in lines), lines)

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
        for given, names in (("1 0; 0 x", ["row 2, column 2", "'x'"]), ("1 2; 3", ["row 2"]), ("1 nan", ["nan"]), ("", ["empty"]), ("1,2;3,4", ["(1 2; 3 4)", "(1.2 3.4)"]), ("1,000 2,000", ["(1 2)", "(1000 2000)"])):
            self.bad(2, "run", "memory", "--k", given, "--save", out, names=["--k", *names])
        self.bad(2, "run", "memory", "--k", " ".join(["1"] * 10000), "--save", out, names=["K", "10000", "1024"])
        self.bad(1, "run", "memory", "--q", "1 2 3", "--save", out, names=["Q", "K"])
        self.bad(1, "run", "memory", "--v", "1 2 3", "--save", out, names=["V", "K"])
        self.bad(2, "run", "memory", "--temperature", "-1", "--save", out, names=["--temperature", "Temperature"])
        self.bad(1, "run", "memory", "--k", "@" + self.path("both.csv", b"0,5, 1,5\n1,0, 2,0\n"), "--save", out, names=["both.csv", "2 × 4", "2 × 2"])
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
                ("data:image/png;base64,?", ["no picture"])):
            self.bad(1, "run", "spatial", "--image", value, "--save", out, names=names)
        self.bad(2, "run", "spatial", "--image", "", "--save", out, names=["--image", "empty"])
        self.assertFalse(os.path.exists(out))

    def test_saliency_answers_questions(self):
        out = self.path("run.npz")
        for question, answer in (("year", "2019"), ("month", "Sep"), ("day", "30")):
            self.assertIn(f"output: {answer}\n", self.good("run", "saliency", "--source", "2019年9月30日", "--question", question, "--save", out))
        self.bad(2, "run", "saliency", "--question", "hour", "--save", out, names=["hour", "month"])
        self.bad(2, "run", "saliency", "--source", "", "--save", out, names=["Source"])
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
        self.bad(2, "run", "rnn-shapes", "--text", "", "--save", self.path("y.npz"), names=["Text"])
        self.bad(2, "run", "rnn-shapes", "--shape", "1-to-n", "--month", "13", "--save", self.path("y.npz"), names=["Month", "12"])
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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
