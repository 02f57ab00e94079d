#!/usr/bin/env python3
"""What the command line writes, and what it leaves alone.

    writing_test.py PROGRAM        (only the standard library)
"""
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
import unittest

from driver import PROGRAM, Case, png

NOBODY = 65534


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Writing(Case):
    def render(self, out):
        return ("render", "alignment", "--view", "heatmap", "-o", out)

    def test_what_is_no_regular_file_stays(self):
        pipe = self.path("pipe.svg")
        os.mkfifo(pipe)
        os.symlink("/dev/full", self.path("full.svg"))
        for out in (pipe, self.path("full.svg")):
            self.bad(1, *self.render(out), names=[out, "no regular file"])
        archive = self.path("pipe.npz")
        os.mkfifo(archive)
        self.bad(1, "run", "alignment", "--save", archive, names=[archive, "no regular file"])
        for path in (pipe, archive):
            self.assertTrue(stat.S_ISFIFO(os.lstat(path).st_mode))
        self.assertEqual(sorted(os.listdir(self.folder)), ["full.svg", "pipe.npz", "pipe.svg"])

    def test_what_is_read_is_not_written_over(self):
        photo = self.path("photo.png", png(64, 48, [b"\1\2\3" * 64] * 48))
        saved = self.path("saved.npz")
        self.good("run", "alignment", "--save", saved)
        os.symlink("photo.png", self.path("link.png"))
        before = read(photo), read(saved)
        for out in (photo, self.path("link.png"), "file://" + photo):
            self.bad(2, "render", "spatial", "--image", photo, "--view", "overlay", "-o", out, names=["--output", "overwritten"])
        for out in (saved, os.path.join(self.folder, ".", "saved.npz")):
            self.bad(2, "run", "alignment", "--intervene", "weights=@" + saved + ":weights", "--save", out, names=["--save", "overwritten"])
        script = self.path("script.py", b"print()")
        self.bad(2, "run", "alignment", "--save", script, names=["script.py", ".npz"])
        self.assertEqual((read(photo), read(saved), read(script)), (*before, b"print()"))

    def test_a_protected_file_stays(self):
        out = self.path("mine.svg", b"mine")
        os.chmod(out, 0o444)
        self.bad(1, *self.render(out), names=[out, "write-protected"])
        self.assertEqual(read(out), b"mine")

    def test_links_and_modes_stay(self):
        real = self.path("real.svg", b"old")
        os.chmod(real, 0o600)
        link = self.path("link.svg")
        os.symlink("real.svg", link)
        self.good(*self.render(link))
        self.assertTrue(os.path.islink(link))
        self.assertIn(b"<svg", read(real))
        self.assertEqual(stat.S_IMODE(os.stat(real).st_mode), 0o600)

    @unittest.skipIf(os.geteuid() != 0, "only root can make another's file")
    def test_anothers_file_stays_anothers(self):
        os.chmod(self.folder, 0o777)
        out = self.path("shared.svg", b"old")
        os.chmod(out, 0o666)
        try:
            done = subprocess.run([PROGRAM, *self.render(out)], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True,
                                  env=dict(os.environ, HOME="/nonexistent"))
        except PermissionError:
            self.skipTest("another user cannot run the program here")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.stat(out).st_uid, 0)
        self.assertIn(b"<svg", read(out))
        self.assertEqual(os.listdir(self.folder), ["shared.svg"])

    def test_a_foreign_file_beside_the_weights_stays(self):
        package = self.path("package.json", b'{"name": "mine", "model": "dates"}')
        out = self.path("package.safetensors")
        self.bad(2, "train", "dates", "-o", out, names=["package.json", "is none"])
        notes = self.path("x.safetensors.checkpoint", b"notes")
        self.bad(2, "train", "dates", "--fresh", "-o", self.path("x.safetensors"), names=[notes, "is none"])
        self.assertEqual(read(package), b'{"name": "mine", "model": "dates"}')
        self.assertEqual(read(notes), b"notes")
        self.assertFalse(os.path.exists(out))

    def test_a_full_disk_does_not_end_a_training(self):
        out = self.path("dates.safetensors")
        training = subprocess.Popen([PROGRAM, "train", "dates", "--checkpoint-every", "1", "-o", out], stderr=subprocess.PIPE,
                                    text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        said = []
        reader = threading.Thread(target=lambda: said.extend(training.stderr), daemon=True)
        reader.start()

        def wait(what, holds):
            deadline = time.monotonic() + 120
            while not holds():
                self.assertIsNone(training.poll(), f"it ended before {what}: {''.join(said)}")
                self.assertLess(time.monotonic(), deadline, f"{what}: {''.join(said)}")
                time.sleep(0.05)

        # No file may grow: what a full disk does, on demand.
        soft, hard = resource.prlimit(training.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        try:
            wait("the warning", lambda: any("no checkpoint" in line for line in said))
            self.assertFalse(os.path.exists(out + ".checkpoint"))
            resource.prlimit(training.pid, resource.RLIMIT_FSIZE, (soft, hard))
            wait("a checkpoint", lambda: os.path.exists(out + ".checkpoint"))
        finally:
            training.send_signal(signal.SIGINT)
        self.assertEqual(training.wait(60), 1)
        reader.join(10)
        training.stderr.close()
        self.assertIn("the state is in", said[-1])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
