/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program in a pseudo-terminal whose screen can be read: libvterm draws what
 * it writes. For end-to-end tests and benchmarks of the console.
 */
#ifndef OPTOP_TESTS_TERMINAL_H
#define OPTOP_TESTS_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct terminal {
    int fd; /* the pseudo-terminal's own side; -1 once it has ended */
    pid_t pid;
    int rows, columns;
    bool blind; /* what is written is only counted: libvterm itself does not stand every order of sizes */
    uint64_t bytes; /* written by the program so far */
    struct VTerm *vterm;
    struct VTermScreen *screen;
    char *text; /* the screen as lines, after terminal_text */
};

/* Starts argv (path in argv[0]); environment NULL: ours. */
void terminal_open(struct terminal *terminal, char *const argv[], char *const environment[],
    int rows, int columns);

/* Ends the program (KILL) if it still runs, frees. */
void terminal_close(struct terminal *terminal);

/* Takes what the program writes for up to `seconds`; true when something came. */
bool terminal_pump(struct terminal *terminal, double seconds);

/* The whole screen, rows ended by newline, right-trimmed; borrowed until the
 * next call. */
const char *terminal_text(struct terminal *terminal);

/* Pumps until the screen holds (or does not hold) a text; false after the time. */
bool terminal_wait(struct terminal *terminal, const char *text, double seconds);
bool terminal_wait_gone(struct terminal *terminal, const char *text, double seconds);

/* Pumps until the program has ended; its wait status, or -1 after the time. */
int terminal_wait_exit(struct terminal *terminal, double seconds);

/* The ground of a cell as 0xRRGGBB, by the parts that the program sent; -1: the terminal's own,
 * or a number of its palette. */
int terminal_ground(struct terminal *terminal, int row, int column);

void terminal_send(struct terminal *terminal, const char *keys);
void terminal_resize(struct terminal *terminal, int rows, int columns);

#endif
