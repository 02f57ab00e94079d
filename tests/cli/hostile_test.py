#!/usr/bin/env python3
"""Files that were made to end, to stop or to fool the program: each is one line on stderr, at once, in little memory.

    hostile_test.py PROGRAM        (only the standard library)
"""
import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import time
import unittest
import zipfile

from driver import Case, PROGRAM, png, safetensors

SECONDS = 10  # each takes a tenth of one on a machine that does nothing else
MEGABYTES = 300


def unseen(text):
    return [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or 0x202a <= ord(c) <= 0x202e]


class Hostile(Case):
    def told(self, *args, names=(), status=(1, 2)):
        """The program's one line; how long it took and how much memory is measured."""
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        start = time.monotonic()
        out = self.path("stderr", b"")
        with open(out, "wb") as stderr:
            child = subprocess.Popen([PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, env=environment)
            _, ended, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(ended)
        took = time.monotonic() - start
        with open(out, "rb") as f:
            text = f.read().decode()
        what = f"{args}: {text}"
        self.assertIn(child.returncode, status, what)
        self.assertEqual(len(text.strip().splitlines()), 1, what)
        self.assertEqual(unseen(text), [], what)
        self.assertLess(took, SECONDS, what)
        self.assertLess(used.ru_maxrss / 1024, MEGABYTES, what)
        for name in names:
            self.assertIn(name, text)
        return text

    def readers(self, path):
        """Every flag that reads a file, given this one."""
        out = self.path("out.npz")
        yield "run", "spatial", "--image", path, "--save", out
        yield "run", "alignment", "--weights", path, "--save", out
        yield "run", "memory", "--k", "@" + path, "--save", out
        yield "run", "alignment", "--intervene", "weights=@" + path + ".npz:a" if not path.endswith((".npz", ".npy")) else "weights=@" + path, "--save", out
        yield "eval", path if path.endswith(".safetensors") else path + ".safetensors"
        yield "train", "zh-en-gru", "--data", path, "-o", self.path("w.safetensors")
        yield "train", "resnet", "--data", path, "-o", self.path("w.safetensors")

    def test_what_is_no_file_is_refused_at_once(self):
        for ending in (".png", ".npy", ".safetensors", ".csv"):
            fifo = self.path("pipe" + ending)
            os.mkfifo(fifo)
            for args in self.readers(fifo):
                if "train" in args and "resnet" in args:
                    continue  # wants a folder
                self.told(*args)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self.path("socket.png"))
        self.told("run", "spatial", "--image", self.path("socket.png"), "--save", self.path("x.npz"), names=["socket"])
        self.told("run", "spatial", "--image", "/dev/zero", "--save", self.path("x.npz"), names=["device"])
        self.told("run", "alignment", "--weights", "/dev/tty", "--save", self.path("x.npz"), names=["device"])
        self.told(self.path("pipe.png"), names=["pipe"])
        listening.close()

    def test_what_a_pipe_brings_is_read_by_its_name(self):
        out = self.path("x.npz")
        picture = png(64, 48, [b"\1\2\3" * 64] * 48)
        for args, data in ((("run", "spatial", "--image", "-"), picture), (("run", "memory", "--k", "@-", "--q", "1 0", "--v", "1; 2"), b"1 0\n0 1\n")):
            done = subprocess.run([PROGRAM, *args, "--save", out], input=data, capture_output=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)

        done = subprocess.run([PROGRAM, "run", "memory", "--q", "@-", "--k", "@-"], input=b"1 0\n", capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(b"standard input was read already, for --", done.stderr)

    def test_small_files_that_claim_much(self):
        out = self.path("x.npz")
        bomb = self.path("bomb.npz")
        header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (23170, 23170), }"
        header += b" " * (117 - len(header)) + b"\n"
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w", force_zip64=True) as entry:
            entry.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
            for _ in range(64):
                entry.write(bytes(1 << 20))
        for args in (("run", "memory", "--k", "@" + bomb), ("run", "alignment", "--intervene", "weights=@" + bomb + ":a")):
            self.told(*args, "--save", out, names=["bomb.npz"])
        many = self.path("many.npz")
        with zipfile.ZipFile(many, "w") as archive:
            for i in range(5000):
                archive.writestr(f"{i}.npy", b"")
        self.told("run", "memory", "--k", "@" + many, "--save", out, names=["5000 entries"])
        tensors = {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(40000)}
        self.told("run", "alignment", "--weights", self.path("many.safetensors", safetensors(tensors)), "--save", out, names=["more than 16384"])
        large = self.path("large.safetensors", safetensors({"a": {"dtype": "F32", "shape": [1 << 33], "data_offsets": [0, 1 << 35]}}))
        os.truncate(large, os.path.getsize(large) + (1 << 35))  # takes no room on the disk
        self.told("run", "alignment", "--weights", large, "--save", out, names=["can be read"])
        self.told("train", "zh-en-gru", "--data", self.path("pairs.txt", b"Hi.\t" + "你".encode() * 20_000_000 + b"\n"), "-o", self.path("w.safetensors"), names=["pairs.txt: line 1 is"])
        self.told("run", "memory", "--q", "@" + self.path("digits.csv", b"1" * 15_000_000), "--save", out, names=["digits.csv: line 1"])
        self.told("run", "spatial", "--image", self.path("row.png", png(49_000_000, 1, [bytes(147_000_000)])), "--save", out, names=["row.png", "65535"])
        exif = png(6, 4, [bytes(18)] * 4)
        exif = exif[:33] + struct.pack(">I", 1_600_000_000) + b"eXIf" + exif[33:]
        self.told("run", "spatial", "--image", self.path("exif.png", exif), "--save", out, names=["exif.png"])
        self.told("run", "spatial", "--image", self.path("wide.png", png(7000, 7000)), "--save", out, names=["too few"])
        long = self.path("long.png", png(6, 4, [bytes(18)] * 4))
        os.truncate(long, 1 << 34)
        self.told("run", "spatial", "--image", long, "--save", out, names=["larger than"])
        text = self.path("long.csv", b"1")
        os.truncate(text, 1 << 34)
        self.told("run", "memory", "--k", "@" + text, "--save", out, names=["larger than"])
        folder = self.path("mnist")
        os.makedirs(folder)
        for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(gzip.compress(bytes(1 << 20)))
        self.told("train", "resnet", "--data", folder, "-o", self.path("w.safetensors"))

    def test_names_never_command_a_terminal(self):
        out, name = self.path("x.npz"), "x\x1b[31m\x07\u202e\x9b2Jy"
        tensor = self.path("w.safetensors", safetensors({name: {"dtype": "F99", "shape": [0], "data_offsets": [0, 0]}}))
        self.told("run", "alignment", "--weights", tensor, "--save", out, names=["\\x1b[31m"])
        for args in (("run", "spatial", "--image", name), ("run", "alignment", "--weights", name), ("run", "memory", "--k", "@" + name),
                     ("run", "alignment", "--intervene", name + "[0]=1"), ("run", "alignment", "--" + name, "1"), ("run", name),
                     ("run", "alignment", "--alignment", name), ("run", "alignment", "--capture", name)):
            if args[-2:-1] != ("--capture",):
                self.told(*args, "--save", out)
        self.told(name)
        self.told("list", "--" + name)
        # What is printed because it was asked for: the texts of a run, the cards of models.
        done = subprocess.run([PROGRAM, "run", "alignment", "--source", "30 Sep \x1b[31m2019", "--save", out], capture_output=True)
        self.assertEqual(unseen((done.stdout + done.stderr).decode()), [])
        models = self.path("assets/models")
        os.makedirs(models)
        with open(os.path.join(models, "a.safetensors"), "wb") as f:
            f.write(safetensors({}))
        with open(os.path.join(models, "a.json"), "w", encoding="utf-8") as f:
            json.dump({"title": name}, f)
        for args in ((), ("--json",)):
            done = subprocess.run([PROGRAM, "list", *args], capture_output=True, env={**os.environ, "SACCADE_ASSETS": self.path("assets")})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(unseen(done.stdout.decode()), [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
