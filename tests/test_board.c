/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Boards from both ends: what is written is read, and no writer, however it
 * dies or lies, harms a reader.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stat/boards.h"

#define SECOND INT64_C(1000000000)

static char place[4096];
static struct boards boards;

static void
set_up(void)
{
    snprintf(place, sizeof place, "%s/boards", test_directory());
    setenv("OPTOP_BOARDS", place, 1);
    ck_assert_int_eq(boards_open(&boards, place, NULL), 0);
}

static void
tear_down(void)
{
    boards_release(&boards);
}

static void
step(int64_t now_ns)
{
    boards_step(&boards, now_ns, SECOND);
}

static const struct board_figure *
find(const struct board_reader *board, const char *name)
{
    for (int i = 0; i < board->figure_count; i++)
        if (!strcmp(board->figure[i].name, name))
            return &board->figure[i];
    ck_abort_msg("no figure %s", name);
}

static int
files(void)
{
    int count = 0;
    for (int n = 0; n < boards.count; n++)
        count += faccessat(boards.directory, boards.board[n]->file, F_OK, 0) == 0;
    return count;
}

START_TEST(figures_are_read_as_written)
{
    struct optop_board *board = optop_board_open("my app");
    ck_assert_ptr_nonnull(board);
    struct optop_figure *requests = optop_counter(board, "requests", "", "kind=a"),
                        *used = optop_gauge(board, "used", "bytes", NULL),
                        *took = optop_histogram(board, "took", "");
    ck_assert_ptr_eq(optop_counter(board, "requests", "", "kind=a"), requests);
    ck_assert_ptr_ne(optop_counter(board, "requests", "", "kind=b"), requests);
    ck_assert_ptr_null(optop_gauge(board, "requests", "", "kind=a"));
    ck_assert_int_eq(errno, EEXIST);
    optop_add(requests, 40);
    optop_set(used, 5.5);
    optop_adjust(used, -1.5);
    step(1 * SECOND);
    ck_assert_int_eq(boards.count, 1);
    const struct board_reader *read = boards.board[0];
    ck_assert_str_eq(read->program, "my_app");
    ck_assert_int_eq(read->pid, getpid());
    ck_assert_int_eq(read->figure_count, 4);
    ck_assert_uint_eq(find(read, "requests")->total, 40);
    ck_assert_str_eq(find(read, "requests")->labels, "kind=a");
    ck_assert(isnan(find(read, "requests")->rate));
    ck_assert_double_eq(find(read, "used")->value, 4);
    ck_assert_str_eq(find(read, "used")->unit, "bytes");
    ck_assert_uint_eq(find(read, "took")->total, 0);
    ck_assert(isnan(find(read, "took")->p50));

    optop_add(requests, 60);
    for (int i = 1; i <= 1000; i++)
        optop_record(took, i * INT64_C(1000));
    optop_record(took, -5);
    optop_set(requests, 7); /* another kind: nothing happens */
    optop_add(used, 7);
    step(3 * SECOND);
    ck_assert_uint_eq(find(read, "requests")->total, 100);
    ck_assert_double_eq_tol(find(read, "requests")->rate, 30, 1e-9);
    ck_assert_double_eq(find(read, "used")->value, 4);
    const struct board_figure *h = find(read, "took");
    ck_assert_uint_eq(h->total, 1001);
    ck_assert_double_eq_tol(h->p50, 500e-6, 500e-6 * 0.02);
    ck_assert_double_eq_tol(h->p90, 900e-6, 900e-6 * 0.02);
    ck_assert_double_eq_tol(h->p99, 990e-6, 990e-6 * 0.02);
    ck_assert_double_eq_tol(h->p999, 999e-6, 999e-6 * 0.02);
    ck_assert_double_eq_tol(h->max, 1e-3, 1e-12);
    optop_board_close(board);
    step(4 * SECOND);
    ck_assert_int_eq(boards.count, 0);
}
END_TEST

/* What has not been recorded again is not read again; all that is recorded is seen. */
START_TEST(a_histogram_is_seen_to_move)
{
    struct optop_board *board = optop_board_open("moves");
    struct optop_figure *took = optop_histogram(board, "h", "");
    optop_record(took, 1000);
    step(1 * SECOND);
    const struct board_figure *h = find(boards.board[0], "h");
    ck_assert_uint_eq(h->total, 1);
    step(2 * SECOND);
    ck_assert_uint_eq(h->total, 1);
    ck_assert_double_eq(h->rate, 0);
    ck_assert_double_eq_tol(h->p50, 1e-6, 1e-6 * 0.02);
    optop_record(took, 0); /* the sum stays */
    step(3 * SECOND);
    ck_assert_uint_eq(h->total, 2);
    ck_assert_double_eq_tol(h->rate, 1, 1e-9);
    optop_record(took, 1000);
    optop_record(took, INT64_MAX); /* the last bucket */
    step(4 * SECOND);
    ck_assert_uint_eq(h->total, 4);
    ck_assert_double_eq_tol(h->max, (double)INT64_MAX / 1e9, 1);
    optop_remove(took);
    took = optop_histogram(board, "h", ""); /* another one in its place */
    optop_record(took, 1000);
    step(5 * SECOND);
    h = find(boards.board[0], "h");
    ck_assert_uint_eq(h->total, 1);
    ck_assert_double_eq_tol(h->max, 1e-6, 1e-12);
    optop_board_close(board);
}
END_TEST

START_TEST(no_board_is_harmless)
{
    ck_assert_int_eq(chmod(place, 0755), 0);
    ck_assert_ptr_null(optop_board_open("x"));
    ck_assert_int_eq(errno, EPERM);
    struct optop_figure *none = optop_counter(NULL, "a", "", "");
    ck_assert_ptr_null(none);
    optop_add(none, 1);
    optop_set(none, 1);
    optop_adjust(none, 1);
    optop_record(none, 1);
    optop_remove(none);
    ck_assert_ptr_null(optop_board_path(NULL));
    optop_board_close(NULL);
    chmod(place, 0700);

    test_limit_file_size(4096);
    struct optop_board *board = optop_board_open("x");
    int error = errno;
    test_limit_file_size(RLIM_INFINITY);
    ck_assert_ptr_null(board);
    ck_assert_int_eq(error, EFBIG);
}
END_TEST

START_TEST(a_board_has_an_end)
{
    char name[200];
    struct optop_board *board = optop_board_open("full");
    struct optop_figure *last = NULL;
    for (int i = 0; i < OPTOP_HISTOGRAMS_MAX; i++) {
        snprintf(name, sizeof name, "h%d", i);
        ck_assert_ptr_nonnull(optop_histogram(board, name, ""));
    }
    ck_assert_ptr_null(optop_histogram(board, "one too many", ""));
    ck_assert_int_eq(errno, ENOSPC);
    for (int i = OPTOP_HISTOGRAMS_MAX; i < OPTOP_FIGURES_MAX; i++) {
        snprintf(name, sizeof name, "c%d", i);
        ck_assert_ptr_nonnull(last = optop_counter(board, name, "", ""));
    }
    ck_assert_ptr_null(optop_gauge(board, "one too many", "", ""));
    ck_assert_int_eq(errno, ENOSPC);
    optop_add(last, 5);
    step(SECOND);
    ck_assert_int_eq(boards.board[0]->figure_count, OPTOP_FIGURES_MAX);
    optop_remove(last);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_ptr_nonnull(last = optop_counter(board, name, name, name));
    optop_add(last, 1);
    step(2 * SECOND);
    const struct board_figure *figure =
        &boards.board[0]->figure[boards.board[0]->figure_count - 1];
    ck_assert_uint_eq(figure->total, 1); /* not 6 */
    ck_assert_double_eq_tol(figure->rate, 1, 1e-9); /* it came since the read before */
    ck_assert_uint_eq(strlen(figure->name), OPTOP_NAME_MAX - 1);
    ck_assert_ptr_eq(optop_counter(board, name, "", name), last);
    optop_board_close(board);
}
END_TEST

START_TEST(a_figure_goes_when_all_let_go)
{
    struct optop_board *board = optop_board_open("p");
    struct optop_figure *figure = optop_histogram(board, "h", "");
    ck_assert_ptr_eq(optop_histogram(board, "h", ""), figure);
    optop_record(figure, 10);
    optop_remove(figure);
    step(SECOND);
    ck_assert_uint_eq(find(boards.board[0], "h")->total, 1);
    optop_remove(figure);
    step(2 * SECOND);
    ck_assert_int_eq(boards.board[0]->figure_count, 0);
    figure = optop_histogram(board, "h2", "");
    step(3 * SECOND);
    ck_assert_uint_eq(find(boards.board[0], "h2")->total, 0);
    optop_board_close(board);
}
END_TEST

enum { THREADS = 24, ROUNDS = 100000 };

struct shared {
    struct optop_figure *counter, *gauge, *histogram;
};

static void *
count_up(void *context)
{
    const struct shared *shared = context;
    for (int i = 0; i < ROUNDS; i++) {
        optop_add(shared->counter, 1);
        optop_adjust(shared->gauge, i % 2 ? -1 : 1);
        if (i % 16 == 0)
            optop_record(shared->histogram, i);
    }
    return NULL;
}

/* More threads than lanes, twice: lanes go from one thread to the next. */
START_TEST(no_thread_loses_a_count)
{
    struct optop_board *board = optop_board_open("threads");
    struct shared shared = { optop_counter(board, "c", "", ""), optop_gauge(board, "g", "", ""),
        optop_histogram(board, "h", "") };
    for (int round = 0; round < 2; round++) {
        pthread_t thread[THREADS];
        for (int i = 0; i < THREADS; i++)
            ck_assert_int_eq(pthread_create(&thread[i], NULL, count_up, &shared), 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
    }
    step(SECOND);
    ck_assert_uint_eq(find(boards.board[0], "c")->total, 2ull * THREADS * ROUNDS);
    ck_assert_double_eq(find(boards.board[0], "g")->value, 0);
    ck_assert_uint_eq(find(boards.board[0], "h")->total, 2ull * THREADS * ROUNDS / 16);
    optop_board_close(board);
}
END_TEST

static void
wait_for(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
}

START_TEST(a_killed_program_leaves_nothing)
{
    int told[2];
    ck_assert_int_eq(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        struct optop_board *board = optop_board_open("victim");
        optop_add(optop_counter(board, "c", "", ""), 3);
        if (write(told[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    char byte;
    ck_assert_int_eq(read(told[0], &byte, 1), 1);
    step(SECOND);
    ck_assert_int_eq(boards.count, 1);
    ck_assert_int_eq(boards.board[0]->pid, child);
    ck_assert_int_eq(files(), 1);
    kill(child, SIGKILL);
    wait_for(child);
    step(2 * SECOND);
    ck_assert_int_eq(boards.count, 0);
    ck_assert_int_eq(rmdir(place), 0); /* nothing is left in it */

    /* and where nobody reads, the next program tidies up; the directory, made
     * anew, is found again */
    child = fork();
    if (child == 0) {
        optop_board_open("victim");
        raise(SIGKILL);
    }
    wait_for(child);
    struct optop_board *board = optop_board_open("next");
    step(3 * SECOND);
    ck_assert_int_eq(boards.count, 1);
    ck_assert_str_eq(boards.board[0]->program, "next");
    optop_board_close(board);
    ck_assert_int_eq(rmdir(place), 0);
}
END_TEST

START_TEST(a_program_that_exits_takes_its_board_along)
{
    pid_t child = fork();
    if (child == 0) {
        optop_board_open("short");
        exit(0);
    }
    wait_for(child);
    ck_assert_int_eq(rmdir(place), 0);
}
END_TEST

START_TEST(a_forked_child_publishes_nothing)
{
    struct optop_board *board = optop_board_open("parent");
    struct optop_figure *counter = optop_counter(board, "c", "", "");
    optop_add(counter, 1);
    pid_t child = fork();
    if (child == 0) {
        optop_add(counter, 100);
        optop_counter(board, "of the child", "", "");
        struct optop_board *own = optop_board_open("child");
        bool fine = own && optop_board_path(own)[0];
        optop_board_close(board);
        exit(fine ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
    step(SECOND);
    ck_assert_int_eq(boards.count, 1);
    ck_assert_int_eq(boards.board[0]->figure_count, 1);
    ck_assert_uint_eq(find(boards.board[0], "c")->total, 1);
    optop_board_close(board);
}
END_TEST

/* Writers that lie: a file made by hand, locked as a living writer's. */

static char *
forge(const char *name, int *ret_fd)
{
    struct flock lock = { .l_type = F_WRLCK };
    int fd = openat(boards.directory, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
    ck_assert_int_eq(ftruncate(fd, BOARD_BYTES), 0);
    char *map = mmap(NULL, BOARD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(map, MAP_FAILED);
    struct board_header *header = (struct board_header *)(void *)map;
    memcpy(header->magic, BOARD_MAGIC, 8);
    header->version = BOARD_VERSION;
    *ret_fd = fd;
    return map;
}

START_TEST(lies_are_clamped_and_cleaned)
{
    int fd;
    char *map = forge("liar.1.0.board", &fd);
    struct board_header *header = (struct board_header *)(void *)map;
    struct board_entry *entry = (struct board_entry *)(void *)(map + BOARD_ENTRIES_AT);
    memset(header->program, 0x1B, sizeof header->program);
    header->entries = UINT32_MAX;
    header->lanes = UINT32_MAX;
    header->pid = UINT32_MAX;
    for (int i = 0; i < OPTOP_FIGURES_MAX; i++) {
        entry[i].kind = i % 2 ? BOARD_HISTOGRAM : 1000u;
        entry[i].histogram = i % 4 == 1 ? UINT32_MAX : 63;
        memset(entry[i].name, '\x9B', OPTOP_NAME_MAX);
        memset(entry[i].unit, '\n', OPTOP_UNIT_MAX);
        memset(entry[i].labels, 0xFF, OPTOP_LABELS_MAX);
    }
    memset(map + board_block_at(63, 0), 0xFF, sizeof(struct board_block));
    step(SECOND);
    step(2 * SECOND);
    ck_assert_int_eq(boards.count, 1);
    const struct board_reader *read = boards.board[0];
    ck_assert_int_le(read->figure_count, OPTOP_HISTOGRAMS_MAX);
    ck_assert_int_gt(read->figure_count, 0);
    for (int i = 0; i < read->figure_count; i++)
        ck_assert_ptr_null(strpbrk(read->figure[i].name, "\x1B\n"));
    ck_assert_ptr_null(strchr(read->program, 0x1B));
    munmap(map, BOARD_BYTES);
    close(fd);
    step(3 * SECOND); /* the lock has gone, and so has the file */
    ck_assert_int_eq(rmdir(place), 0);
}
END_TEST

START_TEST(a_file_cut_under_the_reader)
{
    struct optop_board *board = optop_board_open("cut");
    optop_add(optop_counter(board, "c", "", ""), 3);
    step(SECOND);
    ck_assert_int_eq(boards.count, 1);
    ck_assert_int_eq(truncate(optop_board_path(board), BOARD_LANES_AT), 0);
    step(2 * SECOND); /* what lies behind the end is nothing */
    ck_assert_int_eq(boards.count, 1);
    ck_assert_uint_eq(find(boards.board[0], "c")->total, 0);
    ck_assert(isnan(find(boards.board[0], "c")->rate));
    ck_assert_int_eq(truncate(optop_board_path(board), 4), 0);
    step(3 * SECOND);
    ck_assert_int_eq(boards.count, 0);
    ck_assert_int_eq(truncate(optop_board_path(board), BOARD_BYTES), 0);
    optop_board_close(board);
}
END_TEST

START_TEST(what_is_no_board_is_left_alone)
{
    int fd = openat(boards.directory, "notes.txt", O_CREAT | O_WRONLY, 0600), other;
    close(fd);
    mkfifoat(boards.directory, "pipe.1.0.board", 0600);
    mkdirat(boards.directory, "folder.1.0.board", 0700);
    ck_assert_int_eq(symlinkat("notes.txt", boards.directory, "link.1.0.board"), 0);
    char *map = forge("newer.1.0.board", &other);
    ((struct board_header *)(void *)map)->version = BOARD_VERSION + 1;
    munmap(map, BOARD_BYTES);
    step(SECOND);
    step(20 * SECOND);
    ck_assert_int_eq(boards.count, 0);
    ck_assert_int_eq(faccessat(boards.directory, "notes.txt", F_OK, 0), 0);
    ck_assert_int_eq(faccessat(boards.directory, "newer.1.0.board", F_OK, 0), 0);
    close(other);
}
END_TEST

START_TEST(nothing_is_allocated_in_a_steady_state)
{
    struct optop_board *board = optop_board_open("steady");
    struct optop_figure *counter = optop_counter(board, "c", "", ""),
                        *took = optop_histogram(board, "h", "");
    for (int i = 1; i < 3; i++) {
        optop_add(counter, 1);
        optop_record(took, 1);
        step(i * SECOND);
    }
    unsigned long before = test_allocations();
    for (int i = 0; i < 5; i++) { /* within the ten seconds of a scan */
        optop_add(counter, 1);
        optop_record(took, 1);
        step(3 * SECOND + i * SECOND);
    }
    ck_assert_uint_eq(test_allocations(), before);
    optop_board_close(board);
}
END_TEST

START_TEST(mirrors)
{
    static struct histogram histogram;
    struct optop_board *board = optop_board_open("mirror");
    struct optop_figure *counter = optop_counter(board, "c", "", ""),
                        *took = optop_histogram(board, "h", "");
    histogram_add(&histogram, 1000000);
    histogram_add(&histogram, 3000000);
    board_store_total(counter, 77);
    board_store_histogram(took, &histogram);
    step(SECOND);
    ck_assert_uint_eq(find(boards.board[0], "c")->total, 77);
    ck_assert_uint_eq(find(boards.board[0], "h")->total, 2);
    ck_assert_double_eq_tol(find(boards.board[0], "h")->mean, 2e-3, 1e-12);
    ck_assert_double_eq_tol(find(boards.board[0], "h")->max, 3e-3, 1e-12);
    histogram_add(&histogram, 100); /* below and above what there was */
    histogram_add(&histogram, 1000000000);
    board_store_histogram(took, &histogram);
    step(2 * SECOND);
    ck_assert_uint_eq(find(boards.board[0], "h")->total, 4);
    ck_assert_double_eq_tol(find(boards.board[0], "h")->max, 1, 1e-12);
    memset(&histogram, 0, sizeof histogram); /* another one */
    histogram_add(&histogram, 2000000);
    board_store_histogram(took, &histogram);
    step(3 * SECOND);
    ck_assert_uint_eq(find(boards.board[0], "h")->total, 1);
    ck_assert_double_eq_tol(find(boards.board[0], "h")->p50, 2e-3, 1e-12);
    optop_board_close(board);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("board");
    TCase *tcase = tcase_create("board");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, figures_are_read_as_written);
    tcase_add_test(tcase, a_histogram_is_seen_to_move);
    tcase_add_test(tcase, no_board_is_harmless);
    tcase_add_test(tcase, a_board_has_an_end);
    tcase_add_test(tcase, a_figure_goes_when_all_let_go);
    tcase_add_test(tcase, no_thread_loses_a_count);
    tcase_add_test(tcase, a_killed_program_leaves_nothing);
    tcase_add_test(tcase, a_program_that_exits_takes_its_board_along);
    tcase_add_test(tcase, a_forked_child_publishes_nothing);
    tcase_add_test(tcase, lies_are_clamped_and_cleaned);
    tcase_add_test(tcase, a_file_cut_under_the_reader);
    tcase_add_test(tcase, what_is_no_board_is_left_alone);
    tcase_add_test(tcase, nothing_is_allocated_in_a_steady_state);
    tcase_add_test(tcase, mirrors);
    suite_add_tcase(suite, tcase);
    return suite;
}
