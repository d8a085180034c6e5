# SPDX-License-Identifier: MIT
"""The kernels are compiled for Ampere and Hopper, and there is PTX for what comes later.
Argument: the fat binary."""
import struct
import sys

MAGIC, PTX, CUBIN = 0xBA55ED50, 1, 2

with open(sys.argv[1], "rb") as file:
    data = file.read()
magic, _, at = struct.unpack_from("<IHH", data)
assert magic == MAGIC, "no fat binary"
found = set()
while at < len(data):
    kind, _, header_bytes, n_bytes = struct.unpack_from("<HHIQ", data, at)
    (architecture,) = struct.unpack_from("<I", data, at + 28)
    found.add((kind, architecture))
    at += header_bytes + n_bytes
expected = {(CUBIN, 80), (CUBIN, 90), (PTX, 90)}
assert found == expected, f"holds {sorted(found)}, expected {sorted(expected)}"
