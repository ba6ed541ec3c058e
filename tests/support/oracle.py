"""What onnxruntime says, from kernels that it does not optimise, as test data. Exits with 77 where it is not installed."""

import sys

try:
    import numpy as np
    import onnxruntime
    from onnx import numpy_helper
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)


def answers(model, values):
    """The outputs of a model, or of the file at a path, for the values of its inputs in their order."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    source = model.SerializeToString() if hasattr(model, "SerializeToString") else str(model)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session.run(None, {i.name: v for i, v in zip(session.get_inputs(), values)})


def write_data(folder, number, values, results):
    """A data set as ONNX's backend tests have it."""
    data = folder / f"test_data_set_{number}"
    data.mkdir(parents=True, exist_ok=True)
    for kind, tensors in (("input", values), ("output", results)):
        for i, t in enumerate(tensors):
            (data / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(np.asarray(t)).SerializeToString())
