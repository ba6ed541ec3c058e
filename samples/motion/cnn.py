"""The convolutional network: what it computes, in JAX for training, and the same in ONNX.

Layout [window, axis or channel, time]. Inputs are readings in hundredths; training sees them divided by SCALE, and
the first convolution of the exported model has the division in its weights.
"""
import jax
import jax.numpy as jnp
import numpy as np
from onnx import helper

import dataset

NAME, INPUT, SHAPE = "motion", "readings", [dataset.AXES, dataset.WINDOW]
WIDTHS = (8, 16, 16)  # output channels of the convolutions
CANDIDATES = [(8, 16, 16), (16, 24, 32)]
KERNELS = (5, 3, 3)
SCALE = np.float32(1000)
STEPS, RATE = 400, 4e-3


def initial(rng, widths):
    params, inputs = [], dataset.AXES
    for outputs, kernel in zip(widths, KERNELS):
        weight = rng.normal(0, np.sqrt(2 / (inputs * kernel)), (outputs, inputs, kernel))
        params.append((weight.astype(np.float32), np.zeros(outputs, np.float32)))
        inputs = outputs
    weight = rng.normal(0, np.sqrt(1 / inputs), (inputs, len(dataset.CLASSES)))
    return params + [(weight.astype(np.float32), np.zeros(len(dataset.CLASSES), np.float32))]


def inputs_of(windows):
    return windows.astype(np.float32)


def conv_relu(x, weight, bias):
    pad = weight.shape[2] // 2
    sums = jax.lax.conv_general_dilated(x, weight, (1,), [(pad, pad)], dimension_numbers=("NCH", "OIH", "NCH"))
    return jax.nn.relu(sums + bias[:, None])


def max_pool(x):
    return x.reshape(*x.shape[:2], -1, 2).max(axis=3)


def forward(params, x):
    """The scores before softmax."""
    x = max_pool(conv_relu(x / SCALE, *params[0]))
    x = max_pool(conv_relu(x, *params[1]))
    x = conv_relu(x, *params[2]).mean(axis=2)
    return jnp.dot(x, params[3][0]) + params[3][1]


def conv_nodes(index, source):
    """Convolution, Relu and, after all but the last, a pool of 2. The last node's output is its name."""
    pad = KERNELS[index] // 2
    conv, relu, pool = (f"{kind}{index + 1}" for kind in ("conv", "relu", "pool"))
    nodes = [
        helper.make_node("Conv", [source, f"{conv}_weight", f"{conv}_bias"], [conv], name=conv, pads=[pad, pad]),
        helper.make_node("Relu", [conv], [relu], name=relu),
        helper.make_node("MaxPool", [relu], [pool], name=pool, kernel_shape=[2], strides=[2]),
    ]
    return nodes if index + 1 < len(KERNELS) else nodes[:2]


def nodes():
    convs, source = [], INPUT
    for index in range(len(KERNELS)):
        convs += conv_nodes(index, source)
        source = convs[-1].output[0]
    return convs + [
        helper.make_node("GlobalAveragePool", [source], ["average"], name="average"),
        helper.make_node("Flatten", ["average"], ["features"], name="flatten"),
        helper.make_node("Gemm", ["features", "dense_weight", "dense_bias"], ["logits"], name="dense"),
        helper.make_node("Softmax", ["logits"], ["scores"], name="softmax", axis=1),
    ]


def constants(params):
    names = [f"conv{i + 1}" for i in range(len(KERNELS))] + ["dense"]
    table = {}
    for name, (weight, bias) in zip(names, params):
        table |= {f"{name}_weight": weight, f"{name}_bias": bias}
    return table | {"conv1_weight": table["conv1_weight"] / SCALE}
