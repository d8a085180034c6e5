/* SPDX-License-Identifier: MIT */
/* The same as header_test.c, for plug-ins in C++. */
#include EV_HEADER
#include EV_HEADER

extern int ev_header_test;
int ev_header_test;
