"""Fashion-MNIST as Debian packages it (dataset-fashion-mnist): reading and augmentation.

Pixels are brought from 0..255 to 0..1 by dividing by 255; that is the only scaling there is, and
the firmware has to do the same.
"""
import gzip
import pathlib
import struct

import numpy as np

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
CLASSES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
SIDE = 28  # pixels


def read_idx(path):
    """An idx file: two zero bytes, type 8 (uint8), the rank, big-endian dimensions, then the bytes."""
    raw = gzip.open(path).read()
    zero, kind, rank = struct.unpack(">HBB", raw[:4])
    if zero != 0 or kind != 8:
        raise ValueError(f"{path} is not an idx file of bytes")
    shape = struct.unpack(f">{rank}I", raw[4 : 4 + 4 * rank])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(part, folder=FOLDER):
    """part: "train" (60,000) or "t10k" (10,000). Images uint8 [count, 28, 28] and labels uint8 [count]."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    return images, labels


def augment(images, rng, reach):
    """A new copy in which every image is moved by up to `reach` pixels each way and half are mirrored."""
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)))
    moved = np.empty_like(images)
    shift = rng.integers(0, 2 * reach + 1, (len(images), 2))
    for dy in range(2 * reach + 1):
        for dx in range(2 * reach + 1):
            pick = np.flatnonzero((shift == (dy, dx)).all(axis=1))
            moved[pick] = padded[pick, dy : dy + SIDE, dx : dx + SIDE]
    mirror = rng.random(len(images)) < 0.5
    moved[mirror] = moved[mirror, :, ::-1]
    return moved
