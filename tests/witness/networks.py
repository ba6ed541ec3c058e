"""Random networks of the layers that convolutional networks are made of, for witness.py: what the passes rewrite."""

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Network:
    def __init__(self, seed, opset):
        self.r, self.opset = np.random.default_rng([seed, opset, 99]), opset
        self.nodes, self.initialisers = [], []
        self.shape = (int(self.r.integers(1, 5)), int(self.r.integers(7, 13)), int(self.r.integers(7, 13)))
        self.input_shape, self.value = self.shape, "x"

    def weights(self, *shape, low=-1.0, high=1.0):
        name = f"w{len(self.initialisers)}"
        array = self.r.uniform(low, high, shape).astype(np.float32)
        self.initialisers.append(numpy_helper.from_array(array, name))
        return name

    def constant(self, array):
        name = f"w{len(self.initialisers)}"
        self.initialisers.append(numpy_helper.from_array(np.array(array), name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, [self.value, *inputs], [name], **attributes))
        self.value = name

    def conv(self):
        channels, h, w = self.shape
        kernel, depthwise = int(self.r.choice([1, 3])), self.r.random() < 0.4
        out = channels if depthwise else int(self.r.integers(1, 9))
        stride = int(self.r.choice([1, 1, 2])) if min(h, w) > 4 else 1
        pad = kernel // 2
        if pad and self.r.random() < 0.3:  # as some exporters write it
            self.pad(pad)
            pad = 0
        weights = self.weights(out, 1 if depthwise else channels, kernel, kernel)
        bias = [self.weights(out)] if self.r.random() < 0.5 else []
        self.node("Conv", weights, *bias, strides=[stride] * 2, pads=[pad] * 4, group=channels if depthwise else 1)
        self.shape = (out, (h - 1) // stride + 1, (w - 1) // stride + 1)

    def pad(self, n):
        pads = [0, 0, n, n] * 2
        if self.opset < 11:
            self.node("Pad", pads=pads)
        else:
            self.node("Pad", self.constant(np.array(pads, np.int64)))

    def batch_norm(self):
        c = self.shape[0]
        zero = np.float32(self.r.random(c) < 0.8)  # some channels are constant from here on
        scale = self.constant((self.r.uniform(0.5, 1.5, c) * zero).astype(np.float32))
        self.node("BatchNormalization", scale, self.weights(c), self.weights(c), self.weights(c, low=0.5, high=2))

    def activation(self):
        op = str(self.r.choice(["Relu", "LeakyRelu", "Sigmoid", "Tanh", "Elu", "Relu6", "Swish", "HardSwish"]))
        before = self.value
        if op == "Relu6" and self.opset >= 11:
            self.node("Clip", self.constant(np.float32(0)), self.constant(np.float32(6)))
        elif op == "Relu6":
            self.node("Clip", min=0.0, max=6.0)
        elif op in ("Swish", "HardSwish"):  # in pieces
            self.node("Sigmoid" if op == "Swish" else "HardSigmoid", **({} if op == "Swish" else {"alpha": 1 / 6, "beta": 0.5}))
            self.node("Mul", before)
        else:
            self.node(op)

    def pool(self):
        c, h, w = self.shape
        if min(h, w) < 4:
            return
        self.node(str(self.r.choice(["MaxPool", "AveragePool"])), kernel_shape=[2, 2], strides=[2, 2])
        self.shape = (c, h // 2, w // 2)

    def residual(self):
        start, shape = self.value, self.shape
        self.node("Conv", self.weights(shape[0], shape[0], 3, 3), pads=[1] * 4)
        self.batch_norm()
        self.node("Add", start)
        self.activation()

    def squeeze_and_excite(self):
        start, c = self.value, self.shape[0]
        self.node("GlobalAveragePool")
        self.node("Conv", self.weights(2, c, 1, 1))
        self.node("Relu")
        self.node("Conv", self.weights(c, 2, 1, 1))
        self.node("Sigmoid")
        self.node("Mul", start)

    def branch(self):
        start, (c, h, w) = self.value, self.shape
        self.node("Conv", self.weights(3, c, 1, 1))
        left, self.value = self.value, start
        self.node("MaxPool", kernel_shape=[3, 3], pads=[1] * 4)
        self.node("Concat", left, axis=1)
        self.shape = (c + 3, h, w)

    def per_channel(self):
        c = self.shape[0]
        self.node(str(self.r.choice(["Mul", "Add"])), self.weights(c, 1, 1))

    def head(self):
        c, h, w = self.shape
        if self.r.random() < 0.5:
            self.node("GlobalAveragePool")
            h = w = 1
        self.node("Flatten")
        self.node("Gemm", self.weights(5, c * h * w), self.weights(5), transB=1)
        self.node("Softmax", axis=1)


def random_network(seed, opset):
    """The model and its input."""
    n = Network(seed, opset)
    for _ in range(n.r.integers(3, 9)):
        layer = str(n.r.choice(["conv", "conv", "conv", "batch_norm", "batch_norm", "activation", "activation", "pool",
                                "residual", "squeeze_and_excite", "branch", "per_channel"]))
        getattr(n, layer)()
    n.head()
    info = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1, *n.input_shape))
    graph = helper.make_graph(n.nodes, "g", [info], [onnx.ValueInfoProto(name=n.value)], n.initialisers)
    ir = min(10, helper.find_min_ir_version_for([helper.make_opsetid("", opset)]))
    model = helper.make_model(graph, ir_version=ir, opset_imports=[helper.make_opsetid("", opset)])
    return model, [n.r.uniform(-2, 2, (1, *n.input_shape)).astype(np.float32)]
