"""Trains the perceptron, with the recordings and the training of samples/motion; pipeline.py there has the options."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "motion"))

import mlp
import pipeline

if __name__ == "__main__":
    pipeline.main(mlp, HERE, "arduino/motion_mlp_demo/windows.h")
