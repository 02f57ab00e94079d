#!/usr/bin/env python3
"""Figures from the command line: every format, several views and files of one run, lists of figures, comparisons.

    render_test.py PROGRAM        (only the standard library)
"""
import csv
import json
import os
import re
import struct
import sys
import unittest
import zipfile

from driver import Case, png, saccade


class Render(Case):
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

    def test_every_exhibit_has_its_own_flags_beside_those_of_a_figure(self):
        for exhibit in json.loads(self.good("list", "--json")):
            for command in ("run", "render"):
                self.assertIn("--threads", self.good(command, exhibit["id"], "--help"))

    def test_several_views_are_one_figure(self):
        for ending in ("svg", "pdf", "png", "csv", "npz"):
            self.good("render", "transformer", "--panel", "head-grid:cross.weights", "--panel", "heatmap:cross.weights[1,2]", "--columns", "2",
                      "--width", "170mm", "--font", "8pt", "-o", self.path("panels." + ending))
        with open(self.path("panels.svg"), encoding="utf-8") as f:
            svg = f.read()
        self.assertIn(">a</text>", svg)
        self.assertIn(">b</text>", svg)
        with zipfile.ZipFile(self.path("panels.npz")) as archive:
            self.assertTrue({"a.cross.weights.npy", "b.cross.weights.npy"} <= set(archive.namelist()), archive.namelist())
        whole = self.path("whole.csv")
        self.good("render", "transformer", "--view", "heatmap", "--tensor", "cross.weights", "--select", "cross.weights[1,2]", "-o", whole)
        with open(whole, encoding="utf-8", newline="") as one, open(self.path("panels.csv"), encoding="utf-8", newline="") as both:
            self.assertTrue(both.read().endswith("\r\n\r\n" + one.read()), "the second panel is that head")
        self.bad(2, "render", "transformer", "--panel", "heatmop", "-o", whole, names=("--panel", "heatmap"))
        self.bad(2, "render", "transformer", "--panel", "heatmap:cross.weights[9]", "-o", whole, names=("--panel", "axis"))
        self.bad(2, "render", "transformer", "--panel", "heatmap", "--view", "heatmap", "-o", whole)
        self.bad(2, "render", "transformer", "-o", whole, names=("--view", "--panel"))

    def test_a_figure_is_as_high_as_its_labels_need(self):
        out, both = self.path("own.svg"), ("--width", "85mm", "--font", "8pt")
        words = ("he", "gets", "up", "at", "six", "every", "morning")
        text = ("transformer", "--source", "他每天早上六点起床。")
        self.good("render", *text, "--panel", "head-grid:cross.weights", "--panel", "heatmap:cross.weights[1,4]", *both, "-o", out)
        with open(out, encoding="utf-8") as f:
            svg = f.read()
        for word in words:
            self.assertIn(f">{word}</text>", svg)
        self.good("render", *text, "--view", "heatmap", *both, "--title", "off", "--axis-names", "off", "--colour-bar", "off", "-o", out)
        with open(out, encoding="utf-8") as f:
            svg = f.read()
        for left_out in ("query", ">weight</text>"):
            self.assertNotIn(left_out, svg.split("</metadata>")[-1])
        panels = ("--panel", "heatmap:cross.weights[0,0]", "--panel", "heatmap:cross.weights[0,5]", "--scale", "largest", "-o", out)
        ends = []
        for range_ in ("own", "shared"):
            self.good("render", "transformer", *panels, "--range", range_)
            with open(out, encoding="utf-8") as f:
                ends.append(re.findall(r'text-anchor="end"[^>]*>([0-9]+\.[0-9]+)</text>', f.read()))
        self.assertEqual(len(set(ends[0])), 2, ends)
        self.assertEqual(len(set(ends[1])), 1, ends)
        self.bad(2, "render", "transformer", *panels, "--range", "all", names=("--range", "shared"))

    def test_one_run_several_files(self):
        names = [self.path("both." + ending) for ending in ("png", "tex", "csv")]
        self.good("render", "alignment", "--view", "heatmap", "--bom", "-o", names[0], "-o", names[1], "-o", names[2])
        with open(names[1], encoding="utf-8") as f:
            table = f.read()
        self.assertTrue(table.startswith("\\begin{tabular}{l"), table[:40])
        with open(names[2], "rb") as f:
            self.assertTrue(f.read().startswith(b"\xef\xbb\xbf"))

    def test_a_figure_of_a_changed_run_shows_what_was_before(self):
        svg, csv = self.path("bars.svg"), self.path("bars.csv")
        asked = ("render", "transformer", "--view", "bars", "--tensor", "probabilities", "--step", "4", "-o", svg, "-o", csv)
        for hand in ((), ("--intervene", "cross.weights[2,:,4,:]*=0")):
            self.good(*asked, *hand)
            with open(svg, encoding="utf-8") as f:
                self.assertEqual("mark: before the change" in f.read(), bool(hand))
            with open(csv, encoding="utf-8") as f:
                self.assertEqual("probabilities.untouched" in f.read(), bool(hand))

    def test_every_view_into_a_folder(self):
        folder = self.path("all")
        said = self.good("render", "self-attention", "--all", folder, "--format", "svg").splitlines()
        self.assertEqual(sorted(said), sorted(os.path.join(folder, name) for name in os.listdir(folder)))
        self.assertGreater(len(said), 2)
        self.bad(2, "render", "self-attention", "--all", folder, "--view", "heatmap")
        self.bad(2, "render", "self-attention", "--view", "heatmap", names=("--output",))

    def test_a_list_goes_on_after_a_line_that_fails(self):
        lines = self.path("lines.txt", "30 Sep 2019\n\n2019年9月30日\n".encode())
        out = self.path("weights.svg")
        said = self.good("render", "alignment", "--view", "heatmap", "--batch", lines, "-o", out)
        self.assertEqual(sorted(os.listdir(self.folder)), ["lines.txt", "weights-1.svg", "weights-3.svg"])
        self.assertIn("3 of 3: 2019年9月30日", said)
        with open(self.path("weights-3.svg"), encoding="utf-8") as f:
            self.assertIn("年</text>", f.read())
        numbers = self.path("numbers.txt", b"1\nmany\n2\n")
        done = saccade("render", "alignment", "--view", "heatmap", "--batch", "temperature=" + numbers, "-o", self.path("t.csv"))
        self.assertNotEqual(done.returncode, 0)
        said = done.stderr.decode().strip().splitlines()
        self.assertEqual(len(said), 2, said)
        self.assertIn("numbers.txt:2: ", said[0])
        self.assertIn("1 of 3 lines failed", said[1])
        self.assertTrue(os.path.exists(self.path("t-1.csv")) and os.path.exists(self.path("t-3.csv")))
        self.bad(2, "render", "complexity", "--batch", lines, "--all", self.path("x"), names=("--batch",))
        self.bad(2, "render", "alignment", "--view", "heatmap", "--batch", self.path("empty.txt", b"\n"), "-o", out, names=("no lines",))

    def test_tables_of_many_axes_hold_every_value(self):
        out = self.path("cells.csv")
        for exhibit, view, axes in (("multi-head", "head-grid", 3), ("induction", "head-grid", 4), ("captioning", "word-strip", 3), ("channel", "map-gallery", 3)):
            self.good("render", exhibit, "--view", view, "-o", out)
            with open(out, encoding="utf-8", newline="") as f:
                rows = list(csv.reader(f))
            named = [name for name in rows[0][:-1] if not name.endswith(".position")]
            self.assertEqual(len(named), axes, rows[0])
            self.assertTrue(all(len(row) == len(rows[0]) for row in rows), exhibit)
            self.assertGreater(len([row for row in rows[1:] if row[-1] and float(row[-1]) != 0]), 10, exhibit)
        self.good("render", "induction", "--view", "head-grid", "--heads", "1,3", "-o", out)
        with open(out, encoding="utf-8", newline="") as f:
            self.assertEqual({row["head"] for row in csv.DictReader(f)}, {"1", "3"})

    def test_render_says_what_a_figure_leaves_out(self):
        out = self.path("figure.svg")
        for arguments, said in ((("--width", "85mm", "--font", "200pt"), "does not fit"), (("--height", "10mm"), "does not fit")):
            done = saccade("render", "self-attention", "--view", "heatmap", *arguments, "-o", out)
            self.assertEqual(done.returncode, 0)
            self.assertIn(said, done.stderr.decode())
        self.good("render", "self-attention", "--view", "flow", "--tensor", "weights", "--compare", "mask=causal", "-o", out)
        with open(out, encoding="utf-8") as f:
            figure = f.read()
        self.assertIn("A: mask own", figure)
        self.assertIn("B: mask causal", figure)
        self.assertIn("masked in B", figure)

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

    def test_render_size(self):
        out = self.path("figure.png")
        self.good("render", "alignment", "--view", "flow", "--size", "640x400", "-o", out)
        with open(out, "rb") as f:
            header = f.read(24)
        self.assertEqual(struct.unpack(">II", header[16:24]), (640, 400))

    def test_maps_over_pictures(self):
        def svg(*args):
            out = self.path("x.svg")
            self.good("render", "spatial", *args, "-o", out)
            with open(out) as f:
                return f.read()

        usual = svg("--view", "overlay")
        self.assertEqual(usual.count(" href=\"data:image/png"), 1)  # the picture; a small map is cells
        self.assertEqual(usual.count("xlink:href=\"data:image/png"), 1)  # the same, for readers of SVG 1.1
        cells = lambda text: [float(x) for x in re.findall(r'fill-opacity="([0-9.]+)"', text)]  # noqa: E731
        self.assertEqual(len(cells(usual)), 16 * 16)  # at the usual 64 px
        self.assertTrue(0.5 < max(cells(usual)) <= 0.65, "the largest gate is nearly as opaque as it may be")
        self.assertIn("opacity 0.30", svg("--view", "overlay", "--opacity", "0.3"))
        self.assertIn("contours at", svg("--view", "overlay", "--overlay", "contours"))
        self.assertFalse(cells(svg("--view", "overlay", "--overlay", "off")))
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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
