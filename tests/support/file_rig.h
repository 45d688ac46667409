/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file manager on a loop and two places for files, for its tests.
 */
#ifndef OPTOP_TESTS_FILE_RIG_H
#define OPTOP_TESTS_FILE_RIG_H

#include <stdio.h>
#include <unistd.h>

#include "io/file.h"
#include "test.h"

static struct loop *loop;
static struct files *files;
static int done_count;
static const char *directory;
static char path[4096], other[4096];

static void
setup(void)
{
    loop = loop_new();
    files = files_new(loop);
    ck_assert_ptr_nonnull(files);
    directory = test_directory();
    snprintf(path, sizeof path, "%s/file", directory);
    snprintf(other, sizeof other, "%s/other", directory);
    unlink(path);
    unlink(other);
    done_count = 0;
}

static void
teardown(void)
{
    files_free(files, false);
    loop_free(loop);
}

static void
on_done(struct file_request *request)
{
    (void)request;
    done_count++;
}

#endif
