#!/usr/bin/env python3
"""Reads words in photographs of signs that nobody here drew, and says how many come out right.

    read_signs.py PROGRAM FOLDER [--model reading-plain] [--show]

FOLDER holds the sample pictures of OpenCV's text module (modules/text/samples in opencv_contrib; in Debian the source package
opencv has them, in its part "contrib"): fifteen photographs, mostly of ICDAR's robust reading sets. The corners of each word
were put by hand, in pixels, from the upper left clockwise, a little outside the ink. Words below 10 px of height are left out,
and a line that has lost letters. Only the standard library is used.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import zipfile

SIGNS = {
    ("scenetext01.jpg", 800, 600): [
        ("NOTICE", 277, 38, 427, 37, 427, 76, 276, 77), ("DOUBLE", 277, 85, 423, 84, 423, 122, 276, 122),
        ("PARKING", 275, 127, 424, 126, 424, 165, 274, 165), ("PROHIBITED", 273, 171, 424, 170, 425, 207, 272, 207),
        ("AT", 284, 214, 308, 214, 308, 251, 283, 251), ("ALL", 311, 214, 345, 214, 345, 250, 310, 251),
        ("TIMES", 349, 214, 405, 213, 406, 251, 349, 251)],
    ("scenetext02.jpg", 1280, 960): [
        ("Sports", 430, 608, 608, 628, 606, 692, 428, 680), ("Centre", 612, 626, 784, 642, 782, 702, 610, 692),
        ("Conference", 430, 750, 726, 772, 724, 836, 428, 822), ("Centre", 733, 772, 896, 790, 894, 846, 731, 838),
        ("Car", 432, 826, 528, 838, 526, 894, 430, 886), ("Parks", 538, 836, 682, 852, 680, 902, 536, 894)],
    ("scenetext03.jpg", 1004, 958): [
        ("the", 130, 576, 186, 578, 186, 608, 130, 608), ("copy", 206, 558, 366, 556, 364, 624, 206, 624),
        ("centre", 406, 548, 618, 542, 616, 602, 406, 604)],
    ("scenetext04.jpg", 1280, 868): [
        ("GM", 421, 420, 479, 418, 479, 457, 421, 458), ("125", 487, 419, 553, 416, 553, 456, 487, 458)],
    ("scenetext05.jpg", 1280, 960): [
        ("NO", 478, 316, 530, 319, 526, 376, 474, 373), ("PARKING", 533, 319, 690, 333, 687, 389, 530, 378),
        ("NO", 92, 173, 123, 176, 120, 208, 89, 206), ("PARKING", 126, 176, 222, 187, 220, 219, 123, 209)],
    ("scenetext06.jpg", 640, 480): [
        ("priory", 240, 287, 317, 290, 316, 316, 240, 312), ("galleries", 324, 285, 452, 289, 451, 318, 324, 316),
        ("at", 461, 299, 484, 300, 484, 316, 461, 315), ("the", 489, 296, 531, 300, 531, 320, 489, 317),
        ("ship", 536, 298, 589, 302, 589, 324, 536, 322), ("priory", 295, 157, 329, 158, 329, 174, 295, 174),
        ("galleries", 289, 175, 336, 177, 336, 194, 289, 194)],
    ("scenetext_segmented_word01.jpg", 640, 480): [("HOTEL", 120, 225, 522, 214, 524, 288, 120, 298)],
    ("scenetext_segmented_word02.jpg", 640, 480): [
        ("Stationery", 51, 223, 430, 223, 430, 303, 51, 303), ("Box", 443, 223, 593, 223, 593, 287, 443, 287)],
    ("scenetext_segmented_word03.jpg", 640, 480): [
        ("Customer", 136, 70, 490, 76, 490, 134, 136, 134), ("Freephone", 124, 152, 504, 152, 504, 232, 124, 232),
        ("Private", 106, 239, 344, 239, 345, 306, 106, 304), ("Hire", 370, 240, 520, 240, 520, 308, 370, 308),
        ("Service", 170, 326, 444, 326, 444, 400, 170, 400)],
    ("scenetext_segmented_word04.jpg", 640, 480): [("FOSTER'S", 78, 281, 583, 281, 583, 373, 78, 373)],
    ("scenetext_segmented_word05.jpg", 640, 480): [
        ("SANYO", 176, 46, 494, 46, 494, 124, 176, 124), ("PRO", 182, 326, 339, 327, 339, 381, 182, 381),
        ("xtraX", 345, 338, 477, 338, 477, 382, 345, 382), ("MULTIMEDIA", 183, 384, 333, 386, 333, 406, 183, 404),
        ("PROJECTOR", 338, 385, 474, 386, 474, 404, 338, 405)],
    ("scenetext_word01.jpg", 1, 1): [("CHINA", 0, 0, 1, 0, 1, 1, 0, 1)],
    ("scenetext_word02.jpg", 1, 1): [("HERE", 0, 0, 1, 0, 1, 1, 0, 1)],
    ("scenetext_word03.jpg", 1, 1): [("riser", 0, 0, 1, 0, 1, 1, 0, 1)],
    ("scenetext_word04.jpg", 1, 1): [("Produkt", 0, 0, 1, 0, 1, 1, 0, 1)],
}


def read(program, model, path, width, height, corners):
    """What the program reads within the corners."""
    places = "; ".join(f"{corners[i] / width:.4f} {corners[i + 1] / height:.4f}" for i in range(0, 8, 2))
    with tempfile.TemporaryDirectory() as folder:
        saved = os.path.join(folder, "run.npz")
        command = [program, "run", "reading", "--threads", "1", "--model", model, "--image", path, "--corners", places, "--save", saved]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr.strip())
        with zipfile.ZipFile(saved) as archive:
            return json.loads(archive.read("trace.json"))["texts"]["output"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--model", default="reading")
    parser.add_argument("--show", action="store_true", help="each word, and what was read")
    given = parser.parse_args()
    tasks = [(word, os.path.join(given.folder, name), width, height, corners)
             for (name, width, height), words in SIGNS.items() for word, *corners in words]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda t: read(given.program, given.model, *t[1:]), tasks))
    exact = caseless = 0
    for (word, path, *_), said in zip(tasks, found):
        exact += said == word
        caseless += said.lower() == word.lower()
        if given.show:
            print(f"{'right' if said == word else 'wrong':5}  {word:12} {said:16} {os.path.basename(path)}")
    n = len(tasks)
    print(f"{given.model}: {exact} of {n} words exact ({100 * exact / n:.0f}%), {caseless} but for capitals, in {len(SIGNS)} photographs")


if __name__ == "__main__":
    main()
