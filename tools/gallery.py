#!/usr/bin/env python3
"""Draws every view of every exhibit, light and dark, as PNG, SVG and PDF, and an index.html that shows them.

    gallery.py PROGRAM FOLDER

The list of exhibits and views is the program's own (`saccade list --json`). Only the standard library is used.
"""
import concurrent.futures
import html
import json
import os
import subprocess
import sys

THEMES, ENDINGS = ("light", "dark"), ("png", "svg", "pdf")
NEEDS = {"tree": ["--beam", "5"]}  # what a view needs to have something to draw: without a beam there is no tree
MORE = {"spatial": {"word-strip": ["--side_by_side", "true"]},
        "temporal": {"tree": ["--beam", "5"]},
        "reading": {"overlay": ["--model", "reading-plain"], "tree": ["--beam", "5"]},
        "captioning": {"channel-bars": ["--model", "sca"], "tree": ["--beam", "5"]}}  # views that an exhibit shows once it is asked to
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Saccade: gallery</title><style>
body {{ font: 15px/1.5 "Noto Sans", sans-serif; margin: 32px auto; max-width: 1280px; padding: 0 16px; color: #1c2333; }}
figure {{ margin: 24px 0; }} .pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }}
img {{ width: 100%; border: 1px solid #d6dae4; border-radius: 6px; }} code {{ font-size: 13px; color: #5b6478; }}
</style></head><body><h1>Saccade</h1>
{body}</body></html>
"""


def needs(exhibit, view):
    return MORE.get(exhibit, {}).get(view, NEEDS.get(view, []))


def draw(program, exhibit, view, theme, files):
    command = [program, "render", exhibit, "--threads", "1", *needs(exhibit, view), "--view", view, "--theme", theme]
    for file in files:
        command += ["-o", file]
    done = subprocess.run(command, capture_output=True, text=True)
    return f"gallery: {' '.join(command)}\n{done.stderr.strip()}" if done.returncode != 0 else None


def main():
    program, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    tasks = []  # (exhibit, view, theme, files)
    exhibits = json.loads(subprocess.run([program, "list", "--json"], check=True, capture_output=True, text=True).stdout)
    body = []
    for exhibit in exhibits:
        body.append(f"<h2>{html.escape(exhibit['title'])}</h2>\n")
        for view in [*exhibit["views"], *MORE.get(exhibit["id"], {})]:
            pictures, links = "", []
            for theme in THEMES:
                stem = f"{exhibit['id']}-{view}-{theme}"
                tasks.append((exhibit["id"], view, theme, [os.path.join(folder, f"{stem}.{ending}") for ending in ENDINGS]))
                for ending in ENDINGS:
                    links.append(f'<a href="{stem}.{ending}">{theme} {ending}</a>')
                pictures += f'<img src="{stem}.png" alt="{html.escape(view)}, {theme}">'
            line = " ".join(["saccade render", exhibit["id"], *needs(exhibit["id"], view), "--view", view, "-o", f"{view}.png"])
            body.append(f'<figure><div class="pair">{pictures}</div><figcaption><code>{html.escape(line)}</code> · '
                        f"{' · '.join(links)}</figcaption></figure>\n")
    # A process a view, one a core at a time, each with one thread.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(lambda task: draw(program, *task), tasks) if problem]
    if problems:
        sys.exit("\n".join(problems))
    with open(os.path.join(folder, "index.html"), "w", encoding="utf-8") as page:
        page.write(PAGE.format(body="".join(body)))
    print(f"gallery: {len(tasks) * len(ENDINGS)} figures; open {folder}/index.html")


if __name__ == "__main__":
    main()
