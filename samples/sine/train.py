"""Fits y = sin(x) on 0 <= x <= 2 pi with a one-hidden-layer network and writes it as ONNX.

    python train.py [--hidden 16] [--seed 1] [--folder DIR]

y = c . tanh(a x + b) + d has 3 * hidden + 1 parameters, few enough for Levenberg-Marquardt: every step
solves the linearised least-squares problem exactly instead of creeping along the gradient. A uniform grid
is fitted; the error is then measured between its points. Writes model.onnx, test_data_set_*/, expected.h.
"""
import argparse
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
TWO_PI = 2 * np.pi
STEPS = 16  # what main.c evaluates: x = 2 pi k / STEPS, k = 0 .. STEPS
VECTORS = [0.0, 0.5, 1.5707964, 4.0, 6.2831855]


def evaluate(theta, x):
    """theta: a, b, c of `hidden` values each, then d. Returns y and its Jacobian [points, parameters]."""
    a, b, c = theta[:-1].reshape(3, -1)
    h = np.tanh(np.outer(x, a) + b)
    slope = (1 - h * h) * c
    jacobian = np.hstack([slope * x[:, None], slope, h, np.ones((len(x), 1))])
    return h @ c + theta[-1], jacobian


def start(hidden, rng):
    """The bends of the tanh units spread over the interval, so that no two units begin alike."""
    a = rng.uniform(0.7, 1.3, hidden) * rng.choice([-1, 1], hidden)
    centre = (np.arange(hidden) + rng.random(hidden)) * TWO_PI / hidden
    return np.concatenate([a, -a * centre, rng.normal(0, 0.3, hidden), [0.0]])


def fit(hidden, seed, rounds=300, decay=1e-7):
    """decay keeps the weights small: huge ones that cancel would cost float its digits."""
    x = np.linspace(0, TWO_PI, 400)
    theta, damping = start(hidden, np.random.default_rng(seed)), 1e-2

    def cost(t):
        return np.mean((evaluate(t, x)[0] - np.sin(x)) ** 2) + decay * np.mean(t * t)

    for _ in range(rounds):
        y, jacobian = evaluate(theta, x)
        gradient = jacobian.T @ (y - np.sin(x)) / len(x) + decay * theta / len(theta)
        hessian = jacobian.T @ jacobian / len(x) + np.eye(len(theta)) * (decay / len(theta) + damping * 1e-3)
        step = np.linalg.solve(hessian, gradient)
        better = cost(theta - step) < cost(theta)
        theta = theta - step if better else theta
        damping = damping / 3 if better else damping * 4
    return theta


def to_onnx(theta):
    """Input x [N,1] in radians, output y [N,1]."""
    a, b, c = theta[:-1].reshape(3, -1).astype(np.float32)
    constants = {"hidden_weight": a[None], "hidden_bias": b, "out_weight": c[:, None], "out_bias": theta[-1:]}
    initializers = [numpy_helper.from_array(v.astype(np.float32), name) for name, v in constants.items()]
    nodes = [
        helper.make_node("Gemm", ["x", "hidden_weight", "hidden_bias"], ["hidden_sum"], name="hidden"),
        helper.make_node("Tanh", ["hidden_sum"], ["hidden_out"], name="tanh"),
        helper.make_node("Gemm", ["hidden_out", "out_weight", "out_bias"], ["y"], name="out"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "sine", ends[:1], ends[1:], initializers)
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, producer_name="netsuke samples/sine", opset_imports=[opset])
    model.ir_version = 7  # what opset 13 came with
    onnx.checker.check_model(model, full_check=True)
    return model


def run_onnx(path, x):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": np.asarray(x, np.float32).reshape(-1, 1)})[0]


def write_vectors(path, folder):
    for i, x in enumerate(VECTORS):
        data_set = folder / f"test_data_set_{i}"
        data_set.mkdir(exist_ok=True)
        ends = {"input_0.pb": ("x", np.float32([[x]])), "output_0.pb": ("y", run_onnx(path, [x]))}
        for file, (name, array) in ends.items():
            (data_set / file).write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def write_expected(path, folder):
    """expected.h: onnxruntime's answers at the points that main.c evaluates, in thousandths."""
    y = run_onnx(path, [TWO_PI * k / STEPS for k in range(STEPS + 1)])[:, 0]
    values = ", ".join(str(round(1000 * float(v))) for v in y)
    (folder / "expected.h").write_text(
        "// Made by train.py, not by hand: what onnxruntime says at x = 2 pi k / kSteps, in thousandths.\n"
        "#ifndef SINE_EXPECTED_H\n#define SINE_EXPECTED_H\n\n#include <stdint.h>\n\n"
        f"enum {{ kSteps = {STEPS} }};\n\n"
        f"static const int16_t kExpected[kSteps + 1] = {{\n    {values}}};\n\n#endif  // SINE_EXPECTED_H\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE, help="where the results go")
    args = parser.parse_args()
    theta = fit(args.hidden, args.seed)
    path = args.folder / "model.onnx"
    path.write_bytes(to_onnx(theta).SerializeToString())
    x = np.linspace(0, TWO_PI, 10007)
    error = np.abs(run_onnx(path, x)[:, 0] - np.sin(x)).max()
    print(f"{len(theta)} parameters, largest |{np.abs(theta).max():.2f}|, largest error {error:.6f}")
    write_vectors(path, args.folder)
    write_expected(path, args.folder)


if __name__ == "__main__":
    main()
