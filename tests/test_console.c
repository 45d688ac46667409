/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The whole thing from end to end: the real optop in a pseudo-terminal, with a
 * server of its own, driven by keys. A run is launched, watched, cancelled; the
 * terminal is left as it was.
 */
#include "test.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "terminal.h"
#include "wire/client.h"

#define WAIT 120.0 /* seconds; a bound, not a measure */

static char home[4096];
static struct terminal terminal;

/* A directory with everything the programs look for, and a run file whose
 * trials last until they are cancelled. */
static void
prepare(const char *locale)
{
    static const char run_file[] =
        "[run]\nname = sleepy\n[objective]\ntype = command\ncommand = sleep {s}\n"
        "score = wall_seconds\n[space]\ns = int 71100..71104\n[search]\nmethod = grid\n"
        "[parallel]\nworkers = 2\n[limits]\ngrace = 1s\n";
    char path[5000];
    snprintf(home, sizeof home, "%s", test_directory());
    setenv("OPTOP_STATE", home, 1);
    setenv("HOME", home, 1);
    setenv("LC_ALL", locale, 1);
    setenv("TERM", "xterm-256color", 1);
    unsetenv("NO_COLOR");
    snprintf(path, sizeof path, "%s/server.sock", home);
    setenv("OPTOP_SOCKET", path, 1);
    snprintf(path, sizeof path, "%s/optop.ini", home);
    setenv("OPTOP_CONFIG", path, 1);
    snprintf(path, sizeof path, "%s/sleepy.ini", home);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(run_file, file);
    fclose(file);
    ck_assert_int_eq(chdir(home), 0);
}

static void
open_console(int rows, int columns)
{
    char *argv[] = { getenv("OPTOP"), NULL };
    ck_assert_ptr_nonnull(argv[0]);
    terminal_open(&terminal, argv, NULL, rows, columns);
}

#define ck_screen(text)                                                        \
    ck_assert_msg(terminal_wait(&terminal, text, WAIT), "no \"%s\" on:\n%s", text, \
        terminal_text(&terminal))

static void
stop_server(void)
{
    struct client_options options = { 0 };
    struct client *client;
    json_t *result = NULL;
    if (client_open(&options, &client, NULL) < 0)
        return;
    if (client_call(client, "server.stop", NULL, WAIT, &result, NULL) == 0)
        json_decref(result);
    /* the server ends its workers, then closes the connection */
    while (client_wait(client, WAIT, NULL, NULL, NULL) > 0)
        ;
    client_close(client);
}

static void
leave(void)
{
    terminal_send(&terminal, "q");
    ck_assert_int_eq(terminal_wait_exit(&terminal, WAIT), 0);
    terminal_close(&terminal);
    stop_server();
}

/* Processes with exactly this command line. */
static int
count_processes(const char *command)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    ck_assert_ptr_nonnull(proc);
    for (struct dirent *entry; (entry = readdir(proc));) {
        char path[300], words[64] = "";
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file)
            continue; /* ended meanwhile */
        size_t n = fread(words, 1, sizeof words - 1, file);
        fclose(file);
        for (size_t i = 0; i + 1 < n; i++)
            if (!words[i])
                words[i] = ' ';
        count += !strcmp(words, command);
    }
    closedir(proc);
    return count;
}

START_TEST(launch_watch_cancel)
{
    prepare("C.UTF-8");
    open_console(50, 160);
    ck_screen("none running");
    terminal_send(&terminal, "n");
    ck_screen("sleepy.ini");
    terminal_send(&terminal, "/sleepy\r");
    ck_screen("sleepy");
    terminal_send(&terminal, "\r");
    ck_screen("sleep {s}");
    terminal_send(&terminal, "\x07"); /* Ctrl-G: launch */
    ck_screen("1 running");
    ck_screen("0/5");
    terminal_send(&terminal, "\r"); /* the run under the cursor */
    ck_screen("utilization");
    ck_screen("Resources of this run");
    ck_screen("processes");
    ck_screen("starting"); /* what the signs of the workers' lanes are */
    static const char *const views[][2] = { { "2", "[2 Runs]" }, { "4", "[4 Processes]" }, { "5", "[5 Figures]" },
        { "6", "[6 Alerts]" }, { "7", "[7 Setup]" }, { "8", "[8 Help]" }, { "1", "[1 Overview]" }, { "\r", "[3 Run]" } };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        terminal_send(&terminal, views[i][0]);
        ck_screen(views[i][1]);
        if (views[i][0][0] == '5')
            ck_screen("workers");
        if (views[i][0][0] == '6')
            ck_screen("Told");
    }
    terminal_send(&terminal, "c");
    ck_screen("Cancel run 1");
    terminal_send(&terminal, "y");
    ck_screen("cancelled");
    terminal_send(&terminal, "\x1b");
    ck_screen("none running");
    ck_screen("run 1 (sleepy) cancelled");
    terminal_send(&terminal, "q");
    int status = terminal_wait_exit(&terminal, WAIT);
    ck_assert_int_eq(status, 0);
    terminal_close(&terminal);
    stop_server();
    for (int s = 71100; s <= 71104; s++) {
        char command[32];
        snprintf(command, sizeof command, "sleep %d", s);
        ck_assert_int_eq(count_processes(command), 0);
    }
}
END_TEST

/* A trial's process among all others, known as such; ended from here, the trial has failed. */
START_TEST(processes_are_seen_and_signalled)
{
    prepare("C.UTF-8");
    open_console(50, 160);
    ck_screen("none running");
    terminal_send(&terminal, "n");
    ck_screen("sleepy.ini");
    terminal_send(&terminal, "/sleepy\r");
    ck_screen("sleepy");
    terminal_send(&terminal, "\r");
    ck_screen("sleep {s}");
    terminal_send(&terminal, "\x07");
    ck_screen("1 running");
    terminal_send(&terminal, "4");
    ck_screen("[4 Processes]");
    terminal_send(&terminal, "f");
    terminal_send(&terminal, "sleep 71100\r");
    ck_screen("1 of ");
    ck_screen("1/1  sleep 71100"); /* run and trial */
    terminal_send(&terminal, "\r");
    ck_screen("Max open files");
    ck_screen("OPTOP_RUN");
    terminal_send(&terminal, "q");
    terminal_send(&terminal, "K");
    ck_screen(":signal TERM");
    terminal_send(&terminal, "\r");
    ck_screen("Send the signal TERM to sleep");
    terminal_send(&terminal, "y");
    ck_screen("0 of ");
    terminal_send(&terminal, ":run 1\r");
    ck_screen("killed by SIGTERM");
    terminal_send(&terminal, "c");
    ck_screen("Cancel run 1");
    terminal_send(&terminal, "y");
    ck_screen("cancelled");
    leave();
}
END_TEST

/* By the console's own keys, in a small terminal. */
static void
launch_sleepy(void)
{
    open_console(24, 80);
    ck_screen("none running");
    terminal_send(&terminal, "n");
    ck_screen("sleepy.ini");
    terminal_send(&terminal, "\r");
    ck_screen("sleep {s}");
    terminal_send(&terminal, "\x07");
    ck_screen("1 running");
}

/* A run that was is launched again, edited and saved, in a small terminal too; its time is guessed. */
START_TEST(a_recent_run_is_edited_and_saved)
{
    char path[5000];
    struct stat st;
    prepare("C.UTF-8");
    snprintf(path, sizeof path, "%s/quick.ini", home);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs("[run]\nname = quick\n[objective]\ncommand = printf {n}\n[space]\nn = int 1..3\n", file);
    fclose(file);
    open_console(24, 80);
    ck_screen("none running");
    terminal_send(&terminal, "n");
    ck_screen("quick.ini");
    ck_screen("time not known");
    terminal_send(&terminal, "\r");
    ck_screen("printf {n}");
    terminal_send(&terminal, "\x07"); /* Ctrl-G: launch */
    ck_screen("3/3");
    ck_screen("none running"); /* it has ended, too */
    terminal_send(&terminal, "n");
    ck_screen("1 recent run");
    terminal_send(&terminal, "\t");
    ck_screen("1 done: 3/3 trials");
    ck_screen("(by 1 run)");
    terminal_send(&terminal, "\r");
    ck_screen("Launch quick.ini");
    terminal_send(&terminal, "\x15" "slow\x0f"); /* another name; Ctrl-O: save as */
    ck_screen("Save as");
    terminal_send(&terminal, "\x15" "./qui\t");
    ck_screen("./quick.ini");
    terminal_send(&terminal, "\r");
    ck_screen("exists; Enter again");
    terminal_send(&terminal, "\x15" "slow.ini\r");
    ck_screen("Launch slow.ini");
    snprintf(path, sizeof path, "%s/slow.ini", home);
    ck_assert_int_eq(stat(path, &st), 0);
    terminal_send(&terminal, "\x1b");
    ck_screen("3 run files");
    terminal_send(&terminal, "q");
    ck_assert(terminal_wait_gone(&terminal, "3 run files", WAIT));
    leave();
}
END_TEST

/* Keys do to a run what command lines do. */
START_TEST(steer_a_run)
{
    prepare("C.UTF-8");
    launch_sleepy();
    terminal_send(&terminal, "-");
    ck_screen("run 1: 1 worker");
    terminal_send(&terminal, "+");
    ck_screen("run 1: 2 workers; u: undo");
    terminal_send(&terminal, "u");
    ck_screen("undone: run 1: workers 1");
    terminal_send(&terminal, "u");
    ck_screen("undone: run 1: workers 2");
    terminal_send(&terminal, "\r");
    ck_screen("elapsed");
    terminal_send(&terminal, "]");
    ck_screen("run 1: priority 1");
    ck_screen("priority 1");
    terminal_send(&terminal, "[");
    ck_screen("run 1: priority 0");
    terminal_send(&terminal, "R"); /* nothing has failed */
    terminal_send(&terminal, "?");
    ck_screen("one worker more for");
    terminal_send(&terminal, "\x1b");
    ck_assert(terminal_wait_gone(&terminal, "[8 Help]", WAIT));
    terminal_send(&terminal, "c");
    ck_screen("Cancel run 1");
    terminal_send(&terminal, "y");
    ck_screen("cancelled");
    leave();
}
END_TEST

START_TEST(sizes_and_ascii)
{
    static const int sizes[][2] = { { 24, 80 }, { 5, 20 }, { 1, 1 }, { 80, 300 }, { 50, 160 } };
    prepare("C");
    open_console(24, 80);
    ck_screen("CPU");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        terminal_resize(&terminal, sizes[i][0], sizes[i][1]);
        while (terminal_pump(&terminal, 0.3))
            ;
        ck_assert_int_ge(terminal.fd, 0); /* still there */
    }
    ck_screen("Memory");
    for (const char *p = terminal_text(&terminal); *p; p++)
        ck_assert_msg((unsigned char)*p < 0x80, "not ASCII in the C locale:\n%s",
            terminal_text(&terminal));
    terminal_send(&terminal, "?");
    ck_screen("[8 Help]");
    terminal_send(&terminal, "\x1b");
    ck_assert(terminal_wait_gone(&terminal, "[8 Help]", WAIT));
    leave();
}
END_TEST

static long
writes_so_far(pid_t pid)
{
    char path[64], line[128];
    long count = -1;
    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        if (str_starts(line, "syscw:"))
            count = strtol(line + strlen("syscw:"), NULL, 10);
    fclose(file);
    return count;
}

/* Not one for each place in which something has changed. */
START_TEST(a_picture_is_few_system_calls)
{
    prepare("C.UTF-8");
    FILE *file = fopen(getenv("OPTOP_CONFIG"), "we");
    ck_assert_ptr_nonnull(file);
    fputs("[server]\ninterval = 60s\n", file); /* no tick meanwhile */
    fclose(file);
    open_console(50, 160);
    ck_screen("none running");
    while (terminal_pump(&terminal, 0.5))
        ;
    long before = writes_so_far(terminal.pid);
    ck_assert_int_gt(before, 0);
    terminal_send(&terminal, "?");
    ck_screen("[8 Help]");
    ck_assert_int_le(writes_so_far(terminal.pid) - before, 12);
    terminal_send(&terminal, "\x1b");
    ck_assert(terminal_wait_gone(&terminal, "[8 Help]", WAIT));
    leave();
}
END_TEST

/* Colours by their parts where the terminal says that it takes them, also where nothing is
 * written; NO_COLOR goes before all; a theme at fault is told of and changes nothing. */
START_TEST(themes_are_switched)
{
    char path[5000];
    prepare("C.UTF-8");
    snprintf(path, sizeof path, "%s/themes", home);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/themes/bad.ini", home);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs("[styles]\nwarning = redd\n", file);
    fclose(file);
    setenv("COLORTERM", "truecolor", 1);
    open_console(40, 120);
    ck_screen("none running");
    ck_assert_int_eq(terminal_ground(&terminal, 20, 60), -1);
    terminal_send(&terminal, "t");
    ck_screen("theme light");
    ck_assert_int_eq(terminal_ground(&terminal, 0, 0), 0xFFFFFF);
    ck_assert_int_eq(terminal_ground(&terminal, 39, 119), 0xFFFFFF);
    terminal_send(&terminal, ":theme bad\r");
    ck_screen("bad.ini:2: styles.warning: \"redd\" is not a colour");
    ck_assert_int_eq(terminal_ground(&terminal, 0, 0), 0xFFFFFF);
    terminal_send(&terminal, "q");
    ck_assert_int_eq(terminal_wait_exit(&terminal, WAIT), 0);
    terminal_close(&terminal);
    setenv("NO_COLOR", "1", 1);
    open_console(40, 120);
    ck_screen("none running");
    terminal_send(&terminal, "t");
    ck_screen("theme light");
    ck_assert_int_eq(terminal_ground(&terminal, 0, 0), -1);
    terminal_send(&terminal, "q");
    ck_assert_int_eq(terminal_wait_exit(&terminal, WAIT), 0);
    terminal_close(&terminal);
    unsetenv("COLORTERM");
    stop_server();
}
END_TEST

/* Back to what was recorded, through the real server, and to now again. */
START_TEST(an_earlier_time_is_shown)
{
    prepare("C.UTF-8");
    FILE *file = fopen(getenv("OPTOP_CONFIG"), "we");
    ck_assert_ptr_nonnull(file);
    fputs("[server]\ninterval = 200ms\nhistory_screen = 1s\n", file);
    fclose(file);
    open_console(24, 80);
    ck_screen("CPU");
    for (int i = 0; i < 200; i++) { /* until something is recorded */
        terminal_send(&terminal, "<");
        if (terminal_wait(&terminal, "as of", 0.2))
            break;
    }
    ck_screen("as of");
    ck_screen("later");
    terminal_send(&terminal, "c"); /* nothing is cancelled there */
    ck_screen("nothing can be changed in it");
    terminal_send(&terminal, ":now\r");
    ck_assert(terminal_wait_gone(&terminal, "as of", WAIT));
    terminal_send(&terminal, "<");
    ck_screen("as of");
    for (int i = 0; i < 200; i++) { /* forth, until that is now */
        terminal_send(&terminal, ">");
        if (terminal_wait_gone(&terminal, "as of", 0.05))
            break;
    }
    ck_assert(terminal_wait_gone(&terminal, "as of", WAIT));
    leave();
}
END_TEST

START_TEST(terminal_is_restored_on_term)
{
    prepare("C.UTF-8");
    open_console(24, 80);
    ck_screen("CPU");
    kill(terminal.pid, SIGTERM);
    int status = terminal_wait_exit(&terminal, WAIT);
    ck_assert_int_ge(status, 0);
    /* the alternate screen is gone: nothing of the panels is left */
    ck_assert_ptr_null(strstr(terminal_text(&terminal), "CPU"));
    terminal_close(&terminal);
    stop_server();
}
END_TEST

static pid_t
server_pid(void)
{
    struct client_options options = { 0 };
    struct client *client;
    json_t *result = NULL;
    ck_assert_int_eq(client_open(&options, &client, NULL), 0);
    ck_assert_int_eq(client_call(client, "server.status", NULL, WAIT, &result, NULL), 0);
    pid_t pid = (pid_t)json_get_int(result, "pid", -1);
    json_decref(result);
    client_close(client);
    return pid;
}

/* The server dies under the screen: a banner, then a new server by itself. */
START_TEST(server_dies)
{
    prepare("C.UTF-8");
    open_console(40, 120);
    ck_screen("none running");
    pid_t pid = server_pid();
    ck_assert_int_gt(pid, 1);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_screen("the server has gone");
    ck_assert(terminal_wait_gone(&terminal, "the server has gone", WAIT));
    ck_screen("none running");
    leave();
}
END_TEST

/* What a monkey must not touch: this machine's other processes (4, and what is typed behind ':' or
 * written by E), its other folders (/, of a file to save as), what is launched (Ctrl-G), and the
 * terminal's own keys (Ctrl-C, Ctrl-Z). */
static const char *
random_key(unsigned pick)
{
    static const char *const special[] = { "\r", "\r", "\x1b", "\t", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H",
        "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[Z", "\x7f", "\x15", "\x0c", "\x1bOP", "\xe4\xb8\x80", "\xcc\x81", "\xff" };
    static char key[2];
    if (pick % 3 == 0)
        return special[pick / 3 % (sizeof special / sizeof *special)];
    key[0] = (char)(' ' + pick / 3 % 95);
    return strchr("4:E/", *key) ? " " : key;
}

/* Whoever has left by a key comes back; nothing but leaving ends the client. */
static void
come_back(void)
{
    int status = terminal_wait_exit(&terminal, WAIT);
    ck_assert_int_eq(status, 0);
    terminal_close(&terminal);
    open_console(24, 80);
    terminal.blind = true;
}

/* Random keys and sizes for a client whose server dispatches meanwhile: the same server is there
 * at the end, and still answers keys. */
START_TEST(random_keys_leave_the_server_alive)
{
    const char *asked = getenv("OPTOP_MONKEY_KEYS");
    long keys = asked ? strtol(asked, NULL, 10) : 3000;
    unsigned state = 20261130;
    prepare("C.UTF-8");
    setenv("EDITOR", "true", 1);
    unsetenv("VISUAL");
    launch_sleepy();
    pid_t pid = server_pid();
    terminal.blind = true;
    for (long i = 0; i < keys; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned pick = state >> 16;
        if (pick % 32 == 0)
            terminal_resize(&terminal, 1 + (int)(pick / 32 % 80), 1 + (int)(state >> 8) % 200);
        else
            terminal_send(&terminal, random_key(pick / 32 + (state >> 8)));
        while (i % 8 == 0 && terminal_pump(&terminal, 0.001))
            ;
        if (terminal.fd < 0)
            come_back();
    }
    while (terminal_pump(&terminal, 0.2))
        ;
    if (terminal.fd < 0)
        come_back();
    terminal_close(&terminal); /* whatever it is in: its terminal goes */
    ck_assert_int_eq(server_pid(), pid);
    open_console(24, 80);
    ck_screen("[1 Overview]");
    terminal_send(&terminal, "2");
    ck_screen("[2 Runs]");
    leave();
}
END_TEST

/* The row of a text, from 1; 0: it is not there. */
static int
row_of(const char *text)
{
    const char *screen = terminal_text(&terminal), *at = strstr(screen, text);
    int row = 1;
    for (const char *c = screen; at && c < at; c++)
        row += *c == '\n';
    return at ? row : 0;
}

/* As a terminal tells of the mouse: a view is opened, a part of a graph is dragged out, and left. */
START_TEST(the_mouse_is_heard)
{
    char drag[64];
    prepare("C.UTF-8");
    open_console(50, 160);
    ck_screen("none running");
    terminal_send(&terminal, "\x1b[<0;15;2M\x1b[<0;15;2m");
    ck_screen("[2 Runs]");
    terminal_send(&terminal, "1");
    ck_screen("[1 Overview]");
    ck_screen("   0% ");
    for (int i = 0; i < (int)WAIT; i++) { /* until enough is known to be shown */
        int row = row_of("   0% ");
        snprintf(drag, sizeof drag, "\x1b[<0;10;%dM\x1b[<0;79;%dm", row, row);
        terminal_send(&terminal, drag);
        if (terminal_wait(&terminal, "graphs from", 1))
            break;
    }
    ck_screen("graphs from");
    terminal_send(&terminal, "\x1b");
    ck_assert(terminal_wait_gone(&terminal, "graphs from", WAIT));
    leave();
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("console");
    TCase *tcase = tcase_create("end to end");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, launch_watch_cancel);
    tcase_add_test(tcase, the_mouse_is_heard);
    tcase_add_test(tcase, processes_are_seen_and_signalled);
    tcase_add_test(tcase, a_recent_run_is_edited_and_saved);
    tcase_add_test(tcase, steer_a_run);
    tcase_add_test(tcase, sizes_and_ascii);
    tcase_add_test(tcase, a_picture_is_few_system_calls);
    tcase_add_test(tcase, themes_are_switched);
    tcase_add_test(tcase, an_earlier_time_is_shown);
    tcase_add_test(tcase, terminal_is_restored_on_term);
    tcase_add_test(tcase, server_dies);
    suite_add_tcase(suite, tcase);
    TCase *monkey = tcase_create("monkey");
    tcase_set_timeout(monkey, getenv("OPTOP_MONKEY_KEYS") ? 3600 : 240);
    tcase_add_test(monkey, random_keys_leave_the_server_alive);
    suite_add_tcase(suite, monkey);
    return suite;
}
