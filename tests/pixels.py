"""pixels.py - pictures as arrays, for the tests that look at what was written."""
import struct

import numpy as np
from PIL import Image


def read(path):
    """A PNG of 8-bit gray or RGB as [h][w][c]."""
    with open(path, "rb") as f:
        depth, colour = f.read(26)[24:]
    assert depth == 8 and colour in (0, 2), path
    with Image.open(path) as picture:
        return np.array(picture).reshape(picture.height, picture.width, -1)


def chunks(path):
    """The names of the chunks of a PNG."""
    with open(path, "rb") as f:
        data = f.read()
    at, names = 8, set()
    while at < len(data):
        n, name = struct.unpack(">I4s", data[at:at + 8])
        names.add(name)
        at += 12 + n
    return names
