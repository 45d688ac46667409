/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/suggest.h"

#include <stdint.h>
#include <string.h>

/* Edit distance (insert, delete, change, swap of neighbours), by rows of a
 * table; names longer than the rows are not worth a suggestion. */
enum { NAME_CAP = 64 };

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t
distance(const char *a, const char *b)
{
    size_t row[3][NAME_CAP + 1], n = strlen(a), m = strlen(b);
    if (n > NAME_CAP || m > NAME_CAP)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *before = row[(i - 1) % 3], *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = before[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = least(change, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

bool
suggest_closer(const char *wanted, const char *name, size_t *best)
{
    size_t d = distance(wanted, name), limit = strlen(wanted) / 3 + 1;
    if (d > limit || d >= *best)
        return false;
    *best = d;
    return true;
}
