#!/usr/bin/env python3
"""Random models, and what onnxruntime says about them, against generated code: a witness that shares nothing with us.

usage: witness.py [--seeds 1,2,3] [--families NAME,...] [--opsets 7,...] [--nodes N] [--keep DIR]

For each family, opset and seed one model of many independent nodes, so that one build of generated code judges all of
them; and one chain of layers as networks have them, for the passes. What onnxruntime does not implement is left out.
exit codes: 0 all agree, 1 not, 77 skipped (no onnxruntime here)
"""

import argparse
import collections
import pathlib
import sys
import tempfile

kHere = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(kHere.parent / "support"), str(kHere)]
import netsuke_tool as tool  # noqa: E402
import oracle  # noqa: E402  (before what it needs, too)
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402
import cases  # noqa: E402
import networks  # noqa: E402

kOpsets = (7, 9, 11, 13, 17, 18, 21, 24)
kTolerance = "2e-5"


class Parts:
    """A model under construction."""

    def __init__(self):
        self.nodes, self.inputs, self.values, self.initialisers, self.outputs = [], [], [], [], []

    def add(self, case):
        """Adds the node; its number prefixes all its names."""
        number, names = len(self.nodes), []
        for i, value in enumerate(case.inputs):
            names.append("" if value is None else f"n{number}_x{i}")
            if isinstance(value, cases.Constant):
                self.initialisers.append(numpy_helper.from_array(value.array, names[-1]))
            elif value is not None:
                self.inputs.append(helper.make_tensor_value_info(
                    names[-1], helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
                self.values.append(value)
        outputs = [f"n{number}_y{i}_{case.op}" for i in range(case.outputs)]
        self.nodes.append(helper.make_node(case.op, names, outputs, f"n{number}", **case.attributes))
        self.outputs += outputs

    def model(self, opset):
        # Outputs without a type: onnxruntime and netsuke both infer it.
        infos = [onnx.ValueInfoProto(name=n) for n in self.outputs]
        graph = helper.make_graph(self.nodes, "g", self.inputs, infos, self.initialisers)
        ir = min(10, helper.find_min_ir_version_for([helper.make_opsetid("", opset)]))
        return helper.make_model(graph, ir_version=ir, opset_imports=[helper.make_opsetid("", opset)])


def random_nodes(family, opset, seed, count, used):
    """A model of `count` nodes at most, its inputs and onnxruntime's answers."""
    r, parts, answers = np.random.default_rng([seed, opset, sorted(cases.kFamilies).index(family)]), Parts(), []
    for _ in range(count):
        case = cases.kFamilies[family][r.integers(len(cases.kFamilies[family]))](r, opset)
        if case is None:
            continue
        alone = Parts()
        alone.add(case)
        try:
            said = oracle.answers(alone.model(opset), alone.values)
        except Exception as e:  # what it raises is not documented
            used[f"{case.op} ({'not implemented' if 'NOT_IMPLEMENTED' in str(e) else str(e).splitlines()[0]})"] += 1
            continue
        if any(a.size == 0 for a in said):  # netsuke refuses outputs without elements
            continue
        used[case.op] += 1
        parts.add(case)
        answers += said
    return parts.model(opset), parts.values, answers


def verify(name, folder, model, values, answers):
    """What is wrong, as text; empty if nothing is."""
    oracle.write_data(folder, 0, values, answers)
    onnx.save(model, folder / "model.onnx")
    done = tool.netsuke("verify", folder / "model.onnx", "--data", folder, "--tolerance", kTolerance)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stdout.splitlines() if not line.startswith("ok")]
    nodes = {f"n{i}": helper.printable_node(n) for i, n in enumerate(model.graph.node)}
    guilty = sorted({word.split("_")[0] for line in lines for word in line.split() if word.split("_")[0] in nodes})
    return "\n".join([f"{name}: exit code {done.returncode}", *lines, done.stderr, *(nodes[n] for n in guilty)])


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", default="1")
    p.add_argument("--families", default=",".join([*cases.kFamilies, "networks"]))
    p.add_argument("--opsets", default=",".join(map(str, kOpsets)))
    p.add_argument("--nodes", type=int, default=25)
    p.add_argument("--keep", type=pathlib.Path)
    p.add_argument("--verbose", action="store_true", help="what was tried, and what onnxruntime does not have")
    return p.parse_args()


def main():
    a = parse_arguments()
    used, failures, models = collections.Counter(), [], 0
    with tempfile.TemporaryDirectory(prefix="netsuke-witness-") as scratch:
        for seed in map(int, a.seeds.split(",")):
            for family in a.families.split(","):
                for opset in map(int, a.opsets.split(",")):
                    if family == "networks":
                        made = networks.random_network(seed, opset)
                        made = (*made, oracle.answers(*made))
                    else:
                        made = random_nodes(family, opset, seed, a.nodes, used)
                    name = f"{family}-{opset}-{seed}"
                    failures.append(verify(name, (a.keep or pathlib.Path(scratch)) / name, *made))
                    models += 1
    failures = [f for f in failures if f]
    if a.verbose:
        print(*(f"{count:5} {op}" for op, count in sorted(used.items())), sep="\n")
    print(*failures, sep="\n")
    print(f"{models} models, {sum(used.values())} nodes of {len(used)} kinds: {len(failures)} models disagree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
