#!/usr/bin/env python3
"""Installs the built program into a folder and uses it from there.

    installed_test.py BUILD_FOLDER        (only the standard library, and cmake)
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run(["cmake", "--install", sys.argv[1], "--prefix", "/usr"], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, DESTDIR=cls.folder.name))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, "usr", name)

    def saccade(self, *words):
        clean = {k: v for k, v in os.environ.items() if k != "SACCADE_ASSETS"}
        return subprocess.run([self.path("bin/saccade"), *words], env=clean, capture_output=True, text=True, check=True).stdout

    def test_finds_its_own_models(self):
        os.rename(self.path("share/saccade/assets/models/dates.json"), self.path("share/saccade/assets/models/moved.json"))
        try:  # a model that lies here alone is found: these are read, and not those of the sources
            os.link(self.path("share/saccade/assets/models/dates.safetensors"), self.path("share/saccade/assets/models/moved.safetensors"))
            self.assertIn("\n  moved ", self.saccade("list"))
        finally:
            os.remove(self.path("share/saccade/assets/models/moved.safetensors"))
            os.rename(self.path("share/saccade/assets/models/moved.json"), self.path("share/saccade/assets/models/dates.json"))
        self.assertIn("2019-09-30", self.saccade("run", "alignment", "--source", "30 Sep 2019"))
        self.assertTrue(json.loads(self.saccade("list", "--json")))

    def test_what_stands_beside_it(self):
        with gzip.open(self.path("share/man/man1/saccade.1.gz"), "rt") as page:
            self.assertTrue(page.read().startswith(".TH SACCADE 1"))
        with open(self.path("share/applications/saccade.desktop")) as entry:
            lines = entry.read().splitlines()
        self.assertIn("Exec=saccade %f", lines)
        kind = next(line for line in lines if line.startswith("MimeType=")).split("=")[1].rstrip(";")
        mime = ET.parse(self.path("share/mime/packages/saccade.xml")).getroot()
        self.assertEqual([t.get("type") for t in mime], [kind])
        ET.parse(self.path("share/icons/hicolor/scalable/apps/saccade.svg"))
        for name in ("bash-completion/completions/saccade", "zsh/vendor-completions/_saccade", "fish/vendor_completions.d/saccade.fish",
                     "doc/saccade/copyright", "saccade/saccade_capture.py"):
            self.assertGreater(os.path.getsize(self.path("share/" + name)), 0, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
