/* SPDX-License-Identifier: MIT */
/* Compiled once for each public header, as the first thing a plug-in includes; twice, so that its
 * guard is tested too. */
#include EV_HEADER
#include EV_HEADER

extern int ev_header_test;
int ev_header_test;
