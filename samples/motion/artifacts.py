"""All that is made from the trained parameters: the ONNX models, their accuracy, test vectors,
references.h and windows.h."""
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import dataset
import training

HERE = pathlib.Path(__file__).resolve().parent
NETSUKE = os.environ.get("NETSUKE", HERE.parents[1] / "build/netsuke")
OPSET, IR_VERSION = 13, 7


def to_onnx(model, params):
    """Input [N, ...] in hundredths, output scores [N, 4], probabilities."""
    initializers = [numpy_helper.from_array(v, name) for name, v in model.constants(params).items()]
    ends = [(model.INPUT, model.SHAPE), ("scores", [len(dataset.CLASSES)])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]) for name, shape in ends]
    graph = helper.make_graph(model.nodes(), model.NAME, ends[:1], ends[1:], initializers)
    opset = helper.make_opsetid("", OPSET)
    result = helper.make_model(graph, producer_name=f"netsuke samples/{model.NAME}", opset_imports=[opset])
    result.ir_version = IR_VERSION
    onnx.checker.check_model(result, full_check=True)
    return result


def quantize(source, target, inputs):
    """netsuke quantize, with the inputs [count, ...] as calibration."""
    with tempfile.TemporaryDirectory() as scratch:
        calibration = pathlib.Path(scratch) / "calibration.npy"
        np.save(calibration, inputs)
        subprocess.run([NETSUKE, "quantize", source, "--calibration", calibration, "-o", target], check=True)


def run_onnx(path, model, inputs):
    """Scores by onnxruntime, each input alone, one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(["scores"], {model.INPUT: x[None]})[0] for x in inputs])


def write_tensor(path, array, name):
    path.write_bytes(numpy_helper.from_array(np.ascontiguousarray(array), name).SerializeToString())


def write_vectors(folder, model, inputs, scores):
    for i, (x, y) in enumerate(zip(inputs, scores)):
        data_set = folder / f"test_data_set_{i}"
        data_set.mkdir(exist_ok=True)
        write_tensor(data_set / "input_0.pb", x[None], model.INPUT)
        write_tensor(data_set / "output_0.pb", y[None], "scores")


def window_text(index, window, label):
    # Time after time, as a sensor delivers them.
    rows = ",\n     ".join(", ".join(str(v) for v in reading) for reading in window.T)
    return f"    {{{index}, {label},\n     {{{rows}}}}},\n"


def write_windows(path, picks, windows, labels):
    head, tail = (HERE / "windows.h.in").read_text().split("@WINDOWS@\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + "".join(window_text(*row) for row in zip(picks, windows, labels)) + tail)


def write_references(path, scores):
    entries = (f"{{{int(row.argmax())}, {round(1000 * float(row.max()))}}}" for row in scores)
    path.write_text((HERE / "references.h.in").read_text().replace("@REFERENCES@", ", ".join(entries)))


def per_class(scores, labels):
    right = scores.argmax(axis=1) == labels
    return {name: int(right[labels == i].sum()) for i, name in enumerate(dataset.CLASSES)}


def measure(scores, labels):
    return training.accuracy(scores, labels) | {"per_class": per_class(scores, np.repeat(labels, len(dataset.STARTS)))}


def write_models(model, params, folder, train_readings):
    """The network in float and, calibrated with the training windows, in int8: (name, path) of each."""
    paths = {"float": folder / "float/model.onnx", "int8": folder / "model.onnx"}
    paths["float"].parent.mkdir(parents=True, exist_ok=True)
    paths["float"].write_bytes(to_onnx(model, params).SerializeToString())
    quantize(paths["float"], paths["int8"], model.inputs_of(dataset.windows(train_readings)))
    return paths


def write_all(model, params, train_readings, folder, windows_h):
    """Only here, when nothing is left to be chosen, the test recordings are read. windows_h: where to, if at all."""
    paths = write_models(model, params, folder, train_readings)
    readings, labels = dataset.load("TEST")
    windows = dataset.windows(readings)
    inputs, window_labels = model.inputs_of(windows), np.repeat(labels, len(dataset.STARTS))
    scores = {name: run_onnx(path, model, inputs) for name, path in paths.items()}
    report = {"windows": len(window_labels), "recordings": len(labels)}
    report |= {name: measure(scores[name], labels) for name in paths}
    report["largest_score_difference"] = round(float(np.abs(scores["float"] - scores["int8"]).max()), 4)
    report["parameters"] = sum(weight.size + bias.size for weight, bias in params)
    (folder / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report))
    # The first test window of every class, whether the model gets it right or not.
    picks = [int(np.flatnonzero(window_labels == c)[0]) for c in range(len(dataset.CLASSES))]
    for name, path in paths.items():
        write_vectors(path.parent, model, inputs[picks], scores[name][picks])
    write_references(folder / "references.h", scores["int8"][picks])
    if windows_h:
        write_windows(windows_h, picks, windows[picks], window_labels[picks])
