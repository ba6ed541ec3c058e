"""Random single nodes, one function for each family of operators, for witness.py.

A case function takes a numpy random generator and an opset version, and returns a Case, or None where this draw
makes no node that this opset has. Values stay where the operators are smooth: what is compared is the meaning.
"""

import dataclasses

import numpy as np

kIntegers = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64)


@dataclasses.dataclass
class Case:
    op: str
    inputs: list  # arrays; Constant(array) for an initialiser; None for one that is left out
    attributes: dict = dataclasses.field(default_factory=dict)
    outputs: int = 1


@dataclasses.dataclass
class Constant:
    array: np.ndarray


def floats(r, shape, low=-3.0, high=3.0):
    return r.uniform(low, high, shape).astype(np.float32)


def numbers(r, dtype, shape, low=-9, high=10):
    if dtype in (np.float32, np.float64):
        return r.uniform(low, high, shape).astype(dtype)
    return r.integers(max(low, 0) if np.issubdtype(dtype, np.unsignedinteger) else low, high, shape).astype(dtype)


def ints(*values):
    return Constant(np.array(values, np.int64))


def pick(r, *choices):
    return choices[r.integers(len(choices))]


def shape(r, low=1, high=4, most=6):
    return tuple(int(d) for d in r.integers(1, most, r.integers(low, high + 1)))


def maybe(r, value, chance=0.5):
    return value if r.random() < chance else None


def without_none(**attributes):
    return {k: v for k, v in attributes.items() if v is not None}


# ---- element by element ----

# operator: (first opset, low, high)
kUnary = {
    "Abs": (7, -3, 3), "Acos": (7, -1, 1), "Acosh": (9, 1, 5), "Asin": (7, -1, 1), "Asinh": (9, -5, 5), "Atan": (7, -5, 5),
    "Atanh": (9, -0.9, 0.9), "Ceil": (7, -5, 5), "Cos": (7, -9, 9), "Cosh": (9, -3, 3), "Erf": (9, -3, 3),
    "Exp": (7, -3, 3), "Floor": (7, -5, 5), "Identity": (7, -3, 3), "Log": (7, 0.1, 9), "Neg": (7, -3, 3),
    "Reciprocal": (7, 0.5, 5), "Relu": (7, -3, 3), "Round": (11, -5, 5), "Sigmoid": (7, -9, 9), "Sign": (9, -2, 2),
    "Sin": (7, -9, 9), "Sinh": (9, -3, 3), "Softplus": (7, -9, 9), "Softsign": (7, -5, 5), "Sqrt": (7, 0, 9),
    "Tan": (7, -1, 1), "Tanh": (7, -5, 5), "HardSwish": (14, -5, 5), "Mish": (18, -5, 5), "Swish": (24, -5, 5),
    "Selu": (7, -3, 3), "Elu": (7, -3, 3), "LeakyRelu": (7, -3, 3), "HardSigmoid": (7, -5, 5), "Celu": (12, -3, 3),
    "ThresholdedRelu": (10, -3, 3), "Shrink": (9, -3, 3), "Gelu": (20, -4, 4),
}
kUnaryAttributes = {
    "Selu": ("alpha", "gamma"), "Elu": ("alpha",), "LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta"),
    "Celu": ("alpha",), "ThresholdedRelu": ("alpha",), "Shrink": ("lambd", "bias"),
}


def unary(r, opset):
    op = pick(r, *(op for op, (since, _, _) in kUnary.items() if since <= opset))
    _, low, high = kUnary[op]
    attributes = {a: round(float(r.uniform(0.1, 1.5)), 3) for a in kUnaryAttributes.get(op, ()) if r.random() < 0.6}
    if op == "Gelu" and r.random() < 0.5:
        attributes["approximate"] = "tanh"
    return Case(op, [floats(r, shape(r), low, high)], attributes)


def predicate(r, opset):
    x = floats(r, shape(r))
    x.flat[0] = pick(r, np.nan, np.inf, -np.inf)
    if r.random() < 0.5:
        return Case("IsNaN", [x]) if opset >= 9 else None
    signs = without_none(detect_negative=maybe(r, 0), detect_positive=maybe(r, 0, 0.3))
    return Case("IsInf", [x], signs) if opset >= 10 else None


def broadcast(r):
    """Two shapes that broadcast."""
    a = list(shape(r))
    b = [1 if r.random() < 0.3 else d for d in a[r.integers(len(a)):]]
    if r.random() < 0.3:
        a = [1 if r.random() < 0.3 else d for d in a]
    return (a, b) if r.random() < 0.5 else (b, a)


def arithmetic(r, opset):
    op, dtype = pick(r, "Add", "Sub", "Mul", "Div"), pick(r, np.float32, np.float64, np.int32, np.int64)
    a, b = broadcast(r)
    return Case(op, [numbers(r, dtype, a), numbers(r, dtype, b, 1)])


def power_or_modulo(r, opset):
    a, b = broadcast(r)
    if r.random() < 0.5:
        exponent = pick(r, floats(r, b), Constant(np.array(pick(r, 2, 3, 0.5, -1), np.float32)))
        return Case("Pow", [floats(r, a, 0.2, 3), exponent])
    if opset < 10:
        return None
    if r.random() < 0.5:
        return Case("Mod", [floats(r, a, -9, 9), floats(r, b, 1, 5)], {"fmod": 1})
    dtype = pick(r, *kIntegers)
    return Case("Mod", [numbers(r, dtype, a, -50, 50), numbers(r, dtype, b, 1, 9)], without_none(fmod=maybe(r, 1)))


def comparison(r, opset):
    since = {"Greater": 7, "Less": 7, "Equal": 7, "GreaterOrEqual": 12, "LessOrEqual": 12}
    op = pick(r, *(op for op, s in since.items() if s <= opset))
    dtype = pick(r, np.int32, np.int64, *((np.float32,) if op != "Equal" and opset >= 9 or opset >= 11 else ()))
    if opset < 9 and op != "Equal":
        dtype = np.float32
    a, b = broadcast(r)
    return Case(op, [numbers(r, dtype, a, -2, 3).round(), numbers(r, dtype, b, -2, 3).round()])


def logic(r, opset):
    a, b = broadcast(r)
    op = pick(r, "And", "Or", "Xor", "Not")
    values = [r.random(a) < 0.5, r.random(b) < 0.5]
    return Case(op, values[:1] if op == "Not" else values)


def bits(r, opset):
    a, b = broadcast(r)
    if r.random() < 0.5 and opset >= 11:
        dtype = pick(r, np.uint8, np.uint32, np.uint64)
        return Case("BitShift", [numbers(r, dtype, a, 0, 200), numbers(r, dtype, b, 0, 8)],
                    {"direction": pick(r, "LEFT", "RIGHT")})
    if opset < 18:
        return None
    dtype, op = pick(r, *kIntegers), pick(r, "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot")
    values = [numbers(r, dtype, a, -100, 100), numbers(r, dtype, b, -100, 100)]
    return Case(op, values[:1] if op == "BitwiseNot" else values)


def many(r, opset):
    a, b = broadcast(r)
    op = pick(r, "Sum", "Mean", "Max", "Min")
    if opset < 8:  # no broadcasting yet
        b = a
    return Case(op, [floats(r, s) for s in (a, b, a)[:r.integers(1, 4)]])


def extremes_of_integers(r, opset):
    dtype = pick(r, np.int32, np.int64, np.uint32, np.uint64, np.int8, np.uint8) if opset >= 12 else np.float32
    a, b = broadcast(r)
    return Case(pick(r, "Max", "Min"), [numbers(r, dtype, a), numbers(r, dtype, b)]) if opset >= 8 else None


def clip(r, opset):
    x = floats(r, shape(r))
    if opset < 11:
        return Case("Clip", [x], without_none(min=maybe(r, -1.25), max=maybe(r, 0.75)))
    bounds = [Constant(np.array(-1.25, np.float32)), Constant(np.array(0.75, np.float32))]
    return Case("Clip", [x, *(maybe(r, b, 0.7) for b in bounds)])


def prelu(r, opset):
    x = floats(r, (2, 3, 4, 2))
    return Case("PRelu", [x, Constant(floats(r, pick(r, (3, 1, 1), (1,), (1, 3, 1, 1), (4, 2)), 0, 1))])


def where(r, opset):
    a, b = broadcast(r)
    dtype = pick(r, np.float32, np.int64, np.int32, np.uint8)
    return Case("Where", [r.random(a) < 0.5, numbers(r, dtype, b), numbers(r, dtype, a)]) if opset >= 9 else None


def cast(r, opset):
    types = {1: np.float32, 2: np.uint8, 3: np.int8, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_, 11: np.float64,
             12: np.uint32, 13: np.uint64}
    source = types[pick(r, *types)]
    x = r.random((3, 4)) < 0.5 if source is np.bool_ else numbers(r, source, (3, 4), 0, 100)
    return Case("Cast", [x], {"to": pick(r, *types)})


# ---- windows ----


def window(r, rank, size):
    """Strides, dilations and pads of a window that fits, as attributes."""
    kernel = [int(r.integers(1, 4)) for _ in range(rank)]
    dilations = [int(pick(r, 1, 1, 2)) for _ in range(rank)]
    a = without_none(strides=maybe(r, [int(r.integers(1, 4)) for _ in range(rank)]),
                     dilations=dilations if dilations != [1] * rank else None)
    if r.random() < 0.3:
        a["auto_pad"] = pick(r, "SAME_UPPER", "SAME_LOWER", "VALID")
    elif r.random() < 0.6:
        a["pads"] = [int(r.integers(0, k)) for k in kernel * 2]
    assert all((k - 1) * d < size for k, d in zip(kernel, dilations))
    return kernel, a


def conv(r, opset):
    rank, size = int(r.integers(1, 3)), 7
    kernel, attributes = window(r, rank, size)
    if attributes.get("auto_pad", "").startswith("SAME"):
        attributes.pop("dilations", None)  # the definition leaves open what this means
    group, per_in, per_out = int(pick(r, 1, 1, 2, 4)), int(pick(r, 1, 2, 3)), int(pick(r, 1, 2, 3))
    if r.random() < 0.3:  # depthwise
        group, per_in, per_out = int(r.integers(2, 9)), 1, 1
    x = floats(r, (int(r.integers(1, 3)), group * per_in, *[size + i for i in range(rank)]))
    w = Constant(floats(r, (group * per_out, per_in, *kernel)))
    return Case("Conv", [x, w, maybe(r, Constant(floats(r, group * per_out)))],
                {**attributes, "group": group, **without_none(kernel_shape=maybe(r, kernel))})


def conv_transpose(r, opset):
    rank, size = int(r.integers(1, 3)), 4
    kernel, attributes = window(r, rank, size + 3)
    if "auto_pad" in attributes:
        attributes.pop("dilations", None)
    strides = attributes.get("strides", [1] * rank)
    if "auto_pad" in attributes and any(k < s for k, s in zip(kernel, strides)):
        return None  # onnxruntime's output is then not input x stride, as the definition says
    group, per_in, per_out = int(pick(r, 1, 2)), int(pick(r, 1, 3)), int(pick(r, 1, 2))
    extra = [int(r.integers(0, s)) for s in strides]
    if any(extra) and "auto_pad" not in attributes:
        attributes["output_padding"] = extra
    x = floats(r, (1, group * per_in, *[size + i for i in range(rank)]))
    w = Constant(floats(r, (group * per_in, per_out, *kernel)))
    return Case("ConvTranspose", [x, w, maybe(r, Constant(floats(r, group * per_out)))], {**attributes, "group": group})


def pool(r, opset):
    rank, size, op = int(r.integers(1, 3)), 8, pick(r, "MaxPool", "AveragePool")
    kernel, attributes = window(r, rank, size)
    if opset < (10 if op == "MaxPool" else 19) or "auto_pad" in attributes:
        attributes.pop("dilations", None)
    if opset >= 10 and "auto_pad" not in attributes and r.random() < 0.4:
        attributes["ceil_mode"] = 1
    if op == "AveragePool" and r.random() < 0.5:
        attributes["count_include_pad"] = 1
    return Case(op, [floats(r, (1, int(r.integers(1, 5)), *[size + i for i in range(rank)]))],
                {**attributes, "kernel_shape": kernel})


def global_pool(r, opset):
    return Case(pick(r, "GlobalAveragePool", "GlobalMaxPool"), [floats(r, (2, 3, *shape(r, 1, 2)))])


# ---- matrices and normalisation ----


def gemm(r, opset):
    m, k, n = (int(d) for d in r.integers(1, 7, 3))
    a, b = int(r.integers(2)), int(r.integers(2))
    attributes = without_none(transA=maybe(r, a), transB=b, alpha=maybe(r, 0.5), beta=maybe(r, 0.25))
    left = (k, m) if attributes.get("transA") else (m, k)
    right = floats(r, (n, k) if b else (k, n))
    c = maybe(r, Constant(floats(r, pick(r, (n,), (m, n), (1, n), (m, 1), (1,)))), 0.8)
    if c is None and opset < 11:
        c = Constant(floats(r, (n,)))
    return Case("Gemm", [floats(r, left), pick(r, right, Constant(right)), c], attributes)


def matmul(r, opset):
    k = int(r.integers(1, 6))
    a, b = pick(r, ((3, k), (k, 4)), ((2, 3, k), (k, 4)), ((2, 3, k), (2, k, 4)), ((k,), (k, 4)), ((3, k), (k,)),
                ((k,), (k,)), ((2, 1, 3, k), (1, 2, k, 4)), ((5, 1, 1, k), (2, k, 3)))
    right = floats(r, b)
    return Case("MatMul", [floats(r, a), pick(r, right, Constant(right))])


def batch_norm(r, opset):
    x = floats(r, (2, 3, *shape(r, 0, 2)))
    scale, bias, mean, var = (Constant(floats(r, 3, low, 2)) for low in (-2, -2, -2, 0.1))
    attributes = without_none(epsilon=maybe(r, 0.01))
    return Case("BatchNormalization", [x, scale, bias, mean, var], attributes)


def instance_norm(r, opset):
    x = floats(r, (2, 3, *shape(r, 1, 2, 6)[:2]))
    if np.prod(x.shape[2:]) < 4:
        return None
    return Case("InstanceNormalization", [x, Constant(floats(r, 3)), Constant(floats(r, 3))])


def layer_norm(r, opset):
    dims = (2, 3, 4, 5)[:r.integers(2, 5)]
    axis = int(r.integers(1, len(dims)))
    scale = Constant(floats(r, dims[axis:]))
    return Case("LayerNormalization", [floats(r, dims), scale, maybe(r, Constant(floats(r, dims[axis:])))],
                {"axis": pick(r, axis, axis - len(dims)), **without_none(epsilon=maybe(r, 0.01))}) if opset >= 17 else None


def softmax(r, opset):
    x = floats(r, shape(r, 2, 4))
    axis = int(r.integers(-x.ndim if opset >= 11 else 0, x.ndim))
    return Case(pick(r, "Softmax", "LogSoftmax", "Hardmax"), [x], without_none(axis=maybe(r, axis, 0.8)))


# ---- reductions ----


def reduce(r, opset):
    op = "Reduce" + pick(r, "Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")
    x = floats(r, shape(r, 1, 4), 0.2 if op == "ReduceLogSum" else -2, 2)
    axes = sorted({int(a) for a in r.integers(-x.ndim if opset >= 11 else 0, x.ndim, 2)})
    if len({a % x.ndim for a in axes}) < len(axes):
        return None
    attributes = without_none(keepdims=maybe(r, int(r.integers(2))))
    if opset < (13 if op == "ReduceSum" else 18):
        return Case(op, [x], {**attributes, **without_none(axes=maybe(r, axes, 0.8))})
    attributes.update(without_none(noop_with_empty_axes=maybe(r, 1, 0.3)))
    return Case(op, [x, maybe(r, ints(*axes), 0.8)], attributes)


def arg(r, opset):
    x = numbers(r, pick(r, np.float32, np.int32), shape(r, 1, 4)).round()
    axis = int(r.integers(-x.ndim if opset >= 11 else 0, x.ndim))
    last = maybe(r, 1) if opset >= 12 else None
    return Case(pick(r, "ArgMax", "ArgMin"), [x], without_none(axis=axis, keepdims=maybe(r, 0), select_last_index=last))


def cumsum(r, opset):
    x = floats(r, shape(r, 1, 3))
    axis = Constant(np.array(r.integers(-x.ndim, x.ndim), np.int64))
    return Case("CumSum", [x, axis], without_none(exclusive=maybe(r, 1), reverse=maybe(r, 1))) if opset >= 11 else None


# ---- elements that move ----


def concat(r, opset):
    dims = list(shape(r, 1, 4))
    axis = int(r.integers(len(dims)))
    parts = []
    for _ in range(r.integers(1, 4)):
        dims[axis] = int(r.integers(1, 5))
        parts.append(numbers(r, np.float32, tuple(dims)))
    return Case("Concat", parts, {"axis": pick(r, axis, axis - len(dims)) if opset >= 11 else axis})


def split(r, opset):
    axis, lengths = int(r.integers(3)), [int(n) for n in r.integers(1, 4, r.integers(1, 4))]
    dims = [2, 3, 4]
    if r.random() < 0.5:
        lengths = [2] * len(lengths)
    dims[axis] = sum(lengths)
    x, equal = floats(r, dims), len(set(lengths)) == 1 and r.random() < 0.5
    attributes = {"axis": axis, **({"num_outputs": len(lengths)} if equal and opset >= 18 else {})}
    if equal:
        return Case("Split", [x], attributes, len(lengths))
    if opset < 13:
        return Case("Split", [x], {"axis": axis, "split": lengths}, len(lengths))
    return Case("Split", [x, ints(*lengths)], {"axis": axis}, len(lengths))


def slice_(r, opset):
    x = numbers(r, pick(r, np.float32, np.int32), (5, 6, 7))
    axes = [int(a) for a in r.permutation(3)[:r.integers(1, 4)]]
    starts, ends = [int(r.integers(0, 2)) for _ in axes], [int(pick(r, 4, 5, -1, 1000)) for _ in axes]
    if opset < 10:
        return Case("Slice", [x], {"axes": axes, "starts": starts, "ends": ends})
    if r.random() < 0.5:
        return Case("Slice", [x, ints(*starts), ints(*ends), ints(*axes)])
    steps = [int(pick(r, 1, 2, -1, -2)) for _ in axes]
    starts = [s if step > 0 else int(pick(r, -1, 4, 1000)) for s, step in zip(starts, steps)]
    ends = [e if step > 0 else int(pick(r, 0, 1, -1000)) for e, step in zip(ends, steps)]
    return Case("Slice", [x, ints(*starts), ints(*ends), ints(*axes), ints(*steps)])


def gather(r, opset):
    x = floats(r, (3, 4, 5))
    axis, low = int(r.integers(0, 3)), -1 if opset >= 11 else 0
    indices = r.integers(low, x.shape[axis], shape(r, 0, 2)).astype(pick(r, np.int64, np.int32))
    indices = pick(r, indices, Constant(indices))
    if r.random() < 0.6:
        return Case("Gather", [x, indices], {"axis": axis})
    if opset < 11:
        return None
    if r.random() < 0.5:
        chosen = r.integers(-x.shape[axis], x.shape[axis], (2, 3, 2)).astype(np.int64)
        return Case("GatherElements", [x, pick(r, chosen, Constant(chosen))], {"axis": axis})
    depth = int(r.integers(1, 4))
    return Case("GatherND", [x, Constant(r.integers(-3, 3, (2, depth)).astype(np.int64))])


def one_hot(r, opset):
    if opset < 11:
        return None
    indices = r.integers(-5, 5, shape(r, 1, 2)).astype(np.int64)
    values = np.array([-1, 3], np.float32)
    return Case("OneHot", [indices, Constant(np.array(5, np.int64)), Constant(values)], {"axis": pick(r, -1, 0)})


def reshape(r, opset):
    x = floats(r, (2, 3, 4))
    return pick(
        r,
        Case("Reshape", [x, ints(*pick(r, (0, -1), (4, 6), (-1,), (2, 0, 2, 2), (1, 24, 1)))]),
        Case("Flatten", [x], {"axis": pick(r, 0, 1, 2, 3)}),
        Case("Transpose", [x], without_none(perm=maybe(r, [int(p) for p in r.permutation(3)], 0.8))),
        Case("Tile", [x, ints(1, 3, 2)]),
        Case("Expand", [floats(r, (3, 1)), ints(2, 1, 4)]) if opset >= 8 else None)


def squeeze(r, opset):
    x, axes = floats(r, (1, 3, 1, 2)), [0, 2]
    as_input = opset >= 13
    if r.random() < 0.5:
        given = pick(r, axes, axes[:1])
        return Case("Squeeze", [x, ints(*given)], {}) if as_input else Case("Squeeze", [x], {"axes": given})
    return Case("Unsqueeze", [x, ints(0, 3)], {}) if as_input else Case("Unsqueeze", [x], {"axes": [0, 3]})


def depth_space(r, opset):
    if r.random() < 0.5:
        return Case("SpaceToDepth", [floats(r, (1, 2, 4, 6))], {"blocksize": 2})
    mode = {"mode": pick(r, "DCR", "CRD")} if opset >= 11 else {}
    return Case("DepthToSpace", [floats(r, (1, 12, 2, 3))], {"blocksize": 2, **mode})


def pad(r, opset):
    x, pads = floats(r, (2, 4, 5)), [int(p) for p in r.integers(0, 3, 6)]
    if r.random() < 0.3:
        pads[5] = -1
    pads[0], pads[3] = pads[0] % 2, pads[3] % 2
    mode = pick(r, "constant", "reflect", "edge", *(("wrap",) if opset >= 19 else ()))
    if mode != "constant":
        pads = [abs(p) for p in pads]
    if opset < 11:
        return Case("Pad", [x], {"mode": mode, "pads": pads, "value": 1.5})
    value = maybe(r, Constant(np.array(1.5, np.float32))) if mode == "constant" else None
    return Case("Pad", [x, ints(*pads), value], {"mode": mode})


def resize(r, opset):
    x = floats(r, (1, 2, int(r.integers(2, 5)), int(r.integers(2, 6))))
    if opset in (7, 8, 9):
        scales = [1.0, 1.0, float(pick(r, 1, 2, 3)), float(pick(r, 1, 2, 1.5))]
        mode = {"mode": pick(r, "nearest", "linear")}
        if opset < 9:
            return Case("Upsample", [x], {**mode, "scales": scales})
        return Case("Upsample", [x, Constant(np.array(scales, np.float32))], mode)
    scales = np.array([1, 1, pick(r, 0.5, 1, 2, 3), pick(r, 1, 2, 1.5)], np.float32)
    if opset == 10:
        return Case("Resize", [x, Constant(scales)], {"mode": pick(r, "nearest", "linear")})
    attributes = {"mode": pick(r, "nearest", "linear", "cubic"), "coordinate_transformation_mode":
                  pick(r, "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")}
    if attributes["mode"] == "nearest":
        attributes["nearest_mode"] = pick(r, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    empty = Constant(np.array([], np.float32))
    if r.random() < 0.5:
        sizes = ints(1, 2, *(int(s) for s in r.integers(1, 9, 2)))
        return Case("Resize", [x, empty if opset < 13 else None, empty if opset < 13 else None, sizes], attributes)
    return Case("Resize", [x, empty if opset < 13 else None, Constant(scales)], attributes)


def known_at_compile_time(r, opset):
    return pick(
        r,
        Case("Shape", [floats(r, (2, 3))]), Case("Size", [floats(r, (2, 3))]),
        Case("ConstantOfShape", [ints(2, 3)]) if opset >= 9 else None,
        Case("EyeLike", [floats(r, (3, 4))], {"k": 1}) if opset >= 9 else None,
        Case("NonZero", [Constant(np.array([[0, 1], [2, 0]], np.float32))]) if opset >= 9 else None,
        Case("Compress", [floats(r, (3, 4)), Constant(np.array([True, False, True]))], {"axis": 0}) if opset >= 9 else None,
        Case("Range", [Constant(np.array(v, np.int64)) for v in (1, 9, 3)]) if opset >= 11 else None,
        Case("Dropout", [floats(r, (3, 4))]))


kFamilies = {
    "elementwise": [unary, unary, unary, predicate, clip, prelu, cast],
    "binary": [arithmetic, power_or_modulo, comparison, logic, bits, many, extremes_of_integers, where],
    "windows": [conv, conv, conv_transpose, pool, pool, global_pool],
    "matrices": [gemm, matmul, batch_norm, instance_norm, layer_norm, softmax],
    "reductions": [reduce, reduce, arg, cumsum],
    "movement": [concat, split, slice_, gather, one_hot, reshape, squeeze, depth_space, pad, resize, known_at_compile_time],
}
