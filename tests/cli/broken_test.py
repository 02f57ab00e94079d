#!/usr/bin/env python3
"""Broken files and command lines, each a process: status of the contract, one short line, nothing written, within a second.

    broken_test.py PROGRAM        (only the standard library)

The same kinds, many more of them, are in tests/unit: broken_documents_test (readers), command_lines_test (command lines).
"""
import json
import os
import subprocess
import sys
import time
import unittest

from driver import Case, MODELS, PROGRAM, saccade, safetensors

DEEP = "[" * 200_000 + "]" * 200_000
LIBRARY_WORDS = ("json.exception", "std::", "basic_string", "please report", "terminate", "Traceback", "Aborted", "\x1b")
# A busy machine is given more: what is meant is that nothing takes long.
SECONDS = 10


def read(name):
    with open(os.path.join(MODELS, name), "rb") as f:
        return f.read()


def changed(document, path, value):
    """The document's text with the value at a path of keys replaced by a text."""
    document = json.loads(json.dumps(document))
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = "@value@"
    return json.dumps(document).replace('"@value@"', value)


class Broken(Case):
    def state(self):
        found = {}
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    found[name] = f.read()
        return found

    def refused(self, status, *args, names=()):
        before = self.state()
        start = time.monotonic()
        done = saccade(*args)
        self.assertLess(time.monotonic() - start, SECONDS, args)
        text = done.stderr.decode(errors="replace")
        args = [word[:80] for word in args]
        self.assertEqual(done.returncode, status, (args, text[-500:]))
        self.assertEqual(done.stdout, b"", args)
        self.assertEqual(len(text.splitlines()), 1, (args, text[:500]))
        self.assertLessEqual(len(text), 320, args)
        for word in LIBRARY_WORDS:
            self.assertNotIn(word, text, args)
        for name in names:
            self.assertIn(name, text, args)
        self.assertEqual(self.state(), before, args)

    # --- cards beside weights ---

    def test_cards(self):
        def check(exhibit, model, broken):
            weights = self.path(model + ".safetensors", read(model + ".safetensors"))
            card = json.loads(read(model + ".json"))
            for value in broken(card):
                self.path(model + ".json", value.encode())
                self.refused(1, "run", exhibit, "--weights", weights, "--save", self.path("x.npz"), names=[model])
            os.remove(weights)
            os.remove(self.path(model + ".json"))

        check("alignment", "dates", lambda card: [
            "", "{", "[]", "7", DEEP, '{"a": 1e999}', '{"a": ' + DEEP + "}",
            changed(card, ["vocabulary"], "3"), changed(card, ["vocabulary", "source"], "[3]"),
            changed(card, ["vocabulary", "target"], '["a"]'), changed(card, ["design"], "[]"),
            changed(card, ["design"], '{"temperature": 1e999}'), changed(card, ["design"], '{"score": 3}'),
            changed(card, ["design"], '{"cell": "none"}'), changed(card, ["design"], '{"attention": 1e300}')])
        networks = [name[:-5] for name in os.listdir(MODELS) if name.startswith("cifar") and name.endswith(".json")]
        check("spatial", sorted(networks)[0], lambda card: [
            changed(card, ["network"], "3"), changed(card, ["network", "blocks"], "1e300"), changed(card, ["network", "widths"], "[-1]"),
            changed(card, ["network", "mean"], "[1e300, 0, 0]"), changed(card, ["classes"], "{}")])

    def test_checkpoints_of_trainings(self):
        def checkpoint(training):
            self.path("x.safetensors.checkpoint", safetensors({"__metadata__": {"training": training}}))

        good = {"task": "dates", "options": {"data_path": "", "epochs": 1, "seed": 7, "batch_size": 0, "learning_rate": 0.0, "extra": {}},
                "step": 3, "seconds": 1.0, "points": []}
        for training in ("", "{", "[]", DEEP, "{}", changed(good, ["step"], "1e300"), changed(good, ["step"], "-1"),
                         changed(good, ["options", "seed"], "-1"), changed(good, ["options", "epochs"], "1e999"),
                         changed(good, ["points"], "[[1]]"), changed(good, ["seconds"], '"long"')):
            checkpoint(training)
            self.refused(1, "train", "dates", "-o", self.path("x.safetensors"), names=["x.safetensors.checkpoint"])

    def test_pictures_that_stand_in_the_value(self):
        for value, name in (("scene:" + DEEP[:100_000], "64 deep"), ('scene:{"width":1e999}', "too large"), ('scene:{"height":-1}', "'height'"),
                            ('scene:{"clutter":{"seed":1e19}}', "'seed'"), ('scene:{"background":{"seed":-1}}', "'seed'")):
            self.refused(1, "run", "spatial", "--image", value, "--save", self.path("x.npz"), names=[name])

    def test_names_that_would_write_to_the_terminal(self):
        header = json.dumps({"x\n\x1b[31mE\x1b[0m": {"dtype": "F99", "shape": [0], "data_offsets": [0, 0]}}).encode()
        self.refused(1, "run", "alignment", "--weights", self.path("escape.safetensors", safetensors(header)), "--save", self.path("x.npz"))
        self.refused(1, "run", "alignment", "--weights", self.path("\x1b[31mred.safetensors", b""), "--save", self.path("x.npz"), names=["red"])
        self.refused(2, "\x1b[31mred", names=["red"])

    # --- flags ---

    def test_an_empty_value_does_not_take_the_next_flag(self):
        out = self.path("x.npz")
        self.good("run", "alignment", "--target=", "--beam=5", "--save", out)
        os.remove(out)
        for flag in ("--beam=", "--seed=", "--temperature=", "--threads=", "--intervene="):
            self.refused(2, "run", "alignment", flag, "--target=", "--save", out)
        for flag in ("--dpi=", "--step=", "--theme=", "--size=", "--width="):
            done = saccade("render", "alignment", "--view=heatmap", flag, "--scale=log", "-o", self.path("x.png"))
            self.assertNotEqual(done.returncode, None)
            self.assertNotIn("--scale", done.stderr.decode(), flag)

    def test_a_step_that_is_not_there(self):
        for step in ("99999", "-1", "1e300", "99999999999999999999"):
            self.refused(2, "render", "alignment", "--view", "heatmap", "--step", step, "-o", self.path("x.png"), names=["--step"])
        self.refused(2, "render", "permutation", "--view", "heatmap", "--step", "0", "-o", self.path("x.png"), names=["--step", "permutation"])

    def test_long_words_are_shortened(self):
        word = "w" * 5000
        for args in ((word,), ("describe", word), ("eval", word), ("run", word, "--save", "x"), ("run", "alignment", "--" + word, "1"),
                     ("render", "alignment", "--view", word, "-o", "x.png"), ("train", word, "-o", "x.safetensors")):
            done = saccade(*args)
            self.assertIn(done.returncode, (1, 2), args[0])
            self.assertLessEqual(len(done.stderr.decode()), 320, done.stderr)
            self.assertEqual(len(done.stderr.decode().splitlines()), 1, done.stderr)

    def test_a_device_that_is_full_or_closed(self):
        for args in (["list"], ["list", "--json"], ["describe", "memory", "--json"], ["describe", "alignment"], ["run", "alignment", "--claims"], ["--help"], ["--version"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([PROGRAM, *args], stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn("standard output cannot be written: No space left", done.stderr.decode(), args)
            self.assertEqual(len(done.stderr.decode().splitlines()), 1, done.stderr)
            closed = subprocess.run(["sh", "-c", '"$0" "$@" >&-', PROGRAM, *args], stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(closed.returncode, 1, args)
            self.assertIn("standard output cannot be written: Bad file", closed.stderr.decode(), args)
        # Nobody reads what is wrong: the status still says it, and what was asked for is done.
        with open("/dev/full", "wb") as full:
            self.assertEqual(subprocess.run([PROGRAM, "describe", "none"], stdout=full, stderr=full, timeout=60).returncode, 2)
            out = self.path("x.npz")
            noted = subprocess.run([PROGRAM, "run", "alignment", "--beam", "5", "--hypothesis", "9", "--save", out],
                                   stdout=subprocess.PIPE, stderr=full, timeout=60)
        self.assertEqual(noted.returncode, 0)
        self.assertTrue(os.path.exists(out))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
