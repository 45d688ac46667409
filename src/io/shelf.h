/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A shelf: a folder of folders, which several processes take for their work
 * and some of which are kept afterwards, up to a bound.
 *
 * A folder that is in use is locked (flock) by who took it, so that a lock ends
 * with its process. What is kept is listed in the file ".kept", oldest first,
 * which only who has locked the shelf itself reads and writes. What is neither
 * locked nor listed is a stray: someone died in it. Blocking.
 */
#ifndef OPTOP_IO_SHELF_H
#define OPTOP_IO_SHELF_H

#include <stdbool.h>
#include <stdint.h>

enum { SHELF_NAME_MAX = 32 /* names are digits and dots, with the end */ };

struct shelf_bounds {
    int64_t count; /* of folders that are kept */
    double bytes; /* of all of them, on disk */
    bool strays; /* they are kept, as the oldest; else they go */
};

/* Makes the shelf where need be; its descriptor. */
int shelf_open(const char *path, int *ret_shelf);

/* A new, empty folder (mode 0700) for the caller; what had its name is
 * removed. Close *ret_fd when the work in it is done, after shelf_keep. */
int shelf_take(int shelf, const char *name, int *ret_fd);

/* A folder is kept from now on, and the oldest go where there are too many
 * then. An empty one, or one that the bounds do not allow, goes itself. */
int shelf_keep(int shelf, const char *name, const struct shelf_bounds *bounds, bool *ret_kept);

/* Sees to strays. *ret_empty: nothing is kept or in use. until_ns: as in folder.h. */
int shelf_tidy(int shelf, const struct shelf_bounds *bounds, int64_t until_ns, bool *ret_empty);

#endif
