/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a board remembers of the resources (mem/registry.h) that it shows.
 */
#ifndef OPTOP_STAT_PUBLISH_BOARD_H
#define OPTOP_STAT_PUBLISH_BOARD_H

struct shown_resource;

/* Frees what is remembered; the figures go with their board. NULL is fine. */
void shown_resources_free(struct shown_resource *shown);

#endif
