/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chance for times of waiting; not for searches, whose points follow from their seed.
 */
#ifndef OPTOP_BASE_RANDOM_H
#define OPTOP_BASE_RANDOM_H

/* 0 to below 1, even; 1 when the kernel gives none. */
double random_share(void);

#endif
