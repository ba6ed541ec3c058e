"""Trained parameters -> ONNX, opset 13, NCHW, with every BatchNormalization left for the compiler to fuse."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import network

OPSET = 13
IR_VERSION = 7  # what opset 13 came with; every reader of today takes it


def onnx_weight(layer, weight):
    """Training layout (see network.weight_shape) -> ONNX's [outputs, inputs per group, height, width]."""
    if layer.kind == "conv":
        return weight.transpose(3, 2, 0, 1)
    if layer.kind == "depthwise":
        return weight.transpose(2, 0, 1)[:, None]
    return weight.T[:, :, None, None]


def conv_node(layer, source):
    """Without a bias: the BatchNormalization that follows has one."""
    side = 1 if layer.kind == "pointwise" else 3
    shape = {"kernel_shape": [side, side], "pads": [side // 2] * 4}
    shape["group"] = layer.outputs if layer.kind == "depthwise" else 1
    inputs = [source, f"{layer.name}_weight"]
    return helper.make_node("Conv", inputs, [f"{layer.name}_sum"], name=layer.name, **shape)


def layer_nodes(layer, outputs):
    """Nodes of one layer. outputs: the names of the tensors before it; its own is appended."""
    name, last = layer.name, f"{layer.name}_out"
    bn = [f"{name}_sum"] + [f"{name}_{part}" for part in ("scale", "shift", "mean", "var")]
    epsilon = network.EPSILON
    nodes = [
        conv_node(layer, outputs[-1]),
        helper.make_node("BatchNormalization", bn, [f"{name}_norm"], name=f"{name}_bn", epsilon=epsilon),
        helper.make_node("Relu", [f"{name}_norm"], [last], name=f"{name}_relu"),
    ]
    if layer.skip:
        terms, last = [last, outputs[-layer.skip]], f"{name}_added"
        nodes.append(helper.make_node("Add", terms, [last], name=f"{name}_add"))
    if layer.pool:
        window = {"kernel_shape": [2, 2], "strides": [2, 2]}
        source, last = last, f"{name}_pooled"
        nodes.append(helper.make_node("MaxPool", [source], [last], name=f"{name}_pool", **window))
    outputs.append(last)
    return nodes


def tail_nodes(source):
    dense = ["features", "dense_weight", "dense_bias"]
    return [
        helper.make_node("GlobalAveragePool", [source], ["average"], name="average"),
        helper.make_node("Flatten", ["average"], ["features"], name="flatten", axis=1),
        helper.make_node("Gemm", dense, ["logits"], name="dense", transB=1),
        helper.make_node("Softmax", ["logits"], ["scores"], name="softmax", axis=1),
    ]


def constants(params, stats):
    arrays = {"dense_weight": params["dense"]["weight"].T, "dense_bias": params["dense"]["bias"]}
    for layer in network.LAYERS:
        p = params[layer.name]
        arrays[f"{layer.name}_weight"] = onnx_weight(layer, p["weight"])
        arrays |= {f"{layer.name}_{part}": p[part] for part in ("scale", "shift")}
        arrays |= {f"{layer.name}_{part}": stats[layer.name][part] for part in ("mean", "var")}
    float32 = {name: np.ascontiguousarray(array, np.float32) for name, array in sorted(arrays.items())}
    return [numpy_helper.from_array(array, name) for name, array in float32.items()]


def from_onnx(path):
    """The inverse of to_onnx(), exact: (trained parameters, BatchNorm running statistics)."""
    found = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    params, stats = {"dense": {"weight": found["dense_weight"].T, "bias": found["dense_bias"]}}, {}
    for layer in network.LAYERS:
        part = {key: found[f"{layer.name}_{key}"] for key in ("weight", "scale", "shift", "mean", "var")}
        axes = {"conv": (2, 3, 1, 0), "depthwise": (2, 3, 0, 1), "pointwise": (1, 0, 2, 3)}[layer.kind]
        weight = part["weight"].transpose(axes).reshape(network.weight_shape(layer))
        params[layer.name] = {"weight": weight, "scale": part["scale"], "shift": part["shift"]}
        stats[layer.name] = {"mean": part["mean"], "var": part["var"]}
    return params, stats


def to_onnx(params, stats):
    """Input image [N,1,28,28] in 0..1, output scores [N,10], probabilities."""
    outputs, nodes = ["image"], []
    for layer in network.LAYERS:
        nodes += layer_nodes(layer, outputs)
    nodes += tail_nodes(outputs[-1])
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 28, 28])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", network.CLASS_COUNT])
    graph = helper.make_graph(nodes, "fashion", [image], [scores], constants(params, stats))
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, producer_name="netsuke samples/fashion", opset_imports=[opset])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model
