/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * optop-worker: evaluates trials for optop-server.
 */
#include "exec/worker_main.h"

int
main(int argc, char **argv)
{
    return worker_main(argc, argv);
}
