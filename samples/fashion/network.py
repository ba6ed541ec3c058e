"""The network, once as data (LAYERS) and once as JAX functions for training.

A depthwise-separable block is a 3x3 depthwise and a 1x1 pointwise convolution, each with BatchNorm and ReLU.
Layout inside: [channel, row, column, image], so that the innermost loops run over the images of a batch.
Convolutions are written as shifted slices and matrix products, out of which XLA makes fast CPU code.
"""
import collections

import jax
import jax.numpy as jnp
import numpy as np

# kind: conv (3x3, all channels), depthwise (3x3), pointwise (1x1); all with stride 1.
# pool: whether a 2x2 max pool follows.
# skip: how many layers back the tensor lies whose values are added to this layer's output (0: none).
Layer = collections.namedtuple("Layer", "name kind inputs outputs pool skip")

LAYERS = [
    Layer("conv1", "conv", 1, 8, True, 0),  # 28x28x8, pooled to 14x14x8
    Layer("depth2", "depthwise", 8, 8, False, 0),
    Layer("point2", "pointwise", 8, 32, False, 0),  # 14x14x32
    Layer("depth3", "depthwise", 32, 32, False, 0),
    Layer("point3", "pointwise", 32, 32, True, 0),  # pooled to 7x7x32
    Layer("depth4", "depthwise", 32, 32, False, 0),
    Layer("point4", "pointwise", 32, 64, False, 0),  # 7x7x64
    Layer("depth5", "depthwise", 64, 64, False, 0),
    Layer("point5", "pointwise", 64, 64, False, 2),  # plus the output of point4
    Layer("depth6", "depthwise", 64, 64, False, 0),
    Layer("point6", "pointwise", 64, 64, False, 2),  # plus the output of point5
]
CLASS_COUNT = 10
EPSILON = 1e-3  # of every BatchNorm


def weight_shape(layer):
    """HWIO for a full convolution, HWC for a depthwise one, IO for a pointwise one."""
    shapes = {
        "conv": (3, 3, layer.inputs, layer.outputs),
        "depthwise": (3, 3, layer.outputs),
        "pointwise": (layer.inputs, layer.outputs),
    }
    return shapes[layer.kind]


def initial(seed):
    """(trained parameters, BatchNorm running statistics), He-initialised."""
    rng = np.random.default_rng(seed)
    params, stats = {}, {}
    for layer in LAYERS:
        shape = weight_shape(layer)
        fan_in = 9 if layer.kind == "depthwise" else int(np.prod(shape[:-1]))
        params[layer.name] = {
            "weight": rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32),
            "scale": np.ones(layer.outputs, np.float32),
            "shift": np.zeros(layer.outputs, np.float32),
        }
        ones = np.ones(layer.outputs, np.float32)
        stats[layer.name] = {"mean": 0 * ones, "var": ones}
    last = LAYERS[-1].outputs
    weight = rng.normal(0, np.sqrt(1 / last), (last, CLASS_COUNT)).astype(np.float32)
    params["dense"] = {"weight": weight, "bias": np.zeros(CLASS_COUNT, np.float32)}
    return params, stats


def windows(x):
    """The nine shifted views of x under a 3x3 window with one pixel of zero padding."""
    height, width = x.shape[1], x.shape[2]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return [padded[:, dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)]


def convolve(layer, weight, x):
    if layer.kind == "depthwise":
        taps = weight.reshape(9, -1)[:, :, None, None, None]
        return sum(view * tap for view, tap in zip(windows(x), taps))
    if layer.kind == "conv":
        x, weight = jnp.concatenate(windows(x)), weight.reshape(-1, layer.outputs)
    return jnp.tensordot(weight, x, axes=(0, 0))


def max_pool(x):
    """2x2, stride 2."""
    rows = jnp.maximum(x[:, 0::2], x[:, 1::2])
    return jnp.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


def channel_mean(x):
    """The mean over all but the channels, as a matrix product: XLA's own reductions are slow on a CPU."""
    flat = x.reshape(x.shape[0], -1)
    return flat @ jnp.full(flat.shape[1], 1 / flat.shape[1], jnp.float32)


def normalise(y, p, used):
    factor = p["scale"] * jax.lax.rsqrt(used["var"] + EPSILON)
    offset = p["shift"] - used["mean"] * factor
    return y * factor[:, None, None, None] + offset[:, None, None, None]


def forward(params, stats, images, training):
    """images [count, 28, 28] in 0..1 -> (logits [count, 10], batch statistics).

    Training normalises by the batch's own statistics and returns them, otherwise by `stats`.
    """
    tensors, seen = [jnp.moveaxis(images, 0, -1)[None]], {}
    for layer in LAYERS:
        p = params[layer.name]
        y = convolve(layer, p["weight"], tensors[-1])
        if training:
            mean = channel_mean(y)
            seen[layer.name] = {"mean": mean, "var": channel_mean(jnp.square(y - mean[:, None, None, None]))}
        y = jax.nn.relu(normalise(y, p, seen[layer.name] if training else stats[layer.name]))
        y = y + tensors[-layer.skip] if layer.skip else y
        tensors.append(max_pool(y) if layer.pool else y)
    features = tensors[-1].mean(axis=(1, 2))
    return features.T @ params["dense"]["weight"] + params["dense"]["bias"], seen
