/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What every Check test file shares: it defines test_suite() and includes
 * this; test_main.c runs it forked and prints TAP.
 */
#ifndef OPTOP_TESTS_TEST_H
#define OPTOP_TESTS_TEST_H

#include <check.h>
#include <stdbool.h>
#include <sys/resource.h>

Suite *test_suite(void);

/* Path of a file under tests/ in the source tree; static buffer. */
const char *test_path(const char *name);

/* A new empty directory under $TMPDIR, removed at exit; owned by the harness. */
const char *test_directory(void);

/* The full disk: no file of the process grows beyond so many bytes; RLIM_INFINITY:
 * there is room again. No assertion in between: Check's own word of each goes to a
 * file, and the longer the source's path the sooner it would be cut. */
void test_limit_file_size(rlim_t bytes);

/* Allocations (malloc and its kin) of the process so far: test programs
 * count them all. */
unsigned long test_allocations(void);

/* Lets the nth allocation from now on fail, and all behind it where told so; 0:
 * none. False in builds with a sanitizer, where none ever fails. */
bool test_fail_allocations(long nth, bool all_after);

#endif
