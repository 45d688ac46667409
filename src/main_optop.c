/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * optop: argv goes to the command table.
 */
#include <locale.h>

#include "cmd/cmd_table.h"
#include "mem/json_heap.h"

int
main(int argc, char **argv)
{
    /* only the charset: numbers are written with the point in every locale */
    setlocale(LC_CTYPE, "");
    json_heap_use(JSON_HEAP_MAX); /* the console reads a status each second: less of its time so */
    return cmd_main(cmd_table, argc, argv);
}
