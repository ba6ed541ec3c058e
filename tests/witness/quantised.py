#!/usr/bin/env python3
"""Small random float models, quantised by onnxruntime in each of its ways, in generated code and in onnxruntime.

usage: quantised.py [--seeds 1,2,3] [--networks NAME,...] [--ways NAME,...] [--keep DIR]

The ways are those of onnxruntime.quantization: QDQ and QOperator models of uint8 and int8 activations and weights, per
tensor and per channel, 16-bit activations, and dynamic quantisation. Outputs must agree within one step of the output's
scale; dynamic ones, which end in float, within 1/1000 of their range.
exit codes: 0 all agree, 1 not, 77 skipped (no onnxruntime here)
"""

import argparse
import logging
import pathlib
import sys
import tempfile
import warnings

kHere = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(kHere.parent / "support"), str(kHere)]
import netsuke_tool as tool  # noqa: E402
import oracle  # noqa: E402  (before what it needs, too)
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import numpy_helper  # noqa: E402
from onnxruntime import quantization as ort  # noqa: E402
import quantised_networks  # noqa: E402

logging.disable(logging.WARNING)
warnings.filterwarnings("ignore")

U8, S8, U16, S16 = ort.QuantType.QUInt8, ort.QuantType.QInt8, ort.QuantType.QUInt16, ort.QuantType.QInt16
kQdq, kQOperator = ort.QuantFormat.QDQ, ort.QuantFormat.QOperator


def static(form, activation, weight, per_channel=False, **extra):
    return dict(quant_format=form, activation_type=activation, weight_type=weight, per_channel=per_channel, extra_options=extra)


kWays = {
    "qdq_u8s8": static(kQdq, U8, S8),
    "qdq_u8s8_channels": static(kQdq, U8, S8, True),
    "qdq_s8s8_channels": static(kQdq, S8, S8, True),
    "qdq_u8u8": static(kQdq, U8, U8),
    "qdq_symmetric": static(kQdq, S8, S8, True, ActivationSymmetric=True),
    "qdq_s16s8": static(kQdq, S16, S8, True, ActivationSymmetric=True),
    "qdq_u16s8": static(kQdq, U16, S8, True),
    "qdq_float_bias": static(kQdq, U8, S8, True, QuantizeBias=False),
    "qdq_q_weights": static(kQdq, U8, S8, True, AddQDQPairToWeight=True),
    "qoperator_u8s8": static(kQOperator, U8, S8),
    "qoperator_u8s8_channels": static(kQOperator, U8, S8, True),
    "qoperator_s8s8": static(kQOperator, S8, S8),
    "qoperator_u8u8": static(kQOperator, U8, U8),
    "dynamic_s8": dict(weight_type=S8),
    "dynamic_u8": dict(weight_type=U8),
    "dynamic_channels": dict(weight_type=S8, per_channel=True),
}


class Reader(ort.CalibrationDataReader):
    def __init__(self, values):
        self.left = [{"x": v} for v in values]

    def get_next(self):
        return self.left.pop() if self.left else None


def quantised(model, way, values, folder):
    source, target = folder / "float.onnx", folder / "model.onnx"
    onnx.save(model, source)
    options = {k: v for k, v in kWays[way].items()}
    if way.startswith("dynamic"):
        ort.quantize_dynamic(source, target, **options)
    else:
        ort.quantize_static(source, target, Reader(values), **options)
    return onnx.load(target)


def step_of(model, name):
    """The scale of the DequantizeLinear that makes this output; 0 if it is made by something else."""
    scales = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    for n in model.graph.node:
        if name in n.output and n.op_type == "DequantizeLinear":
            return float(scales[n.input[1]])
    return 0.0


def tolerance_of(model, results):
    """One step of the output, relative to the range that netsuke verify divides by."""
    worst = 0.0
    for output, result in zip(model.graph.output, results):
        width = max(result.max(), 0) - min(result.min(), 0)
        worst = max(worst, (1.01 * step_of(model, output.name) / width) if width else 0)
    return worst or 1e-3


def check(network, way, seed, folder):
    """What is wrong, as text; empty if nothing is."""
    folder.mkdir(parents=True, exist_ok=True)
    model, shape = quantised_networks.make(network, seed)
    r = np.random.default_rng([seed, 7])
    values = [r.uniform(-1, 1, shape).astype(np.float32) for _ in range(6)]
    model = quantised(model, way, values, folder)
    tolerance = 1.0
    for i, value in enumerate(values[:3]):
        results = oracle.answers(model, [value])
        tolerance = min(tolerance, tolerance_of(model, results))
        oracle.write_data(folder, i, [value], results)
    done = tool.netsuke("verify", folder / "model.onnx", "--data", folder, "--tolerance", repr(float(tolerance)))
    if done.returncode == 0:
        return ""
    operators = " ".join(n.op_type for n in model.graph.node)
    return f"{folder.name}: exit code {done.returncode}, tolerance {tolerance:.3g}\n{done.stdout}{done.stderr}  {operators}"


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", default="1")
    p.add_argument("--networks", default=",".join(quantised_networks.kNetworks))
    p.add_argument("--ways", default=",".join(kWays))
    p.add_argument("--keep", type=pathlib.Path)
    return p.parse_args()


def main():
    a = parse_arguments()
    failures, models = [], 0
    with tempfile.TemporaryDirectory(prefix="netsuke-witness-") as scratch:
        for seed in map(int, a.seeds.split(",")):
            for network in a.networks.split(","):
                for way in a.ways.split(","):
                    failures.append(check(network, way, seed, (a.keep or pathlib.Path(scratch)) / f"{network}-{way}-{seed}"))
                    models += 1
    failures = [f for f in failures if f]
    print(*failures, sep="\n")
    print(f"{models} quantised models: {len(failures)} disagree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
