#!/usr/bin/env python3
"""onnx.checker accepts the models that netsuke saves, and onnxruntime computes what netsuke's evaluator does.

ONNX_TESTS: the test program that writes the models of tests/onnx/save_test.cpp.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import onnx
    import onnx.numpy_helper
    import onnxruntime
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

# onnxruntime's cubic Resize in one dimension takes other shapes than ours.
kNotInOnnxruntime = {"Resize_cubic"}


def tensors(folder, kind):
    files = sorted(folder.glob(f"{kind}_*.pb"))
    return [onnx.numpy_helper.to_array(onnx.TensorProto.FromString(f.read_bytes())) for f in files]


def run(path, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {i.name: x for i, x in zip(session.get_inputs(), inputs)})


class Saved(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="netsuke-saved-")
        done = subprocess.run([os.environ["ONNX_TESTS"], "A saved model*"], capture_output=True, text=True,
                              env={**os.environ, "NETSUKE_SAVED_MODELS": cls.directory.name})
        assert done.returncode == 0, done.stdout
        cls.models = sorted(pathlib.Path(cls.directory.name).glob("*/*.onnx"))

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def test_checker_accepts_them(self):
        self.assertGreater(len(self.models), 100)
        for path in self.models:
            with self.subTest(path.relative_to(self.directory.name)):
                onnx.checker.check_model(str(path), full_check=True)

    def test_onnxruntime_agrees(self):
        for path in self.models:
            if path.parent.name in kNotInOnnxruntime:
                continue
            data = path.parent / "test_data_set_0"
            with self.subTest(path.relative_to(self.directory.name)):
                for expected, found in zip(tensors(data, "output"), run(path, tensors(data, "input"))):
                    self.assertEqual(expected.dtype, found.dtype)
                    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
