#!/usr/bin/env python3
"""Writes numpy_arrays.npz: one array of every type and layout that src/io/npz.hpp reads, as NumPy itself stores it."""
import os

import numpy as np

np.savez_compressed(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "numpy_arrays.npz"),
    **{
        "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
        "float64": np.array([0.1, -1e300]),
        "float16": np.array([0.5, -65504, 2.0**-24], dtype=np.float16),
        "int64": np.array([-5, 2**53]),
        "uint8": np.array([0, 255], dtype=np.uint8),
        "bool": np.array([True, False]),
        "big_endian": np.array([1.5, -2.5], dtype=">f4"),
        "fortran": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(2, 3, 2)),
        "scalar": np.float32(3.25),
    },
)
