#!/usr/bin/env python3
"""Makes model_int8.onnx from model.onnx with netsuke, and accuracy_int8.json by onnxruntime on the 10,000 test images.

    python3 samples/fashion/quantize.py [NETSUKE]      default: build/netsuke

Calibration sees training images only: 512 of the 60,000, evenly spread. Needs numpy and onnxruntime.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

import dataset

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = 512


def pixels_of(images):
    return images[:, None].astype(np.float32) / np.float32(255)


def scores_of(model, images):
    """One image at a time: the quantised model has a batch of 1."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"image": x[None]})[0] for x in pixels_of(images)])


def quantize(netsuke, model):
    images, _ = dataset.load("train")
    with tempfile.TemporaryDirectory() as scratch:
        data = pathlib.Path(scratch) / "calibration.npy"
        np.save(data, pixels_of(images[:: len(images) // SAMPLES][:SAMPLES]))
        subprocess.run([netsuke, "quantize", HERE / "model.onnx", "--calibration", data, "-o", model], check=True)


def main():
    netsuke = sys.argv[1] if len(sys.argv) > 1 else HERE.parents[1] / "build/netsuke"
    model = HERE / "model_int8.onnx"
    quantize(netsuke, model)
    images, labels = dataset.load("t10k")
    found, before = scores_of(model, images).argmax(1), scores_of(HERE / "model.onnx", images).argmax(1)
    report = {"test_images": len(labels), "correct": int((found == labels).sum()), "correct_float": int((before == labels).sum()),
              "answers_changed": int((found != before).sum())}
    (HERE / "accuracy_int8.json").write_text(json.dumps(report, indent=2) + "\n")
    print(report)


if __name__ == "__main__":
    main()
