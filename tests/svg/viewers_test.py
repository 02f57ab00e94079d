#!/usr/bin/env python3
"""Opens exported SVGs in programs that other people have, and compares what these draw with our own PNG, pixel by pixel.

    viewers_test.py PROGRAM [--keep FOLDER]

librsvg (rsvg-convert) must be there. Qt (python3-pyqt5.qtsvg), Inkscape and Chromium are large: they are asked where they are installed, and the
output says which were not. Only the standard library, and ImageMagick's `convert` to read PNGs.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[1])
KEEP = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[2] == "--keep" else None
SIZE = (720, 480)
BLOCK = 6       # px: finer than a cell of a readable map, coarser than how a viewer smooths its text
LARGEST = 0.15  # of the ink may stand elsewhere, or have another colour: texts are set by each viewer's own rules

LONG = "我天起他六爱早床每点你上" * 12  # 144 tokens: more cells than are drawn one by one
FIGURES = {
    "one picture of 144 x 144 cells": ("self-attention", "--text", LONG, "--view", "heatmap", "--tensor", "weights"),
    "hatched cells": ("self-attention", "--text", "火车几点到北京？", "--mask", "restricted", "--radius", "0", "--view", "heatmap", "--tensor", "scores"),
    "many small maps": ("transformer", "--source", "他每天早上六点起床。", "--view", "head-grid"),
    "a map over a picture": ("spatial", "--image", "sample:ship", "--view", "overlay"),
    "one picture in many places": ("captioning", "--image", "sample:shapes", "--view", "word-strip"),
    "curves": ("alignment", "--source", "30 Sep 2019", "--view", "flow"),
}

QT = """
import sys
from PyQt5.QtGui import QGuiApplication, QImage, QPainter
from PyQt5.QtSvg import QSvgRenderer
app = QGuiApplication([])
image = QImage(int(sys.argv[3]), int(sys.argv[4]), QImage.Format_RGB32)
image.fill(0xffffffff)
svg = QSvgRenderer(sys.argv[1])
assert svg.isValid()
painter = QPainter(image)
svg.render(painter)
painter.end()
assert image.save(sys.argv[2])
"""


def python_with_qt():
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and subprocess.run([python, "-c", "import PyQt5.QtSvg"], capture_output=True).returncode == 0:
            return python
    return None


def run(*args, env=None):
    done = subprocess.run(args, capture_output=True, timeout=180, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise AssertionError(f"{args[0]}: {done.stderr.decode(errors='replace')[-400:]}")


def by_librsvg(svg, png):
    run("rsvg-convert", "-o", png, svg)


def by_qt(svg, png):
    run(python_with_qt(), "-c", QT, svg, png, *map(str, SIZE), env={"QT_QPA_PLATFORM": "offscreen"})


def by_inkscape(svg, png):
    run("inkscape", "--export-type=png", f"--export-filename={png}", "--export-dpi=96", svg)


def by_chromium(svg, png):
    with tempfile.TemporaryDirectory() as profile:
        run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
            f"--user-data-dir={profile}", f"--window-size={SIZE[0]},{SIZE[1] + 200}", f"--screenshot={png}", "file://" + svg)


VIEWERS = {"librsvg": by_librsvg, "Qt": by_qt, "Inkscape": by_inkscape, "Chromium": by_chromium}


def installed(viewer):
    if viewer == "Qt":
        return python_with_qt() is not None
    return shutil.which({"librsvg": "rsvg-convert", "Inkscape": "inkscape", "Chromium": "chromium"}[viewer]) is not None


def blocks(png):
    """Mean colour of each block."""
    width, height = SIZE
    rgb = subprocess.run(["convert", png, "-background", "white", "-flatten", "-crop", f"{width}x{height}+0+0", "+repage", "-depth", "8", "rgb:-"],
                         capture_output=True, check=True).stdout
    if len(rgb) != width * height * 3:
        raise AssertionError(f"{png} is not {width} x {height}")
    means = []
    for y in range(0, height, BLOCK):
        rows = [rgb[r * width * 3:(r + 1) * width * 3] for r in range(y, y + BLOCK)]
        for x in range(0, width * 3, BLOCK * 3):
            means.append(tuple(sum(sum(row[x + c:x + BLOCK * 3:3]) for row in rows) / BLOCK ** 2 for c in range(3)))
    return means


def off(ours, theirs):
    """What stands elsewhere or has another colour, as a share of all ink."""
    ground = ours[0]
    ink = sum(abs(a - g) for one in ours for a, g in zip(one, ground))
    return sum(abs(a - b) for one, other in zip(ours, theirs) for a, b in zip(one, other)) / ink


class Viewers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = KEEP or tempfile.mkdtemp(prefix="saccade_svg_")
        os.makedirs(cls.folder, exist_ok=True)
        cls.ours = {}
        for i, (name, args) in enumerate(FIGURES.items()):
            for ending in ("svg", "png"):
                run(PROGRAM, "render", *args, "--theme", "print", "--size", f"{SIZE[0]}x{SIZE[1]}", "-o", cls.path(f"{i}.{ending}"))
            cls.ours[name] = blocks(cls.path(f"{i}.png"))

    @classmethod
    def tearDownClass(cls):
        if not KEEP:
            shutil.rmtree(cls.folder)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def compare(self, viewer):
        for i, name in enumerate(FIGURES):
            png = self.path(f"{i}-{viewer}.png")
            VIEWERS[viewer](self.path(f"{i}.svg"), png)
            share = off(self.ours[name], blocks(png))
            print(f"{viewer}: {name}: {share:.3f} of the ink is off")
            self.assertLess(share, LARGEST, f"{viewer} draws '{name}' otherwise than we do")

    def test_librsvg(self):
        self.assertTrue(installed("librsvg"), "install librsvg2-bin")
        self.compare("librsvg")

    def test_a_picture_or_a_hatching_that_is_missing_is_seen(self):
        for i, name in enumerate(FIGURES):
            with open(self.path(f"{i}.svg"), encoding="utf-8") as f:
                svg = f.read()
            without = re.sub(r"<image [^>]*/>|<use [^>]*/>", "", svg) if "<image" in svg else re.sub(r"<path d=[^>]*/>", "", svg)
            if without == svg:
                continue
            with open(self.path(f"{i}-without.svg"), "w", encoding="utf-8") as f:
                f.write(without)
            by_librsvg(self.path(f"{i}-without.svg"), self.path(f"{i}-without.png"))
            share = off(self.ours[name], blocks(self.path(f"{i}-without.png")))
            print(f"without its pictures: {name}: {share:.3f}")
            self.assertGreater(share, LARGEST, name)

    def test_the_others_where_they_are_installed(self):
        for viewer in VIEWERS:
            if viewer == "librsvg":
                continue
            with self.subTest(viewer):
                if installed(viewer):
                    self.compare(viewer)
                else:
                    print(f"NOT CHECKED: {viewer} is not installed on this machine")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
