#!/usr/bin/env python3
"""Opens exported pages in real browsers, points and clicks at them, and compares what they say with the arrays of the same run.

    page_test.py PROGRAM [--keep FOLDER]

Chromium and Firefox, each where it is installed; what is not is said, and without any the exit status is 77: skipped. Only the standard library.
"""
import ast
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browsers import Chromium, Firefox, installed  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
KEEP = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[2] == "--keep" else None
SKIPPED = 77
BROWSERS = {b.__name__: b for b in (Chromium, Firefox)}
CHINESE = "他每天早上六点起床。"
HOSTILE = "</script>\"'<b>&\u2028אב"

READOUT = "[...document.querySelectorAll('#readout bdi')].map((e) => e.textContent)"
LOADED = "document.querySelectorAll('#readout bdi').length"
FILLS = "[...document.querySelectorAll('figure')[%d].querySelectorAll('.drawn g[shape-rendering] rect')].map((r) => [r.getAttribute('fill'), r.getAttribute('fill-opacity')])"


def figure(n, what):
    return f"document.querySelectorAll('figure')[{n}].querySelector('{what}')"


def choose(axis, number):
    return (f"[...document.querySelectorAll('.choice')].find((c) => c.firstChild.textContent === '{axis}')"
            f".querySelectorAll('button')[{number - 1}].click()")


def array(npz, name):
    """Shape and numbers of one array (little-endian float32, as this program writes them)."""
    with zipfile.ZipFile(npz) as z:
        data = z.read(name + ".npy")
    size = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:10 + size].decode())
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    values = struct.unpack(f"<{(len(data) - 10 - size) // 4}f", data[10 + size:])
    return header["shape"], values


def cell(npz, name, *index):
    shape, values = array(npz, name)
    at = 0
    for n, i in zip(shape, index):
        at = at * n + i
    return values[at]


def color(text):
    """'#rrggbb' or 'rgb(r,g,b)'."""
    if text.startswith("#"):
        return tuple(int(text[i:i + 2], 16) for i in (1, 3, 5))
    return tuple(map(int, re.findall(r"\d+", text)))


class Pages(unittest.TestCase):
    browser = None

    @classmethod
    def setUpClass(cls):
        cls.folder = KEEP or tempfile.mkdtemp(prefix="saccade_html_")
        os.makedirs(cls.folder, exist_ok=True)
        cls.driver = BROWSERS[cls.browser](installed(BROWSERS[cls.browser]))

    @classmethod
    def tearDownClass(cls):
        cls.driver.close()
        if not KEEP:
            shutil.rmtree(cls.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def opened(self, name, *args):
        html, npz = self.path(name + ".html"), self.path(name + ".npz")
        done = subprocess.run([PROGRAM, "render", *args, "-o", html], capture_output=True, timeout=180, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        self.driver.open(html)
        self.assertGreater(self.driver.evaluate(LOADED), 0, "the script did not come to its end")
        return html, npz

    def run_of(self, npz, *args):
        subprocess.run([PROGRAM, "run", *args, "--save", npz], capture_output=True, timeout=180, check=True)

    def point(self, n, kind, row, col, click=False):
        """At a cell of the n-th figure's region of so many rows and columns, kind: its place among the regions."""
        box, rows, cols = self.driver.evaluate(
            "(() => {const d = JSON.parse(document.getElementById('saccade-data').textContent).figures[%d]; "
            "const r = d.regions[0][%d]; return [r.box, r.rows, r.cols]})()" % (n, kind))
        x, y = box[0] + (col + 0.5) * box[2] / cols, box[1] + (row + 0.5) * box[3] / rows
        at = self.driver.evaluate(
            f"(() => {{const s = {figure(n, '.canvas svg')}; s.scrollIntoView({{block: 'nearest'}}); "
            f"const p = new DOMPoint({x}, {y}).matrixTransform(s.getScreenCTM()); return [p.x, p.y]}})()")
        self.driver.point(at[0], at[1], click)

    def region(self, n, rows, cols):
        """The place of the last region of that shape."""
        return self.driver.evaluate(
            "JSON.parse(document.getElementById('saccade-data').textContent).figures[%d].regions[0]"
            ".findLastIndex((r) => r.rows === %d && r.cols === %d)" % (n, rows, cols))

    def readout(self):
        return self.driver.evaluate(READOUT)

    def quiet(self):
        self.assertEqual(self.driver.complaints(), [])

    def test_heatmap_says_its_numbers(self):
        args = ("alignment", "--source", "2019年9月30日")
        _, npz = self.opened("heatmap", *args, "--view", "heatmap")
        self.run_of(npz, *args)
        rows, cols = array(npz, "weights")[0]
        cells = self.region(0, rows, cols)
        for row, col in ((0, 0), (7, 5), (rows - 1, cols - 1)):
            self.point(0, cells, row, col)
            self.assertEqual(self.readout()[-1], f"{cell(npz, 'weights', row, col):.4f}")
        self.assertIn(f"source {cols}: 日", self.readout())
        self.assertGreater(self.driver.evaluate("document.querySelectorAll('.hovered rect').length"), 3, "row and column are lit")
        # A click keeps it while the pointer is elsewhere; arrow keys move it; Esc lets it go.
        self.point(0, cells, 1, 1, click=True)
        self.driver.point(2, 2)
        self.assertEqual(self.readout()[-1], f"{cell(npz, 'weights', 1, 1):.4f}")
        self.driver.evaluate(figure(0, ".canvas svg") + ".focus()")
        self.driver.key("ArrowRight")
        self.driver.key("ArrowDown")
        self.assertEqual(self.readout()[-1], f"{cell(npz, 'weights', 2, 2):.4f}")
        self.driver.key("Escape")
        self.assertEqual(self.driver.evaluate("document.querySelectorAll('.pinned rect').length"), 0)
        self.quiet()

    def test_layer_and_head_redraw_the_map(self):
        args = ("transformer", "--source", CHINESE)
        _, npz = self.opened("layers", *args, "--view", "heatmap", "--tensor", "decoder.weights")
        self.run_of(npz, *args)
        asked = self.driver.evaluate(FILLS % 0)
        self.driver.evaluate(choose("layer", 2))
        self.driver.evaluate(choose("head", 3))
        drawn = self.driver.evaluate(FILLS % 0)
        self.assertNotEqual(asked, drawn)
        self.assertIn("layer 2, head 3", self.driver.evaluate(figure(0, ".drawn") + ".textContent"))
        n = array(npz, "decoder.weights")[0][-1]
        cells = self.region(0, n, n)
        self.point(0, cells, 4, 3)
        self.assertEqual(self.readout()[-1], f"{cell(npz, 'decoder.weights', 1, 2, 4, 3):.4f}")
        self.point(0, cells, 1, 4)
        self.assertIn("masked", self.readout()[-1])
        self.assertTrue(self.driver.evaluate("document.querySelector('.drawn .masked') !== null"), "and hatched")
        # Back where it was, in colours that the script found: those of the program.
        other = self.path("other.html")
        subprocess.run([PROGRAM, "render", *args, "--view", "heatmap", "--tensor", "decoder.weights", "--select", "decoder.weights[1,2,0,0]", "-o", other],
                       capture_output=True, timeout=180, check=True)
        self.quiet()
        self.driver.open(other)
        written = self.driver.evaluate(FILLS % 0)
        self.assertEqual(len(written), len(drawn))
        for ours, script in zip(written, drawn):
            for a, b in zip(color(ours[0]), color(script[0])):
                self.assertLessEqual(abs(a - b), 1)
        self.quiet()

    def test_a_head_of_a_grid_opens_large(self):
        args = ("transformer", "--source", CHINESE)
        _, npz = self.opened("grid", *args, "--view", "head-grid", "--tensor", "cross.weights")
        self.run_of(npz, *args)
        self.point(0, 1, 0, 4, click=True)  # the second layer's row of heads
        self.assertIn("layer 2, head 5", self.driver.evaluate(figure(1, ".drawn") + ".textContent"))
        shape = array(npz, "cross.weights")[0]
        self.point(1, self.region(1, *shape[-2:]), 2, 6)
        self.assertEqual(self.readout()[-1], f"{cell(npz, 'cross.weights', 1, 4, 2, 6):.4f}")
        self.quiet()

    def test_flow_shows_the_lines_of_one_token(self):
        self.opened("flow", "transformer", "--source", CHINESE, "--view", "flow", "--tensor", "cross.weights")
        self.assertEqual(self.driver.evaluate("document.querySelectorAll('[data-ends].off').length"), 0)
        self.point(0, 0, 0, 3)
        ends = self.driver.evaluate("[...document.querySelectorAll('[data-ends]:not(.off)')].map((e) => e.dataset.ends.split(' ')[0].split(':')[1])")
        self.assertTrue(ends and set(ends) == {"3"}, ends)
        self.assertGreater(self.driver.evaluate("document.querySelectorAll('[data-ends].off').length"), 0)
        before = self.driver.evaluate("document.querySelectorAll('[data-ends]').length")
        self.driver.evaluate(choose("head", 2))
        self.assertIn("head 2", self.driver.evaluate(figure(0, ".drawn") + ".textContent"))
        self.assertGreater(before, 0)
        self.quiet()

    def test_map_over_a_picture(self):
        self.opened("overlay", "captioning", "--image", "sample:shapes", "--view", "overlay")
        self.assertTrue(self.driver.evaluate("document.querySelector('.shared image').getAttribute('href').startsWith('data:image/png')"))
        select = "document.querySelector('.choice select')"
        before = self.driver.evaluate(FILLS % 0)
        self.driver.evaluate(f"(() => {{{select}.value = 2; {select}.dispatchEvent(new Event('change'))}})()")
        step = self.driver.evaluate(FILLS % 0)
        self.assertNotEqual(before, step)
        slider = "document.getElementById('opacity')"
        self.driver.evaluate(f"(() => {{{slider}.value = 0.1; {slider}.dispatchEvent(new Event('input'))}})()")
        faint = self.driver.evaluate(FILLS % 0)
        self.assertLess(max(float(o or 1) for _, o in faint), max(float(o or 1) for _, o in step))
        self.assertLessEqual(max(float(o or 1) for _, o in faint), 0.11)
        self.quiet()

    def test_light_and_dark(self):
        self.opened("themes", "transformer", "--source", CHINESE, "--view", "heatmap")
        ground = "getComputedStyle(document.body).backgroundColor"
        light, map_of_light = self.driver.evaluate(ground), self.driver.evaluate(FILLS % 0)
        self.driver.evaluate("document.getElementById('theme').click()")
        self.assertNotEqual(light, self.driver.evaluate(ground))
        self.assertNotEqual(map_of_light, self.driver.evaluate(FILLS % 0))
        self.driver.evaluate("document.getElementById('theme').click()")
        self.assertEqual(light, self.driver.evaluate(ground))
        self.assertEqual(map_of_light, self.driver.evaluate(FILLS % 0))
        self.quiet()

    def test_panels_keep_their_heads_until_one_is_chosen(self):
        self.opened("panels", "transformer", "--source", CHINESE, "--panel", "heatmap:cross.weights[1,4]", "--panel", "heatmap:cross.weights[0,2]")
        texts = [self.driver.evaluate(figure(n, ".drawn") + ".textContent") for n in (0, 1)]
        self.assertIn("layer 2, head 5", texts[0])
        self.assertIn("layer 1, head 3", texts[1])
        self.driver.evaluate(choose("head", 6))
        texts = [self.driver.evaluate(figure(n, ".drawn") + ".textContent") for n in (0, 1)]
        self.assertIn("layer 2, head 6", texts[0])
        self.assertIn("layer 1, head 6", texts[1])
        self.quiet()

    def test_tokens_of_any_kind_stay_text(self):
        args = ("self-attention", "--text", HOSTILE)
        self.opened("hostile", *args, "--view", "heatmap", "--tensor", "weights")
        self.assertEqual(self.driver.evaluate("document.querySelectorAll('script:not([data-watch])').length"), 2)
        self.assertEqual(self.driver.evaluate("document.querySelectorAll('b').length"), 0)
        self.assertIn(HOSTILE[:9], self.driver.evaluate("document.querySelector('section').textContent"))
        self.quiet()

    def test_what_goes_wrong_is_seen(self):
        html, _ = self.opened("right", "alignment", "--source", "2019", "--view", "heatmap")
        self.quiet()
        with open(html, encoding="utf-8") as f:
            page = f.read()
        for name, planted in (("throws", "<script>throw new Error('planted')</script>"),
                              ("asks", "<img src='http://127.0.0.1:9/planted.png'>"),
                              ("asks files", "<img src='planted.png'>")):
            wrong = self.path(name + ".html")
            with open(wrong, "w", encoding="utf-8") as f:
                f.write(page.replace("</body>", planted + "</body>"))
            self.driver.open(wrong)
            self.driver.point(5, 5)
            self.assertNotEqual(self.driver.complaints(), [], name)

    def test_ties_are_rounded_as_the_program_does(self):
        # A weight of 1/32 is 0.03125 exactly.
        arrays, html = self.path("ties.npy"), self.path("ties.html")
        values = [1 / 32, 3 / 32, 5 / 32, -1 / 32, 0.00005, 1e-9, -1e-9, 12345.03125]
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, %d), }" % len(values)
        header += " " * (63 - (10 + len(header)) % 64) + "\n"
        with open(arrays, "wb") as f:
            f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values))
        self.opened("ties", "capture", "--path", arrays, "--role", "values", "--view", "heatmap")
        for i, value in enumerate(values):
            self.point(0, self.region(0, 1, len(values)), 0, i)
            self.assertEqual(self.readout()[-1], f"{struct.unpack('<f', struct.pack('<f', value))[0]:.4f}")

    def test_every_view_of_many_exhibits(self):
        for exhibit in ("alignment", "spatial", "multi-head", "captioning", "positions"):
            folder = self.path("all-" + exhibit)
            subprocess.run([PROGRAM, "render", exhibit, "--all", folder, "--format", "html"], capture_output=True, timeout=180, check=True)
            for name in sorted(os.listdir(folder)):
                with self.subTest(exhibit + " " + name):
                    self.driver.open(os.path.join(folder, name))
                    self.assertGreater(self.driver.evaluate(LOADED), 0)
                    self.driver.evaluate("[...document.querySelectorAll('.choice button:last-child')].forEach((b) => b.click())")
                    self.driver.evaluate("document.getElementById('theme').click()")
                    self.quiet()


def tests():
    suite = unittest.TestSuite()
    found = [name for name, browser in BROWSERS.items() if installed(browser)]
    for name in BROWSERS:
        if name in found:
            suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(type("PagesIn" + name, (Pages,), {"browser": name})))
        else:
            print(f"NOT CHECKED: {name} is not installed on this machine", flush=True)
    return suite if found else None


if __name__ == "__main__":
    all_tests = tests()
    if all_tests is None:
        print("SKIPPED: no browser is installed: apt install chromium, or firefox-esr")
        sys.exit(SKIPPED)
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(all_tests).wasSuccessful())
