/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[4096];

const char *
test_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("TEST_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/%s", root ? root : ".", name);
    return path;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void
remove_directory(void)
{
    if (directory[0])
        nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
test_directory(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/optop-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(directory))
        abort();
    atexit(remove_directory);
    return directory;
}

int
main(void)
{
    SRunner *runner = srunner_create(test_suite());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
