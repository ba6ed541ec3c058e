"""Malformed quantised models, for make_models.py. Each starts from a good QDQ or QOperator model and breaks one thing."""
import numpy as np
from onnx import TensorProto, helper as h, numpy_helper


def tensors(**arrays):
    return [numpy_helper.from_array(np.asarray(a), name) for name, a in arrays.items()]


def pack(nodes, init, shape=(1, 4)):
    x = h.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    graph = h.make_graph(nodes, "g", [x], [h.make_empty_tensor_value_info("y")], init)
    return h.make_model(graph, ir_version=8, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("com.microsoft", 1)])


def pair(scale=0.1, zero=np.uint8(3), dequantize_zero=None, axis=None, shape=(1, 4)):
    """QuantizeLinear with a node name, DequantizeLinear behind it."""
    scale = np.asarray(scale, np.float32)
    attributes = {} if axis is None else {"axis": axis}
    nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], "quantize", **attributes),
             h.make_node("DequantizeLinear", ["q", "s", "zd"], ["y"], "dequantize", **attributes)]
    return pack(nodes, tensors(s=scale, z=zero, zd=zero if dequantize_zero is None else dequantize_zero), shape)


def weights(scale, zero, axis=0, kind=np.int8):
    """A Conv whose dequantised weights have two filters."""
    nodes = [h.make_node("DequantizeLinear", ["w", "s", "z"], ["d"], "weights", axis=axis),
             h.make_node("Conv", ["x", "d"], ["y"], "conv")]
    w = np.ones((2, 3, 1, 1), kind)
    return pack(nodes, tensors(w=w, s=np.asarray(scale, np.float32), z=np.asarray(zero, kind)), (1, 3, 4, 4))


def qlinear(op, inputs, **attributes):
    nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], "quantize"),
             h.make_node(op, inputs, ["y"], "node", domain="com.microsoft", **attributes)]
    return pack(nodes, tensors(s=np.float32(0.1), z=np.uint8(3), zero_scale=np.float32(0)))


def run_time_scale():
    model = pair()
    del model.graph.initializer[0]
    model.graph.node.insert(0, h.make_node("ReduceMax", ["x"], ["s"], "largest", keepdims=0))
    return model


def models():
    return {
        "quantise_scale_zero": pair(scale=0),
        "quantise_scale_negative": pair(scale=-0.1),
        "quantise_scale_nan": pair(scale=np.nan),
        "quantise_scale_infinite": pair(scale=np.inf),
        "quantise_scale_empty": pair(scale=np.zeros(0)),
        "quantise_scale_run_time": run_time_scale(),
        "quantise_zero_type": pair(dequantize_zero=np.int8(3)),
        "quantise_zero_count": pair(scale=[0.1, 0.2], zero=np.zeros(3, np.uint8), axis=1, shape=(1, 2)),
        "quantise_scale_count": pair(scale=[0.1, 0.2], zero=np.zeros(2, np.uint8), axis=1),
        "quantise_axis": pair(scale=[0.1, 0.2], zero=np.zeros(2, np.uint8), axis=7, shape=(1, 2)),
        "quantise_blocked": pair(scale=[[0.1, 0.2]], zero=np.zeros((1, 2), np.uint8), axis=1),
        "quantise_weights_scale_nan": weights([0.1, np.nan], [0, 0]),
        "quantise_weights_scale_count": weights([0.1, 0.2, 0.3], [0, 0, 0]),
        "quantise_bias_zero": weights([0.1, 0.1], [0, 1], kind=np.int32),
        "qlinear_scale_zero": qlinear("QLinearSigmoid", ["q", "zero_scale", "z", "s", "z"]),
        "qlinear_missing_scale": qlinear("QLinearSigmoid", ["q", "s", "z", "", "z"]),
        "qlinear_inputs": qlinear("QLinearAdd", ["q", "s", "z", "q", "s", "z"]),
        "qlinear_operands": qlinear("QLinearConcat", ["s", "z", "q", "s"], axis=1),
        "qlinear_attribute": qlinear("QLinearLeakyRelu", ["q", "s", "z", "s", "z"], beta=1.0),
        "qlinear_softmax_opset": qlinear("QLinearSoftmax", ["q", "s", "z", "s", "z"], opset=9),
        "qlinear_float_input": qlinear("QLinearSigmoid", ["x", "s", "z", "s", "z"]),
        "good_quantised": pair(),
        "good_qlinear": qlinear("QLinearSigmoid", ["q", "s", "z", "s", "z"]),
        "good_one_zero_for_channels": weights([0.1, 0.2], 0),
    }
