"""Small models, as ONNX text: every kind of kernel, port and arena at least once."""

import random

kHeader = '<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>\n'


class Weights:
    """Initialisers with reproducible random values."""

    def __init__(self):
        self.random = random.Random(1)
        self.text = []

    def __call__(self, name, *shape, low=-0.5, high=0.5):
        count = 1
        for d in shape:
            count *= d
        values = ", ".join(f"{self.random.uniform(low, high):.6f}" for _ in range(count))
        self.text.append(f"float[{','.join(map(str, shape))}] {name} = {{{values}}}")
        return name

    def integers(self, kind, name, *shape, low=-127, high=127):
        count = 1
        for d in shape:
            count *= d
        values = ", ".join(str(self.random.randint(low, high)) for _ in range(count))
        self.text.append(f"{kind}[{','.join(map(str, shape))}] {name} = {{{values}}}")
        return name

    def grid(self, name, scale, zero, kind="uint8"):
        """Scale and zero point, as operators take them."""
        self.text += [f"float s{name} = {{{scale}}}", f"{kind} z{name} = {{{zero}}}"]
        return f"s{name}, z{name}"


def graph(inputs, outputs, body, weights=None):
    initialisers = f"\n<{', '.join(weights.text)}>" if weights and weights.text else ""
    return f"{kHeader}g ({inputs}) => ({outputs}){initialisers}\n{{\n{body}\n}}\n"


def cnn():
    w = Weights()
    body = f"""
      a = Conv<strides=[2,2], pads=[1,1,1,1]>(x, {w("w1", 8, 3, 3, 3)}, {w("b1", 8)})
      b = Relu(a)
      c = Conv<group=8, pads=[1,1,1,1]>(b, {w("w2", 8, 1, 3, 3)}, {w("b2", 8)})
      d = Clip(c, zero, six)
      e = Conv(d, {w("w3", 12, 8, 1, 1)})
      f = Relu(e)
      p = GlobalAveragePool(f)
      h = Flatten(p)
      k = Gemm<transB=1>(h, {w("w4", 5, 12)}, {w("b4", 5)})
      y = Softmax(k)"""
    w.text += ["float zero = {0}", "float six = {6}"]
    return graph("float[1,3,14,13] x", "float[1,5] y", body, w)


def residual():
    w = Weights()
    body = f"""
      a = Conv<pads=[1,1,1,1]>(x, {w("w1", 6, 2, 3, 3)}, {w("b1", 6)})
      b = Relu(a)
      c = Conv<pads=[2,2,2,2], dilations=[2,2]>(b, {w("w2", 6, 6, 3, 3)}, {w("b2", 6)})
      d = Add(b, c)
      e = LeakyRelu<alpha=0.1>(d)
      f = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,0,0]>(e)
      y = AveragePool<kernel_shape=[2,2]>(f)"""
    return graph("float[1,2,9,10] x", "float[1,6,3,4] y", body, w)


def upsampling():
    w = Weights()
    body = f"""
      a = ConvTranspose<strides=[2,2], pads=[1,1,0,0]>(x, {w("w1", 4, 3, 3, 3)}, {w("b1", 3)})
      b = Tanh(a)
      y = Resize<mode="nearest">(b, , scales)"""
    w.text.append("float[4] scales = {1.0, 1.0, 2.0, 2.0}")
    return graph("float[1,4,5,6] x", "float[1,3,20,24] y", body, w)


def elementwise():
    w = Weights()
    body = f"""
      a = Mul(x, {w("s", 1, 3, 1)})
      b = Add(a, y)
      c = Sigmoid(b)
      d = Div(c, {w("q", 4, low=1, high=2)})
      e = Max(d, y)
      f = Sqrt(e)
      h = Exp(f)
      big = Greater(h, x)
      z = Where(big, h, x)"""
    return graph("float[2,3,4] x, float[4] y", "float[2,3,4] z, bool[2,3,4] big", body, w)


def reductions():
    w = Weights()
    body = """
      s = ReduceSum<keepdims=0>(x, axes)
      m = ReduceMax<axes=[1], keepdims=1>(x)
      i = ArgMax<axis=2, keepdims=0>(x)
      scaled = Mul(x, hundred)
      c = Cast<to=6>(scaled)
      l = LogSoftmax<axis=1>(s)"""
    w.text += ["int64[1] axes = {2}", "float hundred = {100}"]
    return graph("float[2,5,3] x", "float[2,5] l, float[2,1,3] m, int64[2,5] i, int32[2,5,3] c", body, w)


def movement():
    w = Weights()
    body = """
      a, b = Split<axis=1>(x, sizes)
      c = Concat<axis=2>(a, a)
      d = Transpose<perm=[0,2,1]>(b)
      e = Slice(d, starts, ends, axes)
      f = Pad(e, pads)
      y = Identity(c)
      z = Relu(f)"""
    w.text += ["int64[2] sizes = {2, 3}", "int64[1] starts = {1}", "int64[1] ends = {4}", "int64[1] axes = {1}",
               "int64[6] pads = {0, 1, 0, 0, 0, 2}"]
    return graph("float[1,5,4] x", "float[1,2,8] y, float[1,4,5] z", body, w)


def views():
    """Parts of a Concat that are made where they belong, parts of a Split that are read where they lie."""
    w = Weights()
    body = f"""
      a = Gemm(x, {w("wa", 6, 8)}, {w("ba", 8)})
      b = Gemm(x, {w("wb", 6, 4)}, {w("bb", 4)})
      t = Tanh(a)
      c = Concat<axis=1>(t, b, x)
      g, h = Split<axis=1>(c, sizes)
      s = Sigmoid(g)
      m = Mul(s, t)
      y = Concat<axis=1>(m, h)"""
    w.text += ["int64[2] sizes = {8, 10}"]
    return graph("float[1,6] x", "float[1,18] y", body, w)


def transformer():
    w = Weights()
    body = f"""
      n = LayerNormalization(x, {w("scale", 8)}, {w("bias", 8)})
      q = MatMul(n, {w("wq", 8, 8)})
      k = MatMul(n, {w("wk", 8, 8)})
      kt = Transpose<perm=[0,2,1]>(k)
      s = MatMul(q, kt)
      p = Softmax(s)
      v = MatMul(p, n)
      r = Add(v, x)
      f = MatMul(r, {w("wf", 8, 16)})
      fb = Add(f, {w("bf", 16)})
      er = Erf(fb)
      y = Mul(fb, er)"""
    return graph("float[1,6,8] x", "float[1,6,16] y", body, w)


def awkward_names():
    """Names that are C++ keywords or look like our own."""
    w = Weights()
    body = f"""
      class = Gemm(int, {w("arena", 4, 3)})
      a_run = Relu(class)
      netsuke = Neg(class)"""
    return graph("float[1,4] int", "float[1,3] a_run, float[1,3] netsuke", body, w)


def qoperator():
    """Integers all through, between uint8 and int8 values of the caller."""
    w = Weights()
    x, c, p = w.grid("x", 0.02, 120), w.grid("c", 0.05, 128), w.grid("p", 0.04, 100)
    k, v, y = w.grid("k", 0.01, 0, "int8"), w.grid("v", 0.01, 128), w.grid("y", 0.1, 3)
    body = f"""
      c = QLinearConv<strides=[2,2], pads=[1,1,1,1]>(x, {x}, {w.integers("int8", "w1", 6, 3, 3, 3)}, {k}, {c}, b)
      m = MaxPool<kernel_shape=[2,2]>(c)
      a = com.microsoft.QLinearAveragePool<kernel_shape=[2,2]>(m, {c}, {p})
      l = com.microsoft.QLinearLeakyRelu<alpha=0.1>(a, {p}, {c})
      s = com.microsoft.QLinearAdd(l, {c}, a, {p}, {p})
      t = com.microsoft.QLinearConcat<axis=1>({c}, s, {p}, l, {c})
      f = Flatten(t)
      y = com.microsoft.QGemm<transB=1>(f, {c}, {w.integers("uint8", "w2", 4, 48, low=0, high=255)}, {v}, , {y})"""
    w.integers("int32", "b", 6, low=-3000, high=3000)
    return graph("uint8[1,3,8,7] x", "uint8[1,4] y, uint8[1,6,4,4] c", body, w)


def dynamic():
    w = Weights()
    body = f"""
      a, sa, za = DynamicQuantizeLinear(x)
      b = ConvInteger<pads=[1,1,1,1], group=2>(a, {w.integers("uint8", "w1", 6, 2, 3, 3, low=0, high=255)}, za, {w.integers("uint8", "z1", 6, low=0, high=255)})
      c = Cast<to=1>(b)
      d = Mul(c, sa)
      e = Relu(d)
      f = Flatten(e)
      g, sg, zg = DynamicQuantizeLinear(f)
      h = MatMulInteger(g, {w.integers("int8", "w2", 6 * 5 * 5, 3)}, zg)
      i = Cast<to=1>(h)
      y = Mul(i, sg)
      m = MatMulInteger(g, u, zg, v)"""
    return graph("float[1,4,5,5] x, uint8[150,2] u, uint8[2] v", "float[1,3] y, int32[1,2] m", body, w)


def unread_input():
    """Only the shape of z matters."""
    return graph("float[2,3] x, float[2,3] z", "float[2,3] y", "s = Shape(z)\n a = Reshape(x, s)\n y = Relu(a)")


def no_arena():
    return graph("float[7] x", "float[7] y", "y = Relu(x)")


kSmallModels = {f.__name__: f for f in (cnn, residual, upsampling, elementwise, reductions, movement, views, transformer,
                                        qoperator, dynamic, awkward_names, unread_input, no_arena)}
