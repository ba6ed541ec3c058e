"""What the Python parts of the tests and the benchmark share: where things are, and how to call netsuke.

The standard library only. The environment may say NETSUKE (the program to test) and NETSUKE_SHARED (the folder
that holds models/mlperf-tiny).
"""

import json
import os
import pathlib
import shutil
import subprocess

kRoot = pathlib.Path(__file__).resolve().parents[2]
kSharedModels = pathlib.Path(os.environ.get("NETSUKE_SHARED", kRoot / ".." / "shared")) / "models/mlperf-tiny"
kSharedNames = ("kws_float", "vww_float", "ic_float", "ad_float", "kws_int8", "vww_int8", "ic_int8", "ad_int8")
# name -> folder below samples/
kSamples = {"fashion": "fashion", "sine": "sine", "motion": "motion", "motion_float": "motion/float",
            "motion_mlp": "motion_mlp", "motion_mlp_float": "motion_mlp/float"}
kSampleNames = tuple(kSamples)
# How a sample's firmware has its model compiled, where that is not as by default.
kCompileOptions = {"motion_mlp": ("--io", "native")}
# Those of docs/design.md, "Emitted code".
kWarnings = ("-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Wcast-qual -Werror").split()


def netsuke_path():
    path = os.environ.get("NETSUKE") or str(kRoot / "build/netsuke")
    if not os.path.exists(path):
        raise SystemExit(f"there is no {path}: build it, or set NETSUKE")
    return os.path.abspath(path)


def shared_is_present():
    return kSharedModels.is_dir()


def model_folder(name):
    """The folder with model.onnx and test_data_set_<k>, or None if it is one of ../shared and that is absent."""
    folder = kRoot / "samples" / kSamples[name] if name in kSamples else kSharedModels / name
    return folder if (folder / "model.onnx").is_file() else None


def first_sets(folder, count, scratch):
    """A folder with the first `count` test data sets only; all of them if count is None."""
    if count is None:
        return folder
    for k in range(count):
        link = pathlib.Path(scratch) / f"test_data_set_{k}"
        if not link.exists() and (folder / link.name).is_dir():
            link.symlink_to((folder / link.name).resolve())
    return pathlib.Path(scratch)


def run(command, **options):
    """subprocess.run with text output captured, never raising."""
    settings = {"capture_output": True, "text": True, "errors": "replace"}
    settings.update(options)
    return subprocess.run([str(c) for c in command], **settings)


def netsuke(*arguments, **options):
    return run([netsuke_path(), *arguments], **options)


class NotCompiled(Exception):
    """netsuke refused the model. The text is its error message."""


def compile_model(model, output, *arguments):
    """netsuke compile; its JSON document."""
    done = netsuke("compile", model, "-o", output, "--json", "--quiet", *arguments)
    if done.returncode:
        raise NotCompiled(done.stderr.strip() or f"exit code {done.returncode}")
    return json.loads(done.stdout)


def have(program):
    return shutil.which(program) is not None
