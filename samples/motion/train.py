"""Trains the convolutional network; pipeline.py has the options."""
import pathlib

import cnn
import pipeline

if __name__ == "__main__":
    pipeline.main(cnn, pathlib.Path(__file__).resolve().parent)
