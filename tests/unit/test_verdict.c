/* SPDX-License-Identifier: MIT */
#include "support/ev_test.h"
Suite *ev_suite(void)
{
    return suite_create("verdict");
}
