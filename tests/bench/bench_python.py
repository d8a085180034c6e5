# SPDX-License-Identifier: MIT
"""The same model and set under Python's torch.jit: MODEL SET BATCH THREADS.

Prints a line for each way, the better of two: from the file to the mean squared error, and the model
alone on pictures that are float32 NCHW in memory already.
"""
import sys
import time

import h5py
import numpy
import torch


def main(model_path, set_path, batch, n_threads):
    torch.set_num_threads(n_threads)
    model = torch.jit.load(model_path).eval()
    with h5py.File(set_path) as file, torch.inference_mode():
        images, labels = file["images"], torch.from_numpy(numpy.asarray(file["labels"]))

        def picture(first):
            raw = torch.from_numpy(images[first:first + batch])
            return raw.permute(0, 3, 1, 2).to(torch.float32).div_(255)

        def file_to_mse():
            total = 0.0
            for first in range(0, len(images), batch):
                outputs = model(picture(first))
                total += (outputs - labels[first:first + batch]).double().square().sum().item()
            return total / labels.numel()

        loaded = [picture(first).contiguous() for first in range(0, len(images), batch)]

        def model_alone():
            for pictures in loaded:
                model(pictures)

        for name, run in (("file-to-mse", file_to_mse), ("model-alone", model_alone)):
            rates = []
            for _ in range(2):
                start = time.perf_counter()
                mse = run()
                rates.append(len(images) / (time.perf_counter() - start))
            note = f" mse {mse:.9g}" if mse is not None else ""
            print(f"python {name} {max(rates):.0f} images/s{note}")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
