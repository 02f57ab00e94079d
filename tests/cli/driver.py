"""The built program, called as a person or a script would: what the tests of the command line share."""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM = os.path.abspath(sys.argv[1])
os.environ.setdefault("SACCADE_LANGUAGE", "en")  # whatever that of who runs the tests
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

    # Piece by piece: of a child the system counts the largest memory from that of the parent on, so a test that measures must stay small.
    pack = zlib.compressobj()
    body = b"".join([*(pack.compress(piece) for row in rows or [] for piece in (b"\0", row)), pack.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class Case(unittest.TestCase):
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
