"""Trains the sample's network and writes it with all that is derived from it.

    python train.py [--seed 1] [--folder DIR] [--phase 1]

Writes model.onnx, test_data_set_*/, images.h and accuracy.json next to this file. The same seed on the
same machine gives the same model; another processor may round differently and end a little elsewhere.
--phase 1 begins with the second phase, from the model.onnx that the first one left; the result is the same.
"""
import argparse
import collections
import functools
import os
import pathlib
import time

# Read when jax is imported; makes a step 1.5 times faster.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")

import jax
import jax.numpy as jnp
import numpy as np

import artifacts
import dataset
import network
import onnx_export

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 256
# rate: AdamW's step size at the top of the schedule. reach: by how many pixels images are moved, at most.
Phase = collections.namedtuple("Phase", "epochs rate reach")
# So small a network cannot learn every moved image; it ends on images that lie as those of the test do.
PHASES = [Phase(15, 6e-3, 2), Phase(5, 3e-3, 0)]
DECAY = 1e-2  # decoupled weight decay, on weights only
SMOOTHING = 0.05  # of the labels
MOMENTUM = 0.95  # of the BatchNorm running statistics


def loss_of(params, stats, images, labels):
    logits, seen = network.forward(params, stats, images, training=True)
    target = jax.nn.one_hot(labels, network.CLASS_COUNT) * (1 - SMOOTHING) + SMOOTHING / network.CLASS_COUNT
    loss = -(target * jax.nn.log_softmax(logits)).sum(axis=-1).mean()
    return loss, seen


def rate_at(step, steps, peak):
    """Linear warm-up over the first 3 %, then half a cosine down to zero."""
    warm = 0.03 * steps
    falling = 0.5 * (1 + jnp.cos(jnp.pi * jnp.clip((step - warm) / (steps - warm), 0, 1)))
    return peak * jnp.minimum(step / warm, falling)


def adamw(params, grads, first, second, step, rate):
    """Loshchilov and Hutter 2019; biases, scales and shifts (rank 1) are not decayed."""
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, grads)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)

    def move(p, m, v):
        direction = (m / (1 - 0.9**step)) / (jnp.sqrt(v / (1 - 0.999**step)) + 1e-8)
        return p - rate * (direction + (DECAY * p if p.ndim > 1 else 0))

    return jax.tree.map(move, params, first, second), first, second


@functools.partial(jax.jit, static_argnames=("steps", "peak"))
def train_step(state, images, labels, step, steps, peak):
    params, stats, first, second = state
    pixels = images.astype(jnp.float32) / 255
    (loss, seen), grads = jax.value_and_grad(loss_of, has_aux=True)(params, stats, pixels, labels)
    params, first, second = adamw(params, grads, first, second, step, rate_at(step, steps, peak))
    stats = jax.tree.map(lambda old, new: MOMENTUM * old + (1 - MOMENTUM) * new, stats, seen)
    return (params, stats, first, second), loss


def train(images, labels, phase, start, rng):
    """One phase, with fresh optimiser moments. start: (parameters, statistics); returns the new ones."""
    params, stats = start
    zeros = jax.tree.map(np.zeros_like, params)
    state = (params, stats, zeros, zeros)
    per_epoch = len(images) // BATCH
    steps = phase.epochs * per_epoch
    for epoch in range(phase.epochs):
        begin, total = time.time(), 0.0
        fresh = dataset.augment(images, rng, phase.reach)
        order = rng.permutation(len(images))
        for i in range(per_epoch):
            pick = order[i * BATCH : (i + 1) * BATCH]
            step = np.float32(epoch * per_epoch + i + 1)
            state, loss = train_step(state, fresh[pick], labels[pick], step, steps, phase.rate)
            total += float(loss)
        print(f"epoch {epoch + 1:2d}  loss {total / per_epoch:.4f}  {time.time() - begin:.0f} s", flush=True)
    return jax.tree.map(np.asarray, state[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE, help="where the results go")
    parser.add_argument("--phase", type=int, default=0, help="begin with this one, from model.onnx")
    args = parser.parse_args()
    images, labels = dataset.load("train")
    model = args.folder / "model.onnx"
    state = onnx_export.from_onnx(model) if args.phase else network.initial(args.seed)
    for index in range(args.phase, len(PHASES)):
        state = train(images, labels, PHASES[index], state, np.random.default_rng(args.seed + index))
        model.write_bytes(onnx_export.to_onnx(*state).SerializeToString())
    artifacts.write_all(model, args.folder, *state)


if __name__ == "__main__":
    main()
