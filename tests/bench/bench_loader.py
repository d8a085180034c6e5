# SPDX-License-Identifier: MIT
"""Reading a set with h5py and with a DataLoader over it: PLAIN DEFLATED BATCH WORKERS.

Prints images a second of each way, the best of several: slices of BATCH rows, the same of the
deflated file, and normalised float32 NCHW batches of a shuffling-free torch DataLoader, with
WORKERS and without.
"""
import sys
import time

import h5py
import torch
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset):
    """Opened by each worker, as h5py's files do not survive a fork."""

    def __init__(self, path):
        self.path, self.images = path, None
        with h5py.File(path) as file:
            self.length = len(file["images"])

    def __len__(self):
        return self.length

    def __getitem__(self, row):
        if self.images is None:
            self.images = h5py.File(self.path)["images"]
        return torch.from_numpy(self.images[row]).permute(2, 0, 1).float().div_(255)


def rate(n_rows, run, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return n_rows / min(times)


def main(plain, deflated, batch, workers):
    def slices(path):
        with h5py.File(path) as file:
            images = file["images"]
            for first in range(0, len(images), batch):
                images[first:first + batch]

    def load(n_workers):
        for _ in DataLoader(pictures, batch_size=batch, num_workers=n_workers):
            pass

    pictures = Pictures(plain)
    n_rows = len(pictures)
    print(f"slices {rate(n_rows, lambda: slices(plain), 3):.0f}")
    print(f"deflated {rate(n_rows, lambda: slices(deflated), 1):.0f}")
    print("dataloader", *(f"{rate(n_rows, lambda: load(n), 1):.0f}" for n in (workers, 0)))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
