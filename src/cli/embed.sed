# SPDX-License-Identifier: MIT
# Makes a text file a string literal of C.
s/[\\"]/\\&/g
s/.*/"&\\n"/
