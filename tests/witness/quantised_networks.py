"""Small random float networks for quantised.py: layers that onnxruntime quantises, in the order networks have them."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Builder:
    def __init__(self, seed):
        self.r = np.random.default_rng(seed)
        self.nodes, self.initialisers = [], []

    def constant(self, array):
        name = f"c{len(self.initialisers)}"
        self.initialisers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, *shape):
        """One scale for each filter, as training leaves them."""
        fan_in = int(np.prod(shape[1:])) or 1
        gains = self.r.uniform(0.3, 1.5, (shape[0],) + (1,) * (len(shape) - 1))
        return self.constant((self.r.normal(0, 1, shape) * gains / fan_in**0.5).astype(np.float32))

    def bias(self, n):
        return self.constant(self.r.normal(0, 0.2, n).astype(np.float32))

    def node(self, op, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], f"n{len(self.nodes)}_{op}", **attributes))
        return name

    def conv(self, x, in_c, out_c, kernel=3, stride=1, group=1):
        pad = kernel // 2
        return self.node("Conv", x, self.weights(out_c, in_c // group, kernel, kernel), self.bias(out_c), group=group,
                         kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def dense(self, x, in_c, out_c):
        """Gemm with either side of weights."""
        if self.r.random() < 0.5:
            return self.node("Gemm", x, self.weights(out_c, in_c), self.bias(out_c), transB=1)
        w = self.r.normal(0, 1 / in_c**0.5, (in_c, out_c)).astype(np.float32)
        return self.node("Gemm", x, self.constant(w), self.bias(out_c))


def cnn(b):
    x = b.node("Relu", b.conv("x", 2, 6, stride=2))
    y = b.node("Relu", b.conv(b.conv(x, 6, 6, group=6), 6, 6, kernel=1))
    x = b.node("Relu", b.node("Add", x, y))
    x = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = b.node("Clip", b.conv(x, 6, 8), b.constant(np.float32(0)), b.constant(np.float32(6)))
    x = b.node("Flatten", b.node("GlobalAveragePool", x))
    return b.node("Softmax", b.dense(x, 8, 5), axis=1), (1, 2, 12, 12)


def mlp(b):
    x = b.node("Relu", b.dense("x", 20, 16))
    x = b.node("Sigmoid", b.dense(x, 16, 12))
    x = b.node("Add", b.node("MatMul", x, b.constant(b.r.normal(0, 0.3, (12, 9)).astype(np.float32))), b.bias(9))
    return b.node("LeakyRelu", x, alpha=0.1), (3, 20)


def branches(b):
    """Concat of different scales, Mul, averages, nearest Resize. Windows of 9: even ones hit exact halves, where the
    rounding errors of float sums decide, and the layers behind would magnify that."""
    x = b.conv("x", 3, 4)
    y = b.node("Sigmoid", b.conv("x", 3, 4, kernel=1))
    z = b.node("Concat", x, b.node("Mul", x, y), y, axis=1)
    z = b.node("AveragePool", z, kernel_shape=[3, 3], strides=[2, 2])
    z = b.node("Resize", z, "", b.constant(np.array([1, 1, 2, 2], np.float32)), mode="nearest")
    z = b.node("Transpose", b.node("LeakyRelu", b.conv(z, 12, 4), alpha=0.2), perm=[0, 2, 3, 1])
    return b.node("Flatten", b.node("GlobalAveragePool", z)), (1, 3, 8, 8)


def averages(b):
    x = b.node("Relu", b.conv("x", 3, 5))
    return b.node("AveragePool", x, kernel_shape=[2, 2], strides=[1, 2], pads=[1, 0, 0, 0]), (1, 3, 8, 8)


def decoder(b):
    """ConvTranspose, HardSwish, Tanh, Pad, MatMul of two run-time values."""
    x = b.node("HardSwish", b.conv("x", 2, 4, stride=2))
    w = b.r.normal(0, 0.4, (4, 3, 2, 2)).astype(np.float32)
    x = b.node("ConvTranspose", x, b.constant(w), b.bias(3), strides=[2, 2], kernel_shape=[2, 2])
    x = b.node("Pad", b.node("Tanh", x), b.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)), b.constant(np.float32(0)))
    m = b.node("Reshape", b.conv(x, 3, 2), b.constant(np.array([2, 10, 10], np.int64)))
    t = b.node("Transpose", m, perm=[0, 2, 1])
    return b.node("MatMul", m, t), (1, 2, 8, 8)


def recurrent(b):
    """What recurrent cells and attention are made of: products of run-time values, differences, extremes, Softmax."""
    x = b.dense("x", 10, 12)
    z, c = b.node("Sigmoid", b.dense(x, 12, 12)), b.node("Tanh", b.dense(x, 12, 12))
    h = b.node("Add", b.node("Mul", z, c), b.node("Mul", b.node("Sub", b.constant(np.float32(1)), z), x))
    k = b.node("Max", b.dense(h, 12, 12), b.node("Min", h, c))
    s = b.node("Softmax", b.node("MatMul", h, b.node("Transpose", k, perm=[1, 0])), axis=-1)
    return b.node("Sub", b.node("MatMul", s, h), z), (6, 10)


kNetworks = {"cnn": cnn, "mlp": mlp, "branches": branches, "averages": averages, "decoder": decoder, "recurrent": recurrent}


def make(name, seed):
    """The model, input x, and the input's shape."""
    b = Builder([seed, sorted(kNetworks).index(name)])
    output, shape = kNetworks[name](b)
    graph = helper.make_graph(b.nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], b.initialisers)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), shape
