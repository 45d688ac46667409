/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"

#include <sys/random.h>
#include <sys/types.h>

double
random_share(void)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        return 1;
    return (double)(bits >> 11) / (double)(UINT64_C(1) << 53);
}
