"""Instructions layer by layer, for `bench/run --layers`: of code that is generated with --profile, in one data set.

A layer's count includes the call of its hooks and what they do on their way in and out, about ten instructions a turn;
"no layer" is the rest of the hooks and the loop over rows.
"""

import json
import pathlib
import tempfile

import netsuke_tool as tool

kTestRun = tool.kRoot / "tests/target/run"


def measure(model, target, opt, mode, timeout, options=()):
    """[{layer, op, kernel, turns, macs, insns, m4_cycles}] with a last one for what is no layer, or a message."""
    with tempfile.TemporaryDirectory(prefix="netsuke-layers-") as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "data").mkdir()
        folder = tool.model_folder(model)
        data = tool.first_sets(folder, 1, scratch / "data")
        generated = "avr" if target.startswith("atmega") else target
        try:
            compiled = tool.compile_model(folder / "model.onnx", scratch / "gen", "--name", model, "--target", generated,
                                          "--with-test", data, "--optimize", mode, "--profile", *options)
        except tool.NotCompiled as e:
            return str(e)
        done = tool.run([kTestRun, target, scratch / "gen", model, "--json", "--layers", "--opt", opt, "--timeout", timeout])
    try:
        figures = json.loads(done.stdout)
    except json.JSONDecodeError:
        return done.stdout + done.stderr
    if figures["result"] != "PASS":
        return figures.get("reason") or figures["result"] + "\n" + done.stderr
    return [row_of(compiled["calls"], *line) for line in figures["layers"]]


def row_of(calls, layer, turns, insns, m4_cycles):
    call = calls[layer] if layer >= 0 else {"node": "no layer", "op": "", "kernel": "", "macs": 0}
    return {"layer": call["node"], "op": call["op"], "kernel": call["kernel"], "turns": turns, "macs": call["macs"],
            "insns": insns, "m4_cycles": m4_cycles or None}


def cells(row):
    per_mac = f"{row['insns'] / row['macs']:.2f}" if row["macs"] else ""
    cycles = f"{row['m4_cycles']:,}" if row["m4_cycles"] else ""
    return [row["layer"], row["op"], row["kernel"], f"{row['turns']:,}", f"{row['macs']:,}" if row["macs"] else "",
            f"{row['insns']:,}", per_mac, cycles]


def table(rows):
    """Lines of columns, with the sum."""
    total = {"layer": "in all", "op": "", "kernel": "", "turns": sum(r["turns"] for r in rows),
             "macs": sum(r["macs"] for r in rows), "insns": sum(r["insns"] for r in rows),
             "m4_cycles": sum(r["m4_cycles"] or 0 for r in rows)}
    head = ["layer", "operator", "kernel", "turns", "MACs", "instructions", "per MAC", "est. M4 cycles"]
    return [head] + [cells(r) for r in [*rows, total]]


def text(lines):
    widths = [max(len(line[c]) for line in lines) for c in range(len(lines[0]))]
    left = 3  # the columns before are words
    return "\n".join("  ".join(cell.ljust(w) if c < left else cell.rjust(w) for c, (cell, w) in enumerate(zip(line, widths)))
                     .rstrip() for line in lines)
