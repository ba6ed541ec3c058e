#!/usr/bin/env python3
"""Writes schemas.inc: for every ONNX operator and version, how many inputs and outputs it takes and which
attributes it has. Run it with the newest onnx package after a new opset has come out (then read what changed
and raise kNewestOpset in ops/op.hpp):  python make_schemas.py > schemas.inc"""
import onnx
from onnx import defs

OLDEST = 7  # the oldest opset that is read
# One letter for each attribute type; capital for lists. See schemas.hpp.
LETTERS = {
    "FLOAT": "f", "INT": "i", "STRING": "s", "TENSOR": "t", "GRAPH": "g", "SPARSE_TENSOR": "p", "TYPE_PROTO": "y",
    "FLOATS": "F", "INTS": "I", "STRINGS": "S", "TENSORS": "T", "GRAPHS": "G", "SPARSE_TENSORS": "P",
    "TYPE_PROTOS": "Y",
}


def count(n):
    return -1 if n > 1000000 else n


def row(schema):
    attributes = []
    for name, a in sorted(schema.attributes.items()):
        letter = LETTERS[str(a.type).split(".")[-1]]
        attributes.append(f"{name}:{letter}{'!' if a.required else ''}")
    counts = (schema.min_input, schema.max_input, schema.min_output, schema.max_output)
    return ", ".join(str(count(c)) for c in counts) + ', "' + " ".join(attributes) + '"'


def main():
    history = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            history.setdefault(schema.name, []).append(schema)
    print(f"// Made by make_schemas.py with onnx {onnx.__version__} (opset {defs.onnx_opset_version()}): do not edit.")
    for name, schemas in sorted(history.items()):
        schemas.sort(key=lambda s: s.since_version)
        previous = None
        for i, schema in enumerate(schemas):
            if i + 1 < len(schemas) and schemas[i + 1].since_version <= OLDEST:
                continue
            text = row(schema)
            if text != previous:
                print(f'{{"{name}", {schema.since_version}, {text}}},')
            previous = text


main()
