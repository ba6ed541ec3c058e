"""BasicMotions (UEA archive): four activities, recorded by a smart watch; reading and cutting into windows.

Readings are kept as integers in hundredths of the data set's own units, as a sensor's driver would deliver them.
That is the only preparation there is, and the networks take them so.
"""
import os
import pathlib
import subprocess

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "netsuke/basic-motions"
CLASSES = ["standing", "running", "walking", "badminton"]
AXES = 6  # accelerometer x, y, z, gyroscope x, y, z
LENGTH = 100  # readings of a recording: 10 seconds at 10 Hz
WINDOW = 32  # readings that a network sees: 3.2 seconds
STARTS = [0, 32, 64]  # of the windows that accuracy is measured on; the last 4 readings are left


def load(part, folder=FOLDER):
    """part: "TRAIN" or "TEST" (40 each). Readings int16 [count, AXES, LENGTH] and labels uint8 [count]."""
    subprocess.run([HERE / "fetch.sh", folder], check=True)
    lines = (folder / f"BasicMotions_{part}.ts").read_text().splitlines()
    lines = [line.split(":") for line in lines if line and line[0] not in "#@"]
    readings = np.array([[[float(v) for v in axis.split(",")] for axis in line[:-1]] for line in lines])
    if readings.shape[1:] != (AXES, LENGTH) or np.abs(readings).max() >= 327:
        raise ValueError(f"{folder} does not hold the BasicMotions that was expected")
    labels = np.array([CLASSES.index(line[-1].lower()) for line in lines], np.uint8)
    return np.rint(readings * 100).astype(np.int16), labels


def windows(readings):
    """[count, AXES, LENGTH] -> [count * len(STARTS), AXES, WINDOW], those of a recording side by side."""
    cut = np.stack([readings[:, :, s : s + WINDOW] for s in STARTS], axis=1)
    return cut.reshape(-1, AXES, WINDOW)


def random_windows(readings, rng, count):
    """Windows from anywhere in the recordings, up to a quarter weaker or stronger: (windows float, which recording)."""
    pick = rng.integers(0, len(readings), count)
    start = rng.integers(0, LENGTH - WINDOW + 1, count)
    cut = np.stack([readings[r, :, s : s + WINDOW] for r, s in zip(pick, start)]).astype(np.float32)
    return cut * np.exp2(rng.uniform(-0.32, 0.32, (count, 1, 1))).astype(np.float32), pick


def folds(labels, count, seed):
    """Cross-validation: for each recording the number of its fold, classes spread evenly."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), int)
    for c in range(len(CLASSES)):
        mine = rng.permutation(np.flatnonzero(labels == c))
        fold[mine] = np.arange(len(mine)) % count
    return fold
