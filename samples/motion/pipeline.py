"""The command line of both samples' train.py.

    python train.py [--seed 1] [--folder DIR]
    python train.py --cross-validate

Trains the network, quantises it and writes it, in int8 and, into float/, as it was trained; then test vectors,
references.h, windows.h and accuracy.json. Needs a built netsuke: build/netsuke of this clone, or the environment variable NETSUKE.
"""
import argparse
import pathlib

import artifacts
import dataset
import training

SEEDS = (1, 101)  # of the cross-validations


def cross_validate(model):
    readings, labels = dataset.load("TRAIN")
    for widths in model.CANDIDATES:
        print(widths, [training.cross_validate(model, widths, readings, labels, seed) for seed in SEEDS], flush=True)


def main(model, here, windows_h=None):
    parser = argparse.ArgumentParser(description="Trains a network, quantises it and measures it.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=here, help="where the results go")
    parser.add_argument("--cross-validate", action="store_true", help="only compare sizes, on training recordings")
    args = parser.parse_args()
    if args.cross_validate:
        return cross_validate(model)
    readings, labels = dataset.load("TRAIN")
    params = training.train(model, model.WIDTHS, readings, labels, args.seed)
    artifacts.write_all(model, params, readings, args.folder, windows_h and args.folder / windows_h)

