#!/usr/bin/env python3
"""Checks that docs/errors.md has every error id of the source, and no others:  check_ids.py SOURCE_DIR"""
import pathlib
import re
import sys

# fail("id", ...), fail_file("id", ...), Error{ErrorKind::kUsage, "id", ...}; the call may go over two lines.
USE = re.compile(r'(?:\bfail(?:_file|_usage|_data)?\(\s*|ErrorKind::k\w+,\s*)"([a-z0-9-]+)"')
# Ids that are put together at run time.
MADE = {"over-ram-budget", "over-flash-budget"}


def main():
    root = pathlib.Path(sys.argv[1])
    used = set(MADE)
    for folder in ("compiler", "passes"):
        for path in sorted((root / folder).rglob("*.cpp")):
            used.update(USE.findall(path.read_text()))
    documented = set(re.findall(r"^\| `([a-z0-9-]+)`", (root / "docs/errors.md").read_text(), re.M))
    for name in sorted(used - documented):
        print(f"FAIL '{name}' is not in docs/errors.md")
    for name in sorted(documented - used):
        print(f"FAIL '{name}' in docs/errors.md is used nowhere")
    print(f"{len(used & documented)} ids documented")
    return 0 if used == documented else 1


sys.exit(main())
