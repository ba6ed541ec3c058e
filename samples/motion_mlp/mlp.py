"""The perceptron with 64 inputs: what it computes, in JAX for training, and the same in ONNX.

Inputs are made of additions only: for each of the 32 readings |x| + |y| + |z| of the accelerometer, then the same of
the gyroscope, in hundredths. Training sees them divided by SCALE, and the first layer of the exported model has the
division in its weights.
"""
import jax
import numpy as np
from onnx import helper

import dataset

NAME, INPUT, SHAPE = "motion_mlp", "magnitudes", [2 * dataset.WINDOW]
WIDTHS = (32, 16)  # units of the hidden layers
CANDIDATES = [(16,), (32, 16)]
SCALE = np.float32(2000)
STEPS, RATE = 400, 4e-3


def initial(rng, widths):
    params, inputs = [], SHAPE[0]
    for outputs in (*widths, len(dataset.CLASSES)):
        weight = rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs))
        params.append((weight.astype(np.float32), np.zeros(outputs, np.float32)))
        inputs = outputs
    return params


def inputs_of(windows):
    magnitudes = np.abs(windows.astype(np.float32)).reshape(-1, 2, 3, dataset.WINDOW).sum(axis=2)
    return magnitudes.reshape(-1, *SHAPE)


def forward(params, x):
    """The scores before softmax."""
    x = x / SCALE
    for weight, bias in params[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    return x @ params[-1][0] + params[-1][1]


def nodes():
    layers, source = [], INPUT
    for i in range(1, len(WIDTHS) + 1):
        dense, relu = f"dense{i}", f"relu{i}"
        layers.append(helper.make_node("Gemm", [source, f"{dense}_weight", f"{dense}_bias"], [dense], name=dense))
        layers.append(helper.make_node("Relu", [dense], [relu], name=relu))
        source = relu
    last = f"dense{len(WIDTHS) + 1}"
    return layers + [
        helper.make_node("Gemm", [source, f"{last}_weight", f"{last}_bias"], ["logits"], name=last),
        helper.make_node("Softmax", ["logits"], ["scores"], name="softmax", axis=1),
    ]


def constants(params):
    table = {}
    for i, (weight, bias) in enumerate(params, 1):
        table |= {f"dense{i}_weight": weight, f"dense{i}_bias": bias}
    return table | {"dense1_weight": table["dense1_weight"] / SCALE}
