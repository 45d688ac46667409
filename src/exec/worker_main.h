/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program of a worker: hears the server on descriptor 3, runs trials one
 * after another, answers. Returns its exit status. See doc/PROTOCOL.md. With the argument
 * "check" it answers calls instead (run_check.h).
 */
#ifndef OPTOP_EXEC_WORKER_MAIN_H
#define OPTOP_EXEC_WORKER_MAIN_H

int worker_main(int argc, char **argv);

#endif
