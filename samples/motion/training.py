"""What both networks are trained with: AdamW on random windows, cross-validation over recordings."""
import functools
import os

# Read when jax is imported. One thread: the machine's number of cores must not change the result.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np

import dataset

BATCH = 64
DECAY = 1e-2  # decoupled weight decay, on weights only
SMOOTHING = 0.05  # of the labels


def loss_of(params, forward, inputs, labels):
    classes = len(dataset.CLASSES)
    target = jax.nn.one_hot(labels, classes) * (1 - SMOOTHING) + SMOOTHING / classes
    return -(target * jax.nn.log_softmax(forward(params, inputs))).sum(axis=-1).mean()


@functools.partial(jax.jit, static_argnames=("forward", "steps", "peak"))
def train_step(state, forward, inputs, labels, step, steps, peak):
    """AdamW (Loshchilov and Hutter 2019); the rate falls to zero along half a cosine."""
    params, first, second = state
    grads = jax.grad(loss_of)(params, forward, inputs, labels)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, grads)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)
    rate = peak * 0.5 * (1 + jnp.cos(jnp.pi * step / steps))

    def move(p, m, v):
        direction = (m / (1 - 0.9 ** (step + 1))) / (jnp.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8)
        return p - rate * (direction + (DECAY * p if p.ndim > 1 else 0))

    return jax.tree.map(move, params, first, second), first, second


def train(model, widths, readings, labels, seed):
    """model: cnn or mlp. Returns the parameters: for each layer its weight and bias."""
    rng = np.random.default_rng(seed)
    params = model.initial(rng, widths)
    zeros = jax.tree.map(np.zeros_like, params)
    state = (params, zeros, zeros)
    for step in range(model.STEPS):
        cut, pick = dataset.random_windows(readings, rng, BATCH)
        inputs = model.inputs_of(cut)
        state = train_step(state, model.forward, inputs, labels[pick], np.float32(step), model.STEPS, model.RATE)
    return jax.tree.map(np.asarray, state[0])


def cross_validate(model, widths, readings, labels, seed, count=5):
    """How many windows and of recordings are right, each judged by a network that has not seen its recording."""
    fold = dataset.folds(labels, count, seed)
    logits = np.empty((len(labels) * len(dataset.STARTS), len(dataset.CLASSES)), np.float32)
    for k in range(count):
        params = train(model, widths, readings[fold != k], labels[fold != k], seed + k)
        held = np.repeat(fold == k, len(dataset.STARTS))
        logits[held] = model.forward(params, model.inputs_of(dataset.windows(readings[fold == k])))
    return accuracy(np.asarray(jax.nn.softmax(logits)), labels)


def accuracy(scores, labels):
    """Of single windows, and of whole recordings, whose windows' scores are added up."""
    windows = len(dataset.STARTS)
    whole = scores.reshape(-1, windows, scores.shape[-1]).sum(axis=1)
    right = scores.argmax(axis=1) == np.repeat(labels, windows)
    return {"windows": int(right.sum()), "recordings": int((whole.argmax(axis=1) == labels).sum())}
