#!/usr/bin/env python3
"""Saccade and BertViz side by side: the same attention, shaped as GPT-2 small's (12 layers of 12 heads), drawn by both in one run.

    tools/peer_bertviz.py BERTVIZ NODE_MODULES [--tokens 64 256 512] [--saccade build/release/saccade]

BERTVIZ is a clone of github.com/jessevig/bertviz, whose own Python makes the page; NODE_MODULES holds what that page else loads from a
network (`npm install d3@5.7.0 jquery@2.2.4 requirejs@2.3.6`). Needs Chromium, NumPy and PyTorch. BertViz's time begins when the page is
opened, after Python wrote it; it ends when two frames have passed since it was drawn. Saccade's begins with the start of the program and
ends with a picture in a file. Memory: the largest that was resident, of Chromium all processes (shared pages by their share).
"""
import argparse
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import types

import numpy as np
import torch

PROBE = """
<script>
const told = document.location.pathname.includes('model') ? 'svg line' : '#attention line';
function frames(n, then) { n ? requestAnimationFrame(() => frames(n - 1, then)) : setTimeout(then, 0); }
function tell(result) { fetch('/told', {method: 'POST', body: JSON.stringify(result)}); }
function look() {
    const lines = document.querySelectorAll(told).length;
    if (!lines || lines !== look.before) { look.before = lines; return setTimeout(look, 20); }
    frames(2, () => {
        const drawn = performance.now();
        const token = document.querySelector('#left text');
        if (!token) return tell({drawn, lines});
        const begun = performance.now();
        token.parentNode.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
        frames(2, () => tell({drawn, lines, hover: performance.now() - begun}));
    });
}
addEventListener('load', look);
</script>
"""


def attention_of(tokens, layers=12, heads=12):
    """Causal weights by softmax of random scores: [layers, heads, tokens, tokens], F32."""
    scores = np.random.default_rng(7).normal(0, 2, (layers, heads, tokens, tokens)).astype(np.float32)
    scores[..., np.triu(np.ones((tokens, tokens), bool), 1)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def bertviz_page(clone, view, attention, names):
    """The page that BertViz's own Python makes, with its libraries from beside it."""
    shown = types.ModuleType("IPython.display")
    shown.HTML = shown.Javascript = lambda data: types.SimpleNamespace(data=data)
    shown.display = shown.Image = None
    core = types.ModuleType("IPython.core.display")
    core.HTML, core.Javascript, core.display = shown.HTML, shown.Javascript, None
    sys.modules.update({"IPython": types.ModuleType("IPython"), "IPython.core": types.ModuleType("IPython.core"),
                        "IPython.display": shown, "IPython.core.display": core})
    sys.path.insert(0, clone)
    module = __import__(f"bertviz.{view}", fromlist=[view])
    page = getattr(module, view)([torch.from_numpy(layer)[None] for layer in attention], names, html_action="return").data
    for url in ("https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js",
                "https://cdnjs.cloudflare.com/ajax/libs/d3/5.7.0/d3.min",
                "https://cdnjs.cloudflare.com/ajax/libs/jquery/2.0.0/jquery.min"):
        page = page.replace(url, "/" + url.rsplit("/", 1)[1])
    return "<!doctype html><html><head><meta charset=utf-8></head><body>" + page + PROBE + "</body></html>"


def resident(of):
    """The process and all below it, MiB, pages that several share by their share."""
    children = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                children.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(pid))
        except OSError:
            pass
    total, left = 0, [of]
    while left:
        pid = left.pop()
        left += children.get(pid, [])
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def open_page(folder, path, limit):
    """What the page tells, and the memory that Chromium took; None when it told nothing within the limit."""
    told = {}
    done = threading.Event()

    class Server(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=folder)

        def log_message(self, *args):
            pass

        def do_POST(self):
            told.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            done.set()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser = subprocess.Popen(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1600,1000",
                                f"--user-data-dir={folder}/profile", f"http://127.0.0.1:{server.server_port}/{path}"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most, until = 0.0, time.monotonic() + limit
    while not done.wait(0.25) and time.monotonic() < until and browser.poll() is None:
        most = max(most, resident(browser.pid))
    most = max(most, resident(browser.pid))
    browser.kill()
    browser.wait()
    server.shutdown()
    shutil.rmtree(f"{folder}/profile", ignore_errors=True)
    return (told, most) if done.is_set() else (None, most)


def saccade_picture(program, path, view, out):
    """Seconds from the start of the program to the picture in its file, and MiB."""
    begun = time.monotonic()
    child = subprocess.Popen([program, "render", "capture", "--path", path, "--view", view, "-o", out], stdout=subprocess.DEVNULL)
    most = 0  # not of os.wait4: there it is never less than what Python held when it began the program
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status") as f:
                most = max(most, next((int(line.split()[1]) for line in f if line.startswith("VmHWM:")), 0))
        except OSError:
            pass
        time.sleep(0.002)
    if child.returncode != 0:
        raise SystemExit(f"saccade render capture --path {path} --view {view}: exit {child.returncode}")
    return time.monotonic() - begun, most / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bertviz")
    parser.add_argument("node_modules")
    parser.add_argument("--tokens", type=int, nargs="+", default=[64, 256, 512])
    parser.add_argument("--saccade", default="build/release/saccade")
    parser.add_argument("--limit", type=float, default=300, help="seconds that a page may take")
    options = parser.parse_args()
    print(f"{'tokens':>6} {'view':24} {'BertViz':>9} {'hover':>8} {'memory':>9} | {'Saccade':>9} {'memory':>9} | {'ratio':>6}")
    for tokens in options.tokens:
        attention = attention_of(tokens)
        names = [f"t{i}" for i in range(tokens)]
        with tempfile.TemporaryDirectory() as folder:
            for library, file in (("requirejs", "require.js"), ("d3", "dist/d3.min.js"), ("jquery", "dist/jquery.min.js")):
                shutil.copy(f"{options.node_modules}/{library}/{file}", f"{folder}/{'require.min.js' if library == 'requirejs' else os.path.basename(file)}")
            np.save(f"{folder}/attention.npy", attention)
            for view, ours in (("head_view", "flow"), ("model_view", "head-grid")):
                with open(f"{folder}/{view}.html", "w") as f:
                    f.write(bertviz_page(options.bertviz, view, attention, names))
                told, theirs = open_page(folder, f"{view}.html", options.limit)
                seconds, memory = saccade_picture(options.saccade, f"{folder}/attention.npy", ours, f"{folder}/x.png")
                drawn = told["drawn"] / 1000 if told else None
                hover = f"{told['hover']:5.0f} ms" if told and "hover" in told else "       -"
                theirs_text = f"{drawn:7.2f} s" if told else f"> {options.limit:5.0f} s"
                ratio = f"{drawn / seconds:6.1f}" if told else f"> {options.limit / seconds:4.0f}"
                print(f"{tokens:6} {view + ' / ' + ours:24} {theirs_text:>9} {hover:>8} {theirs:5.0f} MiB | {seconds:7.2f} s {memory:5.0f} MiB | {ratio}",
                      flush=True)


if __name__ == "__main__":
    main()
