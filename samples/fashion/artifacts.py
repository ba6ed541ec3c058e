"""All that is made from model.onnx and the test images: the accuracy onnxruntime reaches, the test vectors
and the images that main.c carries. Runs alone too: python artifacts.py [model.onnx]"""
import json
import pathlib
import sys

import jax
import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

import dataset
import network

VECTORS = 3


def run_onnx(model, images):
    """images uint8 [count, 28, 28] -> scores [count, 10], by onnxruntime, one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return session.run(["scores"], {"image": pixels_of(images)})[0]


def pixels_of(images):
    return images[:, None].astype(np.float32) / np.float32(255)


def difference(params, stats, images, scores):
    """The export is right if the network as trained gives the same scores as the ONNX model."""
    logits = network.forward(params, stats, images.astype(np.float32) / 255, training=False)[0]
    return np.abs(np.asarray(jax.nn.softmax(logits)) - scores).max()


def measure(scores, labels):
    """Accuracy over all test images and per class."""
    right = scores.argmax(axis=1) == labels
    per_class = {name: round(float(right[labels == i].mean()), 4) for i, name in enumerate(dataset.CLASSES)}
    totals = {"test_images": len(labels), "correct": int(right.sum()), "accuracy": float(right.mean())}
    return totals | {"per_class": per_class}


def write_tensor(path, array, name):
    path.write_bytes(numpy_helper.from_array(np.ascontiguousarray(array), name).SerializeToString())


def write_vectors(model, folder, images):
    """The first test images, each run alone, in the layout of ONNX's backend tests."""
    for i in range(VECTORS):
        data_set = folder / f"test_data_set_{i}"
        data_set.mkdir(exist_ok=True)
        write_tensor(data_set / "input_0.pb", pixels_of(images[i : i + 1]), "image")
        write_tensor(data_set / "output_0.pb", run_onnx(model, images[i : i + 1]), "scores")


def image_text(index, image, label, scores):
    rows = ",\n     ".join(", ".join(str(v) for v in row) for row in image)
    best = int(scores.argmax())
    return f"    {{{index}, {label}, {best}, {round(1000 * float(scores[best]))},\n     {{{rows}}}}},\n"


def write_images(folder, images, labels, scores):
    """images.h: the first test image of every class, whether the model gets it right or not."""
    picks = [int(np.flatnonzero(labels == c)[0]) for c in range(network.CLASS_COUNT)]
    head, tail = (pathlib.Path(__file__).with_name("images.h.in").read_text()).split("@IMAGES@\n")
    body = "".join(image_text(i, images[i], labels[i], scores[i]) for i in picks)
    (folder / "images.h").write_text(head + body + tail)


def write_all(model, folder, params=None, stats=None):
    onnx.checker.check_model(str(model), full_check=True)
    images, labels = dataset.load("t10k")
    scores = run_onnx(model, images)
    if params is not None:
        worst = difference(params, stats, images[:1000], scores[:1000])
        print(f"largest difference between JAX and onnxruntime: {worst:.1e}")
    report = measure(scores, labels)
    report["parameters"] = sum(int(np.prod(t.dims)) for t in onnx.load(model).graph.initializer)
    (folder / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report))
    write_vectors(model, folder, images)
    write_images(folder, images, labels, scores)


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("model.onnx")
    write_all(path, path.parent)
