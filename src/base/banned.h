/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Functions that have no safe use here fail the build. Included by the
 * compiler for every file (-include), so that nobody has to remember it.
 */
#ifndef OPTOP_BASE_BANNED_H
#define OPTOP_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANNED(function) sorry_##function##_is_banned
#undef strcpy
#define strcpy(x, y) BANNED(strcpy)
#undef strcat
#define strcat(x, y) BANNED(strcat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef strtok
#define strtok(x, y) BANNED(strtok)
#undef atoi
#define atoi(x) BANNED(atoi)
#undef system
#define system(x) BANNED(system)
#undef popen
#define popen(x, y) BANNED(popen)

#endif
