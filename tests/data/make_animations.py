#!/usr/bin/env python3
"""Small animated pictures, and what Pillow (an independent reader of GIF and PNG) makes of them.

    make_animations.py    writes animated.{gif,png,webp}, animated_interlaced.gif and animated.npz beside itself
"""
import os

import numpy as np
from PIL import Image, ImageSequence

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH, HEIGHT, FRAMES = 13, 10, 6


def frames(partly):
    """A square that moves over a corner that stays, everything else clear; `partly`: with every strength of alpha."""
    made = []
    for t in range(FRAMES):
        rgba = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        rgba[:3, :4] = (200, 30 + 20 * t, 60, 255)
        y, x = 2 + t // 2, 1 + 2 * t
        rgba[y : y + 4, x : x + 3] = (20, 90, 40 * t, 255)
        if partly:
            rgba[5:9, :, :3] = (240 - 30 * t, 120, 10 * t)
            rgba[5:9, :, 3] = np.linspace(0, 255, WIDTH) * (t + 1) / FRAMES
        made.append(Image.fromarray(rgba, "RGBA"))
    return made


def over_white(path):
    shown = []
    for frame in ImageSequence.Iterator(Image.open(path)):
        rgba = np.asarray(frame.convert("RGBA"), np.int64)
        alpha = rgba[..., 3:]
        shown.append(((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8))
    return np.stack(shown)


def main():
    path = lambda name: os.path.join(HERE, name)
    clear, partly = frames(False), frames(True)
    save = lambda name, made, **more: made[0].save(path(name), save_all=True, append_images=made[1:], duration=40, loop=0, **more)
    save("animated.gif", clear, disposal=[2, 1, 3, 3, 2, 1])
    # Pillow lays what is half clear over what is half clear otherwise than the specification: only what replaces is half clear.
    blend = [0, 1, 1, 0, 1, 0]
    save("animated.png", [clear[i] if over else partly[i] for i, over in enumerate(blend)], disposal=[0, 1, 2, 2, 1, 0], blend=blend,
         default_image=False)
    save("animated.webp", partly, lossless=True)
    interlaced = clear[0].convert("P")
    interlaced.save(path("animated_interlaced.gif"), interlace=1)
    expected = {name.replace(".", "_"): over_white(path(name)).astype(np.float32)
                for name in ("animated.gif", "animated.png", "animated.webp", "animated_interlaced.gif")}
    np.savez(path("animated.npz"), **expected)
    for name, pictures in expected.items():
        print(name, pictures.shape)


if __name__ == "__main__":
    main()
