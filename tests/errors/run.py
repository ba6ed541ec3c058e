#!/usr/bin/env python3
"""Checks that netsuke says the right thing about each malformed model:  run.py NETSUKE MODELS_DIR EXPECTED.tsv

A line of the table: model, exit code, error id, a part of the message (with the node's name), and optionally more
options for netsuke. With `--update` the table gets rows for models it lacks; read them before committing."""
import pathlib
import subprocess
import sys
import tempfile
import time

LONGEST = 10  # seconds for one model
MEMORY = 2 << 30  # bytes of address space; a size that a model only claims must not be taken


def limit_memory():
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(netsuke, model, options, limited):
    """Returns problems, exit code, and what netsuke said."""
    with tempfile.TemporaryDirectory() as output:
        out = pathlib.Path(output) / "out"
        start = time.monotonic()
        try:
            done = subprocess.run([netsuke, "compile", str(model), "-o", str(out), *options], capture_output=True, text=True,
                                  errors="replace", timeout=6 * LONGEST, preexec_fn=limit_memory if limited else None)
        except subprocess.TimeoutExpired:
            return ["it hangs"], None, ""
        problems = []
        if time.monotonic() - start > LONGEST:
            problems.append(f"it takes more than {LONGEST} s")
        if done.returncode != 0 and out.exists() and any(out.rglob("*")):
            problems.append("files are left: " + ", ".join(p.name for p in out.rglob("*")))
        for sign in ("Sanitizer", "runtime error:", "terminate called", "error[internal]"):
            if sign in done.stderr:
                problems.append(f"'{sign}' in its output")
        return problems, done.returncode, done.stderr


def error_line(text):
    return next((line for line in text.splitlines() if line.startswith("error[")), "")


def check(row, problems, code, text):
    name, wanted_code, wanted_id, part = row[:4]
    if code != int(wanted_code):
        problems.append(f"exit code {code}, expected {wanted_code}")
    if wanted_id != "-" and not error_line(text).startswith(f"error[{wanted_id}]"):
        problems.append(f"expected error[{wanted_id}]")
    if wanted_id != "-" and part not in error_line(text):
        problems.append(f"expected '{part}'")
    if wanted_id != "-" and "  help: " not in text:
        problems.append("it does not say what to do")
    for problem in problems:
        print(f"FAIL {name}: {problem}\n     {text.strip()[:500]}")
    return not problems


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    netsuke, models, table = arguments[0], pathlib.Path(arguments[1]), pathlib.Path(arguments[2])
    limited = "--no-memory-limit" not in sys.argv  # a sanitizer's shadow memory is larger
    rows = [line.split("\t") for line in table.read_text().splitlines() if line and not line.startswith("#")]
    passed = sum(check(row, *run(netsuke, models / (row[0].split(":")[0] + ".onnx"), row[4].split() if len(row) > 4 else [], limited))
                 for row in rows)
    known = {row[0].split(":")[0] for row in rows}
    missing = [p for p in sorted(models.glob("*.onnx")) if p.stem not in known]
    for path in missing:
        problems, code, text = run(netsuke, path, [], limited)
        line = error_line(text)
        identity = line[6:line.find("]")] if line else "-"
        new = f"{path.stem}\t{code}\t{identity}\t{line[line.find(']') + 3:][:70]}"
        print(f"NEW  {new}" + "".join(f"   ({p})" for p in problems))
        if "--update" in sys.argv:
            with table.open("a") as file:
                file.write(new + "\n")
    print(f"{passed} of {len(rows)} as expected" + (f", {len(missing)} not in the table" if missing else ""))
    return 0 if passed == len(rows) and not missing else 1


sys.exit(main())
