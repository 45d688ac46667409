/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program of a worker: hears the server on descriptor 3, runs trials one
 * after another, answers. Returns its exit status. See doc/PROTOCOL.md.
 */
#ifndef OPTOP_EXEC_WORKER_MAIN_H
#define OPTOP_EXEC_WORKER_MAIN_H

int worker_main(void);

#endif
