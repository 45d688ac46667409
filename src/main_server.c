/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * optop-server [--background] [--socket PATH]: what `optop server run' and the
 * first client of a user execute.
 */
#include <stdio.h>
#include <string.h>

#include "server/daemon.h"

int
main(int argc, char **argv)
{
    struct daemon_options options = { 0 };
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--background")) {
            options.background = true;
        } else if (!strcmp(argv[i], "--socket") && i + 1 < argc) {
            options.socket_path = argv[++i];
        } else {
            fprintf(stderr, "optop-server: usage: optop-server [--background] [--socket PATH]\n");
            return 2;
        }
    }
    return daemon_run(&options);
}
