#!/usr/bin/env python3
"""Quantises the float models of ../shared and compares with the int8 reference models there: docs/quantization.md.

mlperf_test.py [MODEL...] [--markdown]   --markdown prints the table of the documentation

Judged by onnxruntime as it runs by default: mean square error of the outputs on the stored data sets, against the float
model's. Calibration data are those inputs and variations of them. The generated integer code must agree with onnxruntime
within one step of the output's grid, and onnxruntime must have fused every Conv, Gemm and MatMul with its grids.
"""

import json
import os
import pathlib
import platform
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import netsuke_tool as tool  # noqa: E402

try:
    import numpy as np
    import onnx
    import onnx.numpy_helper
    import onnxruntime
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

kModels = ["kws_float", "vww_float", "vww_bn", "ic_float", "ic_bn", "ad_float"]
kVariations = 15  # of each input


def tensors(folder, kind):
    files = sorted(folder.glob(f"{kind}_*.pb"))
    return [onnx.numpy_helper.to_array(onnx.TensorProto.FromString(f.read_bytes())) for f in files]


def data_sets(name):
    """Inputs and expected outputs of a model with one of each."""
    folders = sorted((tool.kSharedModels / name).glob("test_data_set_*"))
    return [tensors(f, "input")[0] for f in folders], [tensors(f, "output")[0] for f in folders]


def run(path, inputs, optimised=None):
    """Outputs of the model; `optimised`: file for the graph that onnxruntime made of it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Processors with AVX2 but no VNNI saturate sums of two products of uint8 with int8, unless told to be precise.
    options.add_session_config_entry("session.x64quantprecision", "1")
    if optimised:
        options.optimized_model_filepath = str(optimised)
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return [session.run(None, {session.get_inputs()[0].name: x})[0] for x in inputs]


def image(x, top, rng):
    """Moved, perhaps mirrored, brighter or darker; pixels stay on the 8-bit grid."""
    x = np.roll(x, rng.integers(-8, 9, 2), axis=(2, 3))
    x = x[..., ::-1] if rng.random() < 0.5 else x
    return np.clip(np.round(x * rng.uniform(0.6, 1.2) / top * 255), 0, 255) / 255 * top


def spectrogram(x, rng):
    x = np.roll(x, rng.integers(-6, 7), axis=2) + rng.normal(0, 0.05 * x.std(), x.shape)
    x[..., 0] += rng.normal()  # the first coefficient is the loudness
    return x


def sound(x, rng):
    return x + rng.normal(0, 1.5, x.shape) + rng.normal(0, 1.5)


def variation(family, x, rng):
    if family in ("vww", "ic"):
        return image(x, 255 if family == "ic" else 1, rng)
    return spectrogram(x, rng) if family == "kws" else sound(x, rng)


def calibration(name, inputs):
    rng = np.random.default_rng(0)
    family = name.split("_")[0]
    samples = [s for x in inputs for s in [x, *(variation(family, x, rng) for _ in range(kVariations))]]
    return np.concatenate(samples).astype(np.float32)


def square_error(outputs, expected):
    return float(np.mean([(o.astype(np.float64) - e) ** 2 for o, e in zip(outputs, expected)]))


def store(folder, inputs, outputs):
    for k, (x, y) in enumerate(zip(inputs, outputs)):
        data_set = folder / f"test_data_set_{k}"
        data_set.mkdir()
        for kind, array in (("input", x), ("output", y)):
            (data_set / f"{kind}_0.pb").write_bytes(onnx.numpy_helper.from_array(array).SerializeToString())


def steps_from_onnxruntime(model, folder, inputs, outputs):
    """Largest differences of the generated code from onnxruntime and from the float64 meaning, in steps of the output's
    grid, for each data set."""
    store(folder, inputs, outputs)
    done = tool.netsuke("verify", model, "--data", folder, "--json", "--tolerance", 1)
    report = json.loads(done.stdout)
    assert all(c.get("exact", True) for c in report["comparisons"]), done.stdout
    return [(c["against_expected"] / c["step"], c["against_reference"] / c["step"]) for c in report["comparisons"]]


def float_layers(path):
    return [n.name for n in onnx.load(str(path)).graph.node if n.op_type in ("Conv", "Gemm", "MatMul")]


def measure(name):
    inputs, expected = data_sets(name)
    reference = run(tool.kSharedModels / (name.split("_")[0] + "_int8") / "model.onnx", inputs)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        np.save(scratch / "calibration.npy", calibration(name, inputs))
        model = scratch / "model.onnx"
        done = tool.netsuke("quantize", tool.kSharedModels / name / "model.onnx", "--calibration",
                            scratch / "calibration.npy", "-o", model, "--json")
        assert done.returncode == 0, done.stderr
        onnx.checker.check_model(str(model), full_check=True)
        outputs = run(model, inputs, scratch / "optimised.onnx")
        in_float = float_layers(scratch / "optimised.onnx") if platform.machine() == "x86_64" else []
        steps = steps_from_onnxruntime(model, scratch, inputs, outputs)
    snr = json.loads(done.stdout)["outputs"]["snr_db"]
    return {"name": name, "ours": square_error(outputs, expected), "reference": square_error(reference, expected),
            "steps": steps, "snr_db": snr, "in_float": in_float}


def main():
    if not tool.shared_is_present():
        print("skipped: no ../shared")
        return 77
    names = [a for a in sys.argv[1:] if not a.startswith("--")] or kModels
    markdown = "--markdown" in sys.argv
    if markdown:
        print("| model | int8 reference | quantised here | ratio | generated code against onnxruntime, steps |\n|---|---:|---:|---:|---:|")
    failed = 0
    for name in names:
        m = measure(name)
        good = m["ours"] <= m["reference"] and not m["in_float"] and max(s[0] for s in m["steps"]) <= 1.01
        failed += not good
        if markdown:
            print(f"| {name} | {m['reference']:.2e} | {m['ours']:.2e} | {m['ours'] / m['reference']:.3f} | {max(s[0] for s in m['steps']):.0f} |")
        else:
            print(f"{'ok  ' if good else 'FAIL'} {name}: mean square error {m['ours']:.2e}, reference {m['reference']:.2e}; {m['snr_db']:.1f} dB on "
                  f"the calibration data; generated code within {' '.join(f'{s[0]:.0f}' for s in m['steps'])} steps of onnxruntime, "
                  f"{' '.join(f'{s[1]:.0f}' for s in m['steps'])} of float64"
                  f"{'; onnxruntime runs in float: ' if m['in_float'] else ''}{' '.join(m['in_float'])}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
