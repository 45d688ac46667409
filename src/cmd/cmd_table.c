/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd_table.h"

#include <stddef.h>

const struct cmd *const cmd_table[] = {
#define X(symbol) &symbol,
    CMD_TABLE(X)
#undef X
    NULL,
};
