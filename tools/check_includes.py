#!/usr/bin/env python3
"""Checks the layering of src/: which folder may include which, that every include exists, that every source has its header, and that
no test writes where another may.

    check_includes.py [ROOT]        every violation by file and line; exit status 1 if there is one
    check_includes.py --self-test   the check can fail: each kind of violation, planted, is found

Only the standard library is used.
"""
import os
import re
import sys
import tempfile

# A folder may include itself and the folders named here, no others. What it may include is not inherited by the folders that include it:
# each has its own list. Observer stands between what is computed and what is shown, so trace/ includes autograd/, never the other way.
BASE = {"base"}
TENSOR = BASE | {"tensor"}
AUTOGRAD = TENSOR | {"autograd"}
TRACE = AUTOGRAD | {"trace"}
CODECS = TENSOR | {"io"}
PARAMS = CODECS | {"params"}
IMAGE = CODECS | {"image"}
LAYERS = TRACE | {"attention", "nn"}
MODEL = LAYERS | CODECS | {"model"}
ON_MODEL = MODEL | PARAMS | IMAGE
CHECKPOINT = MODEL | IMAGE | {"checkpoint"}
EXHIBIT = ON_MODEL | {"checkpoint", "train", "analysis", "exhibit"}
RUN = EXHIBIT | {"run"}
VIZ = TRACE | PARAMS | {"analysis", "viz"}
EVERYTHING = RUN | VIZ | {"gl", "ui", "bench", "cli"}
ALLOWED = {
    "base": BASE,
    "tensor": TENSOR,
    "autograd": AUTOGRAD,
    "trace": TRACE,
    "io": CODECS,
    "params": PARAMS,
    "image": IMAGE,
    "nn": LAYERS,
    "attention": LAYERS,
    "model": MODEL,
    "checkpoint": CHECKPOINT,
    "train": ON_MODEL | {"checkpoint", "train"},  # a model of ours may be trained in the layout of others
    "analysis": TRACE | {"analysis"},
    "exhibit": EXHIBIT,
    "run": RUN,
    "viz": VIZ,  # knows no model, no exhibit, no run: a trace and what is computed from it
    "gl": VIZ | {"gl"},
    "ui": RUN | VIZ | {"gl", "ui"},
    "bench": RUN | VIZ | {"gl", "ui", "bench"},
    "cli": RUN | VIZ | {"cli"},
    "": EVERYTHING,  # main.cpp
}

# A source's declarations stand in the header of its name, or of the name that its own begins with (align_hard.cpp: align.hpp).
# Where one header declares for many: the sources and their header.
FAMILIES = {
    "exhibit": (r".*", "exhibits.hpp"),  # one function per exhibit, one line per file
    "cli": (r".*", "commands.hpp"),
    "analysis": (r".*", "catalogue.hpp"),
    "ui": (r"panel_.*|dialogs", "panels.hpp"),
    "image": (r"sample_.*", "sample_scenes.hpp"),
}

INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')
SHARED_FOLDER = re.compile(r"\bTempDir\(\)|\btemp_directory_path\b")
GENERATED = {"shaders.hpp"}  # made in the build folder


def sources(root):
    for folder, _, names in sorted(os.walk(os.path.join(root, "src"))):
        for name in sorted(names):
            if name.endswith((".cpp", ".hpp")):
                yield os.path.relpath(os.path.join(folder, name), os.path.join(root, "src"))


def folder_of(path):
    return path.split("/")[0] if "/" in path else ""


def check_file(root, path):
    folder = folder_of(path)
    if folder not in ALLOWED:
        yield f"src/{path}:1: folder '{folder}' has no entry in ALLOWED; add one in tools/check_includes.py"
        return
    with open(os.path.join(root, "src", path), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            found = INCLUDE.match(line)
            if not found or found[1] in GENERATED:
                continue
            if not os.path.exists(os.path.join(root, "src", found[1])):
                yield f"src/{path}:{number}: {found[1]} does not exist"
            elif folder_of(found[1]) not in ALLOWED[folder]:
                yield f"src/{path}:{number}: {folder or 'main'} may not include {folder_of(found[1])} ({found[1]})"


def has_header(root, path):
    folder, stem = os.path.dirname(os.path.join(root, "src", path)), os.path.basename(path)[:-len(".cpp")]
    parts = stem.split("_")
    if any(os.path.exists(os.path.join(folder, "_".join(parts[:n]) + ".hpp")) for n in range(1, len(parts) + 1)):
        return True
    names, header = FAMILIES.get(folder_of(path), (r"(?!)", ""))
    return re.fullmatch(names, stem) is not None and os.path.exists(os.path.join(folder, header))


def check_tests(root):
    """The parts of a suite run side by side: a file that every process calls the same is written by one while another reads it."""
    for folder, _, names in sorted(os.walk(os.path.join(root, "tests"))):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith((".cpp", ".hpp")) or name == "scratch.hpp":
                continue
            with open(path, encoding="utf-8") as f:
                for number, line in enumerate(f, 1):
                    if found := SHARED_FOLDER.search(line):
                        yield f"{os.path.relpath(path, root)}:{number}: {found[0]} is every process's; take scratch_path or TemporaryFolder"


def check(root):
    problems, count = [*check_tests(root)], 0
    for path in sources(root):
        count += 1
        problems += check_file(root, path)
        if path.endswith(".cpp") and path != "main.cpp" and not has_header(root, path):
            problems.append(f"src/{path}:1: no header of this name, nor of the name that this one begins with")
    return problems, count


def self_test():
    files = {
        "../tests/unit/io_test.cpp": "", "base/error.hpp": "", "trace/trace.hpp": '#include "base/error.hpp"\n', "trace/trace.cpp": '#include "trace/trace.hpp"\n',
        "trace/trace_file.cpp": "", "viz/view.hpp": '#include "trace/trace.hpp"\n', "run/run.hpp": "",
    }
    planted = {
        "../tests/unit/io_test.cpp": ('\nconst auto p = testing::TempDir() + "a.npy";\n', "tests/unit/io_test.cpp:2: TempDir() is every process's"),
        "base/error.hpp": ('\n#include "trace/trace.hpp"\n', "src/base/error.hpp:2: base may not include trace"),
        "viz/view.hpp": ('#include "run/run.hpp"\n', "src/viz/view.hpp:1: viz may not include run"),
        "run/run.hpp": ('#include "run/gone.hpp"\n', "src/run/run.hpp:1: run/gone.hpp does not exist"),
        "trace/hidden.cpp": ("", "src/trace/hidden.cpp:1: no header"),
        "attic/old.hpp": ("", "src/attic/old.hpp:1: folder 'attic' has no entry"),
    }
    for plant in [None, *planted]:
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**files, **({plant: planted[plant][0]} if plant else {})}.items():
                os.makedirs(os.path.join(root, "src", os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, "src", path), "w", encoding="utf-8") as f:
                    f.write(text)
            problems, _ = check(root)
            expected = [planted[plant][1]] if plant else []
            if len(problems) != len(expected) or not all(p.startswith(e) for p, e in zip(problems, expected)):
                sys.exit(f"check_includes: self-test: with {plant} planted, found {problems}")
    print(f"check_includes: self-test: {len(planted)} violations planted and found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    problems, count = check(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    if count == 0:
        sys.exit("check_includes: there is nothing below src/")
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"check_includes: {len(problems)} violations in {count} files")
    print(f"check_includes: {count} files include only what their folders may")


if __name__ == "__main__":
    main()
