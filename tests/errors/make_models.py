#!/usr/bin/env python3
"""Makes the malformed models of expected.tsv in a directory:  make_models.py OUTPUT_DIR

Each function with the decorator @model makes one; its name is the model's. Most start from a small good model and
break one thing. Sizes that matter are declared only: no file here is larger than a few megabytes."""
import pathlib
import sys

import numpy as np
import quantised_models
from onnx import TensorProto, helper as h, numpy_helper

F, I64 = TensorProto.FLOAT, TensorProto.INT64
MODELS = {}


def model(make):
    MODELS[make.__name__] = make
    return make


def info(name, shape=(1, 4), kind=F):
    return h.make_tensor_value_info(name, kind, shape)


def weights(name, *shape, kind=np.float32):
    return numpy_helper.from_array(np.ones(shape, kind), name)


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def node(op, inputs, outputs, name=None, **attributes):
    return h.make_node(op, inputs, outputs, name=name or outputs[0] + "_node", **attributes)


def graph(nodes, inputs=None, outputs=None, init=(), **more):
    return h.make_graph(nodes, "g", inputs or [info("x")], outputs or [info("y")], list(init), **more)


def pack(g, opset=17, ir=8, **more):
    return h.make_model(g, opset_imports=[h.make_opsetid("", opset)], ir_version=ir, **more)


def one(op, inputs=("x",), init=(), shape=(1, 4), out=None, opset=17, **attributes):
    """A model of one node."""
    output = h.make_empty_tensor_value_info("y") if out is None else info("y", out)
    return pack(graph([node(op, list(inputs), ["y"], **attributes)], [info("x", shape)], [output], init), opset)


def good():
    return one("Relu", out=(1, 4))


def with_dims(tensor, *dims):
    del tensor.dims[:]
    tensor.dims.extend(dims)
    return tensor


# --- files that are not models ---


@model
def empty_file(): return b""
@model
def text_file(): return b"This is not a model.\n" * 20
@model
def lfs_pointer(): return b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
@model
def tflite_file(): return b"\x1c\0\0\0TFL3" + bytes(100)
@model
def zip_file(): return b"PK\x03\x04" + bytes(100)
@model
def truncated_half(): b = dense().SerializeToString(); return b[: len(b) // 2]
@model
def truncated_by_one(): return dense().SerializeToString()[:-1]
@model
def corrupt_bytes(): b = bytearray(dense().SerializeToString()); b[20:60] = b"\xff" * 40; return bytes(b)
@model
def random_bytes(): return np.random.default_rng(1).bytes(5000)
@model
def zero_bytes(): return bytes(5000)
@model
def tensor_file(): return weights("w", 2, 2).SerializeToString()


@model
def no_graph():
    m = good()
    m.ClearField("graph")
    return m


def field(number, content):
    """A length-delimited protobuf field."""
    size, length = len(content), b""
    while size >= 128:
        length += bytes([size % 128 + 128])
        size //= 128
    return bytes([number * 8 + 2]) + length + bytes([size]) + content


@model
def nested_too_deep_for_protobuf():
    inner = b""
    for _ in range(500):  # graph.node.attribute.g, by hand: the Python classes refuse to
        inner = field(1, field(4, b"If") + field(5, field(1, b"then_branch") + field(6, inner)))
    return field(7, inner)


# --- opsets ---


@model
def opset_6(): return one("Relu", opset=6)
@model
def opset_missing(): m = good(); del m.opset_import[:]; return m
@model
def opset_negative(): m = good(); m.opset_import[0].version = -3; return m


@model
def opset_twice():
    m = good()
    m.opset_import.append(h.make_opsetid("ai.onnx", 12))
    return m


@model
def operator_newer_than_opset(): return one("Gelu", opset=13)


# --- operators ---


@model
def unknown_operators():
    return pack(graph([node("Frobnicate", ["x"], ["a"]), node("Loop", ["a"], ["b"]), node("Relu", ["b"], ["c"]),
                       node("SequenceAt", ["c"], ["y"])]))


@model
def unknown_domain():
    n = node("FusedConv", ["x"], ["y"])
    n.domain = "com.microsoft"
    return pack(graph([n]))


@model
def unknown_operator_in_branch():
    branch = h.make_graph([node("Frobnicate", ["x"], ["b"])], "branch", [], [info("b")])
    return pack(graph([node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)],
                      init=[numpy_helper.from_array(np.array(True), "c")]))


def with_function(nodes, call=None, **more):
    f = h.make_function("mine", "F", ["p"], ["q"], nodes, [h.make_opsetid("", 17)], **more)
    n = call or h.make_node("F", ["x"], ["y"], name="call", domain="mine")
    m = h.make_model(graph([n]), functions=[f], opset_imports=[h.make_opsetid("", 17), h.make_opsetid("mine", 1)], ir_version=9)
    return m


@model
def unknown_operator_in_function(): return with_function([node("Frobnicate", ["p"], ["q"])])
@model
def function_calls_itself(): return with_function([h.make_node("F", ["p"], ["q"], name="inner", domain="mine")])
@model
def function_output_missing(): return with_function([node("Relu", ["p"], ["other"])])
@model
def function_without_attribute(): return with_function([node("Relu", ["p"], ["q"])], attributes=["alpha"])


@model
def function_with_too_many_inputs():
    return with_function([node("Relu", ["p"], ["q"])], h.make_node("F", ["x", "x"], ["y"], name="call", domain="mine"))


@model
def function_twice():
    m = with_function([node("Relu", ["p"], ["q"])])
    m.functions.append(m.functions[0])
    return m


@model
def functions_that_multiply():
    functions = [h.make_function("mine", f"F{i}", ["p"], ["q"],
                                 [h.make_node(f"F{i + 1}", ["p"], ["m"], domain="mine", name="a"),
                                  h.make_node(f"F{i + 1}", ["m"], ["q"], domain="mine", name="b")],
                                 [h.make_opsetid("", 17)]) for i in range(40)]
    functions.append(h.make_function("mine", "F40", ["p"], ["q"], [node("Relu", ["p"], ["q"])], [h.make_opsetid("", 17)]))
    g = graph([h.make_node("F0", ["x"], ["y"], name="call", domain="mine")])
    return h.make_model(g, functions=functions, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("mine", 1)], ir_version=9)


@model
def functions_nested_too_deep():
    functions = [h.make_function("mine", f"F{i}", ["p"], ["q"], [h.make_node(f"F{i + 1}", ["p"], ["q"], domain="mine", name="a")],
                                 [h.make_opsetid("", 17)]) for i in range(5000)]
    functions.append(h.make_function("mine", "F5000", ["p"], ["q"], [node("Relu", ["p"], ["q"])], [h.make_opsetid("", 17)]))
    g = graph([h.make_node("F0", ["x"], ["y"], name="call", domain="mine")])
    return h.make_model(g, functions=functions, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("mine", 1)], ir_version=9)


# --- branches ---


@model
def if_condition_at_run_time():
    branch = h.make_graph([node("Relu", ["x"], ["b"])], "branch", [], [info("b")])
    return pack(graph([node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)],
                      [info("x"), info("c", (), TensorProto.BOOL)]))


def _if(branch, condition=None, **more):
    c = condition or numpy_helper.from_array(np.array(True), "c")
    return pack(graph([node("If", ["c"], ["y"], then_branch=branch, **more)], init=[c]))


GOOD_BRANCH = h.make_graph([node("Relu", ["x"], ["b"])], "branch", [], [info("b")])


@model
def if_without_else(): return _if(GOOD_BRANCH)
@model
def if_condition_not_bool(): return _if(GOOD_BRANCH, weights("c", 1), else_branch=GOOD_BRANCH)


@model
def if_output_missing():
    return _if(h.make_graph([node("Relu", ["x"], ["b"])], "branch", [], [info("nothing")]), else_branch=GOOD_BRANCH)


@model
def if_with_other_outputs():
    return _if(h.make_graph([node("Relu", ["x"], ["b"])], "branch", [], [info("b"), info("x")]), else_branch=GOOD_BRANCH)


@model
def if_reads_a_missing_value():
    return _if(h.make_graph([node("Relu", ["nowhere"], ["b"])], "branch", [], [info("b")]), else_branch=GOOD_BRANCH)


# --- inputs and their shapes ---


@model
def symbolic_height(): return one("Relu", shape=("N", 3, "height", "width"))
@model
def symbolic_unnamed(): return one("Relu", shape=(1, None))
@model
def symbolic_rank_1(): return one("Relu", shape=("N",))


@model
def unknown_rank():
    return pack(graph([node("Relu", ["x"], ["y"])], [h.make_tensor_value_info("x", F, None)], [h.make_empty_tensor_value_info("y")]))


@model
def dimension_negative(): return one("Relu", shape=(1, -4))
@model
def dimension_zero(): return one("Relu", shape=(1, 0))
@model
def dimension_overflow(): return one("Relu", shape=(2**62, 2**62))
@model
def input_4_tb(): return one("Relu", shape=(1024, 1024, 1024, 1024))
@model
def input_of_strings(): return pack(graph([node("Relu", ["x"], ["y"])], [info("x", (1,), TensorProto.STRING)]))
@model
def input_without_type(): return pack(graph([node("Relu", ["x"], ["y"])], [h.make_empty_tensor_value_info("x")]))
@model
def input_of_unknown_type(): return pack(graph([node("Relu", ["x"], ["y"])], [info("x", (1,), 99)]))
@model
def input_float8(): return pack(graph([node("Relu", ["x"], ["y"])], [info("x", (1,), TensorProto.FLOAT8E4M3FN)]))


def _typed_input(kind):
    return pack(graph([node("Relu", ["x"], ["y"])], [h.make_value_info("x", kind)]))


TENSOR = h.make_tensor_type_proto(F, (1,))


@model
def input_sequence(): return _typed_input(h.make_sequence_type_proto(TENSOR))
@model
def input_optional(): return _typed_input(h.make_optional_type_proto(TENSOR))
@model
def input_map(): return _typed_input(h.make_map_type_proto(I64, TENSOR))
@model
def input_sparse(): return _typed_input(h.make_sparse_tensor_type_proto(F, (1,)))
@model
def input_twice(): return pack(graph([node("Relu", ["x"], ["y"])], [info("x"), info("x")]))


@model
def input_contradicts_initialiser():
    return pack(graph([node("MatMul", ["x", "w"], ["y"])], [info("x"), info("w", (4, 5))], init=[weights("w", 4, 4)]), ir=3)


# --- names and order ---


@model
def cycle_of_two(): return pack(graph([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])]))
@model
def cycle_of_one(): return pack(graph([node("Add", ["x", "y"], ["y"])]))


@model
def cycle_through_branch():
    branch = h.make_graph([node("Relu", ["y"], ["b"])], "branch", [], [info("b")])
    return _if(branch, else_branch=GOOD_BRANCH)


@model
def cycle_of_20000():
    n = 20000
    nodes = [node("Relu", [f"v{(i - 1) % n}"], [f"v{i}"]) for i in range(n)]
    return pack(graph(nodes + [node("Add", ["x", "v7"], ["y"])]))


@model
def output_of_two_nodes(): return pack(graph([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])]))
@model
def node_makes_an_input(): return pack(graph([node("Relu", ["x"], ["x"]), node("Relu", ["x"], ["y"])]))
@model
def node_makes_an_initialiser(): return pack(graph([node("Relu", ["x"], ["w"]), node("Relu", ["x"], ["y"])], init=[weights("w", 4)]))
@model
def initialiser_twice(): return pack(graph([node("Add", ["x", "w"], ["y"])], init=[weights("w", 4), weights("w", 4)]))
@model
def output_twice(): return pack(graph([node("Relu", ["x"], ["y"])], outputs=[info("y"), info("y")]))
@model
def missing_initialiser(): return pack(graph([node("MatMul", ["x", "w"], ["y"], "dense")]))
@model
def missing_output(): return pack(graph([node("Relu", ["x"], ["z"])]))
@model
def no_outputs(): m = good(); del m.graph.output[:]; return m
@model
def name_with_newline(): return pack(graph([node("Relu", ["x"], ["y"], "evil\n#include <x>")]))
@model
def name_of_20000_bytes(): return pack(graph([node("Relu", ["x"], ["y"], "n" * 20000)]))


@model
def name_not_utf8():
    return pack(graph([node("Relu", ["x"], ["y"], "PLACEHOLDER")])).SerializeToString().replace(b"PLACEHOLDER", b"PLACE\xff\xfeLDER")


# --- declared shapes ---


@model
def output_shape_wrong(): return one("Relu", out=(1, 5))
@model
def output_rank_wrong(): return one("Relu", out=(1, 4, 1))
@model
def output_type_wrong(): return pack(graph([node("Relu", ["x"], ["y"])], outputs=[info("y", (1, 4), TensorProto.INT32)]))


@model
def value_info_wrong():
    return pack(graph([node("Relu", ["x"], ["m"]), node("Relu", ["m"], ["y"])], value_info=[info("m", (4, 1))]))


# --- initialisers ---


def with_tensor(t, op="MatMul"):
    return pack(graph([node(op, ["x", t.name], ["y"])], init=[t], outputs=[h.make_empty_tensor_value_info("y")]))


@model
def initialiser_too_short(): return with_tensor(with_dims(weights("w", 4, 4), 4, 5))
@model
def initialiser_too_long(): return with_tensor(with_dims(weights("w", 4, 4), 4, 3))
@model
def initialiser_negative(): return with_tensor(with_dims(weights("w", 4, 4), -4, -4))
@model
def initialiser_overflow(): return with_tensor(with_dims(weights("w", 4, 4), 2**32, 2**32))
@model
def initialiser_4_tb(): return with_tensor(with_dims(weights("w", 4, 4), 2**20, 2**20))
@model
def initialiser_2_gb_without_data(): t = with_dims(TensorProto(name="w"), 2**15, 2**15); t.data_type = F; return with_tensor(t)
@model
def initialiser_of_strings(): return with_tensor(h.make_tensor("w", TensorProto.STRING, (1,), [b"a"]))
@model
def initialiser_without_type(): t = weights("w", 4, 4); t.data_type = 0; return with_tensor(t)
@model
def initialiser_of_complex(): return with_tensor(numpy_helper.from_array(np.ones((4, 4), np.complex64), "w"))
@model
def initialiser_wrong_field(): return with_tensor(TensorProto(name="w", dims=[2], data_type=F, int64_data=[1, 2]))


@model
def sparse_initialiser():
    m = good()
    m.graph.sparse_initializer.append(h.make_sparse_tensor(h.make_tensor("s", F, (1,), [1.0]), h.make_tensor("i", I64, (1,), [0]), (4,)))
    return m


def external(location, **entries):
    t = TensorProto(name="w", dims=[4, 4], data_type=F, data_location=TensorProto.EXTERNAL)
    for key, value in dict(location=location, **entries).items():
        t.external_data.add(key=key, value=str(value))
    return with_tensor(t)


@model
def external_missing(): return external("nowhere.bin")
@model
def external_absolute(): return external("/etc/passwd")
@model
def external_escape(): return external("../../../../../../etc/passwd")
@model
def external_escape_hidden(): return external("data/../../../../../../../etc/passwd")
@model
def external_directory(): return external(".")
@model
def external_no_location(): return external("")
@model
def external_past_end(): return external("good_weights.bin", offset=100)
@model
def external_offset_not_a_number(): return external("good_weights.bin", offset="twelve")
@model
def external_offset_huge(): return external("good_weights.bin", offset=2**63 - 1)
@model
def external_offset_negative(): return external("good_weights.bin", offset=-4)
@model
def external_length_wrong(): return external("good_weights.bin", length=60)


# --- forms of nodes ---


@model
def relu_without_input(): return one("Relu", [])
@model
def relu_with_empty_input(): return one("Relu", [""])
@model
def relu_with_two_inputs(): return one("Relu", ["x", "x"])
@model
def relu_with_two_outputs(): return pack(graph([h.make_node("Relu", ["x"], ["y", "z"], name="r")]))
@model
def gemm_with_four_inputs(): return one("Gemm", ["x", "x", "x", "x"])
@model
def attribute_unknown(): return one("Relu", beta=1.0)
@model
def attribute_type_wrong(): return one("LeakyRelu", alpha=1)
@model
def attribute_type_wrong_list(): return one("Flatten", axis=[1])
@model
def attribute_nan(): return one("LeakyRelu", alpha=float("nan"))
@model
def attribute_huge(): return one("Flatten", axis=2**40)
@model
def attribute_missing(): return one("Unsqueeze", opset=11)
@model
def attribute_axis_outside(): return one("Flatten", axis=3)


@model
def attribute_twice():
    m = one("LeakyRelu", alpha=0.5)
    m.graph.node[0].attribute.append(h.make_attribute("alpha", 0.25))
    return m


@model
def attribute_string_not_text():
    m = one("Gelu", opset=20, approximate="tanh")
    m.graph.node[0].attribute[0].s = b"\xff\x00"
    return m


# --- shapes and types of operands ---


@model
def matmul_mismatch(): return one("MatMul", ["x", "w"], [weights("w", 3, 2)])
@model
def gemm_mismatch(): return one("Gemm", ["x", "w"], [weights("w", 3, 2)])
@model
def gemm_not_a_matrix(): return one("Gemm", ["x", "w"], [weights("w", 4, 4)], shape=(1, 2, 4))
@model
def gemm_bias_mismatch(): return one("Gemm", ["x", "w", "b"], [weights("w", 4, 2), weights("b", 3)])
@model
def matmul_type(): return one("MatMul", ["x", "w"], [weights("w", 4, 2, kind=np.int32)])
@model
def reshape_mismatch(): return one("Reshape", ["x", "s"], [ints("s", 3, 3)])
@model
def reshape_two_unknown(): return one("Reshape", ["x", "s"], [ints("s", -1, -1)])
@model
def reshape_negative(): return one("Reshape", ["x", "s"], [ints("s", -2, 2)])
@model
def reshape_overflow(): return one("Reshape", ["x", "s"], [ints("s", 2**40, 2**40, -1)])
@model
def reshape_4_tb(): return one("Reshape", ["x", "s"], [ints("s", 2**20, 2**20)])
@model
def reshape_float_shape(): return one("Reshape", ["x", "s"], [weights("s", 2)])


@model
def reshape_at_run_time():
    return pack(graph([node("Reshape", ["x", "s"], ["y"])], [info("x"), info("s", (2,), I64)], [h.make_empty_tensor_value_info("y")]))


@model
def squeeze_not_1(): return one("Squeeze", ["x", "a"], [ints("a", 1)])
@model
def squeeze_axis_outside(): return one("Squeeze", ["x", "a"], [ints("a", 9)])
@model
def unsqueeze_axis_twice(): return one("Unsqueeze", ["x", "a"], [ints("a", 0, 0)])


def conv(shape=(1, 3, 8, 8), w=(4, 3, 3, 3), **attributes):
    return one("Conv", ["x", "w"], [weights("w", *w)], shape, **attributes)


@model
def conv_channels(): return conv(w=(4, 2, 3, 3))
@model
def conv_group_zero(): return conv(group=0)
@model
def conv_group_uneven(): return conv(w=(4, 1, 3, 3), group=2)
@model
def conv_stride_zero(): return conv(strides=[0, 1])
@model
def conv_dilation_negative(): return conv(dilations=[-1, 1])
@model
def conv_kernel_too_large(): return conv(w=(4, 3, 30, 30))
@model
def conv_kernel_shape_contradicts(): return conv(kernel_shape=[5, 5])
@model
def conv_pads_count(): return conv(pads=[1, 1])
@model
def conv_auto_pad_unknown(): return conv(auto_pad="SOMEHOW")
@model
def conv_rank(): return conv(shape=(1, 3))


@model
def pool_without_kernel(): return one("MaxPool", shape=(1, 3, 8, 8))
@model
def pool_kernel_zero(): return one("MaxPool", shape=(1, 3, 8, 8), kernel_shape=[0, 2])
@model
def softmax_axis_outside(): return one("Softmax", axis=5)


# --- what stands on the other side: models that must compile ---


def dense():
    return one("Gemm", ["x", "w"], [weights("w", 4, 4)], out=(1, 4))


@model
def good_dense(): return dense()
@model
def good_external(): return external("good_weights.bin", offset=0, length=64)
@model
def good_negative_infinity(): return one("LeakyRelu", alpha=float("-inf"))


@model
def good_unordered():
    return pack(graph([node("Relu", ["m"], ["y"]), node("Tanh", ["x"], ["m"])]))


@model
def good_output_is_input():
    return pack(graph([node("Relu", ["x"], ["y"])], outputs=[info("y"), info("x")]))


@model
def good_comment_in_name(): return pack(graph([node("Relu", ["x"], ["y"], "a */ int hidden; /* b \\")]))


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "good_weights.bin").write_bytes(np.ones(16, np.float32).tobytes())
    models = {**{name: make() for name, make in MODELS.items()}, **quantised_models.models()}
    for name, made in models.items():
        (directory / (name + ".onnx")).write_bytes(made if isinstance(made, bytes) else made.SerializeToString())


main()
