/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/workplace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/folder.h"

static enum run_keep
read_keep(const char *name)
{
    return !strcmp(name, "always") ? RUN_KEEP_ALWAYS
        : !strcmp(name, "never")   ? RUN_KEEP_NEVER
                                   : RUN_KEEP_FAILED;
}

int
workplace_init(struct workplace *workplace, const json_t *init, struct diag *diag)
{
    const json_t *fresh = json_object_get(init, "fresh");
    const char *path = json_get_string(fresh, "shelf", "");
    bool empty;
    *workplace = (struct workplace){ .used = fresh, .home_fd = -1, .shelf = -1, .fd = -1 };
    if (!fresh)
        return 0;
    workplace->keep = read_keep(json_get_string(fresh, "keep", ""));
    workplace->bounds = (struct shelf_bounds){ json_get_int(fresh, "count", 0),
        json_get_number(fresh, "bytes", 0), workplace->keep != RUN_KEEP_NEVER };
    workplace->home_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = workplace->home_fd < 0 ? -errno : shelf_open(path, &workplace->shelf);
    if (r == 0) /* what a worker that was killed has left */
        r = shelf_tidy(workplace->shelf, &workplace->bounds, 0, &empty);
    return r < 0 ? diag_set(diag, r, "%s: %s", path, err_text(r)) : 0;
}

void
workplace_release(struct workplace *workplace)
{
    if (!workplace->used)
        return;
    workplace_end(workplace, WORKPLACE_GIVEN_UP);
    if (workplace->home_fd >= 0)
        close(workplace->home_fd);
    if (workplace->shelf >= 0)
        close(workplace->shelf);
    workplace->used = false;
}

int
workplace_enter(struct workplace *workplace, int64_t trial, int attempt)
{
    if (!workplace->used)
        return 0;
    workplace_end(workplace, WORKPLACE_GIVEN_UP); /* of a start that came to nothing */
    if (attempt > 1)
        snprintf(workplace->name, sizeof workplace->name, "%" PRId64 ".%d", trial, attempt);
    else
        snprintf(workplace->name, sizeof workplace->name, "%" PRId64, trial);
    int r = shelf_take(workplace->shelf, workplace->name, &workplace->fd);
    if (r == 0 && fchdir(workplace->fd) < 0)
        r = -errno;
    return r;
}

void
workplace_leave(struct workplace *workplace)
{
    if (workplace->used && fchdir(workplace->home_fd) < 0)
        return; /* it was taken away: the next trial changes it anyway */
}

bool
workplace_end(struct workplace *workplace, enum workplace_end end)
{
    bool kept = false;
    if (workplace->fd < 0)
        return false;
    if (workplace->keep == RUN_KEEP_ALWAYS ||
        (workplace->keep == RUN_KEEP_FAILED && end == WORKPLACE_FAILED))
        shelf_keep(workplace->shelf, workplace->name, &workplace->bounds, &kept);
    else
        folder_remove(workplace->shelf, workplace->name, 0); /* what does not go is a stray */
    close(workplace->fd);
    workplace->fd = -1;
    return kept;
}
