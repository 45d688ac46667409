/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast something changes: readings go in, a slope with a confidence comes
 * out (a straight line through the readings of a window). Decides only: no I/O, no clock.
 *
 * Of bytes also whether they grow and do not stop. That is a finding when
 * the window is full, the line explains four fifths of what varies (R2), and the
 * growth is sure (95 %), worth a word (1 MiB and 2 % in a window), and goes on in the window's second half: a
 * program that fills its caches and then stays is none.
 */
#ifndef OPTOP_MEM_TRACK_H
#define OPTOP_MEM_TRACK_H

#include <stdbool.h>
#include <stdint.h>

enum { TRACK_POINTS = 60 };

struct track {
    int64_t window_ns;
    int count, first; /* ring */
    struct {
        int64_t now_ns;
        double value;
    } point[TRACK_POINTS];
};

struct track_fit {
    double per_second, error; /* its 95 % interval is +- this */
    double r2; /* 0 to 1 */
    double seconds; /* from the first to the last reading */
    double value; /* the last reading */
};

void track_init(struct track *track, int64_t window_ns);

/* Whether the next reading is due: a sixtieth of the window after the last one. */
bool track_due(const struct track *track, int64_t now_ns);
void track_add(struct track *track, int64_t now_ns, double value);

/* The line through all readings of the window; false with fewer than 3. */
bool track_fit(const struct track *track, struct track_fit *ret_fit);

/* Whether it grows as said above. */
bool track_grows(const struct track *track, struct track_fit *ret_fit);

/* "NAME grows 1.8 MiB/min, R2 0.99, limit in 41 min"; left_bytes NaN: no limit. */
void track_text(const struct track_fit *fit, const char *name, double left_bytes, char *buf,
    int size);

#endif
