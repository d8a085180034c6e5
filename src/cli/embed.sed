# SPDX-License-Identifier: MIT
# Makes a text file a string literal of C, without its first line, the one like that above.
1d
s/[\\"]/\\&/g
s/.*/"&\\n"/
