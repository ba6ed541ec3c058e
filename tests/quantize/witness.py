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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import oracle  # noqa: E402  (before what it needs, too)
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnx.numpy_helper  # noqa: E402

# onnxruntime's cubic Resize in one dimension takes other shapes than ours.
kNotInOnnxruntime = {"Resize_cubic"}


def tensors(folder, kind):
    files = sorted(folder.glob(f"{kind}_*.pb"))
    return [onnx.numpy_helper.to_array(onnx.TensorProto.FromString(f.read_bytes())) for f in files]


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
                for expected, found in zip(tensors(data, "output"), oracle.answers(path, tensors(data, "input"))):
                    self.assertEqual(expected.dtype, found.dtype)
                    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
