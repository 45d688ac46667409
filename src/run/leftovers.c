/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The directories of trials (io/shelf.h) that outlive their run, in
 * `runs/RUN/trials` of the state directory. When a run's last worker is gone, a
 * thread sees to what killed workers have left there, and takes away the
 * directories of all but the newest runs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "io/folder.h"
#include "io/shelf.h"
#include "run/runner_private.h"

enum {
    RUNS_KEPT = 20, /* ended ones with directories */
    TIDY_SECONDS = 10, /* of one job: what is left then goes at the next run's end */
};

/* Touches nothing but itself: it may outlive the runner. */
struct tidying {
    char *runs, *shelf; /* paths, owned */
    struct shelf_bounds bounds;
    int64_t *live; /* owned; runs that are not to be touched, rising */
    int live_count;
    int64_t until_ns;
};

char *
leftovers_shelf(const struct runner *runner, int64_t run)
{
    return xasprintf("%s/runs/%lld/trials", runner->options.state_directory, (long long)run);
}

static void
tidy_shelf(const struct tidying *job)
{
    int shelf;
    bool empty = false;
    if (access(job->shelf, F_OK) < 0 || shelf_open(job->shelf, &shelf) < 0)
        return;
    if (shelf_tidy(shelf, &job->bounds, job->until_ns, &empty) == 0 && empty) {
        char *run = xstrndup(job->shelf, (size_t)(strrchr(job->shelf, '/') - job->shelf));
        if (rmdir(job->shelf) == 0) /* not when someone has come meanwhile */
            rmdir(run);
        free(run);
    }
    close(shelf);
}

static int
compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Runs with a directory that have ended, rising; owned. */
static int64_t *
list_ended(const struct tidying *job, int runs_fd, int *ret_count)
{
    int64_t *list = NULL;
    int capacity = 0;
    const struct dirent *entry;
    int copy = openat(runs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    *ret_count = 0;
    while (dir && (entry = readdir(dir))) {
        char *end;
        int64_t id = strtoll(entry->d_name, &end, 10);
        if (id <= 0 || *end || bsearch(&id, job->live, (size_t)job->live_count, sizeof id,
                                   compare_numbers))
            continue;
        XGROW(list, *ret_count, capacity);
        list[(*ret_count)++] = id;
    }
    if (dir)
        closedir(dir);
    else if (copy >= 0)
        close(copy);
    if (list)
        qsort(list, (size_t)*ret_count, sizeof *list, compare_numbers);
    return list;
}

static void
drop_old_runs(const struct tidying *job)
{
    int runs_fd, count;
    if (folder_open(AT_FDCWD, job->runs, &runs_fd) < 0)
        return;
    int64_t *ended = list_ended(job, runs_fd, &count);
    for (int i = 0; i < count - RUNS_KEPT; i++) {
        char name[24];
        snprintf(name, sizeof name, "%lld", (long long)ended[i]);
        folder_remove(runs_fd, name, job->until_ns);
    }
    free(ended);
    close(runs_fd);
}

static void
tidy(void *context)
{
    struct tidying *job = context;
    job->until_ns = clock_mono_ns() + TIDY_SECONDS * NS_PER_SEC;
    tidy_shelf(job);
    drop_old_runs(job);
}

static void
tidied(void *context)
{
    struct tidying *job = context;
    free(job->runs);
    free(job->shelf);
    free(job->live);
    free(job);
}

void
leftovers_tidy(struct runner *runner, const struct run *run)
{
    if (!run->spec.fresh_directory)
        return;
    struct tidying *job = XNEW(struct tidying);
    int capacity = 1;
    job->live = xcalloc(1, sizeof *job->live); /* never NULL: it is searched */
    job->runs = xasprintf("%s/runs", runner->options.state_directory);
    job->shelf = leftovers_shelf(runner, run->id);
    job->bounds = (struct shelf_bounds){ run->spec.max_kept, run->spec.max_kept_bytes,
        run->spec.keep_directory != RUN_KEEP_NEVER };
    for (const struct run *other = runner->runs; other; other = other->next) {
        if (run_state_ended(other->state))
            continue;
        XGROW(job->live, job->live_count, capacity);
        job->live[job->live_count++] = other->id;
    }
    loop_work(runner->options.loop, "remove leftovers", tidy, tidied, job);
}
