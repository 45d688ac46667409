/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/boards.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/place.h"
#include "base/str.h"

enum {
    SCAN_NAMES_MAX = 4096,
    SCAN_SECONDS = 10, /* looked at again, though the directory says nothing has changed */
};

int
boards_open(struct boards *boards, const char *directory, struct diag *diag)
{
    *boards = (struct boards){ .directory = -1 };
    if (!str_copy(boards->path, sizeof boards->path, directory))
        return diag_set(diag, -ENAMETOOLONG, "the path of the boards is too long");
    int r = place_directory(directory, diag);
    if (r < 0)
        return r;
    boards->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (boards->directory < 0)
        return diag_set(diag, -errno, "%s: %s", directory, strerror(errno));
    return 0;
}

void
boards_release(struct boards *boards)
{
    while (boards->count)
        board_reader_close(boards->board[--boards->count]);
    if (boards->directory >= 0)
        close(boards->directory);
    boards->directory = -1;
}

static void
drop(struct boards *boards, int at)
{
    board_reader_close(boards->board[at]);
    boards->count--;
    memmove(&boards->board[at], &boards->board[at + 1],
        (size_t)(boards->count - at) * sizeof *boards->board);
    if (boards->next > at)
        boards->next--;
}

static void
drop_dead(struct boards *boards)
{
    for (int i = boards->count - 1; i >= 0; i--) {
        struct stat st;
        const struct board_reader *board = boards->board[i];
        bool alive = board_file_alive(board->fd);
        if (!alive)
            unlinkat(boards->directory, board->file, 0);
        if (!alive || fstat(board->fd, &st) < 0 || st.st_nlink == 0)
            drop(boards, i);
    }
}

static bool
is_known(const struct boards *boards, const char *file)
{
    for (int i = 0; i < boards->count; i++)
        if (!strcmp(boards->board[i]->file, file))
            return true;
    return false;
}

static bool
comes_before(const struct board_reader *a, const struct board_reader *b)
{
    int order = strcmp(a->program, b->program);
    return order < 0 || (order == 0 && a->pid < b->pid);
}

static void
attach(struct boards *boards, const char *file)
{
    int error;
    struct board_reader *board = board_reader_open(boards->directory, file, &error);
    if (!board)
        return;
    if (!board_file_alive(board->fd)) {
        unlinkat(boards->directory, file, 0);
        board_reader_close(board);
        return;
    }
    int at = boards->count++;
    for (; at > 0 && comes_before(board, boards->board[at - 1]); at--)
        boards->board[at] = boards->board[at - 1];
    boards->board[at] = board;
}

static void
scan(struct boards *boards)
{
    int copy = openat(boards->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    if (!entries) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (int n = 0; n < SCAN_NAMES_MAX && (entry = readdir(entries)); n++)
        if (boards->count < BOARDS_MAX && str_ends(entry->d_name, BOARD_SUFFIX) &&
            !is_known(boards, entry->d_name))
            attach(boards, entry->d_name);
    closedir(entries);
}

/* Somebody has removed the directory, perhaps made it anew. */
static int
reopen(struct boards *boards, struct stat *ret_st)
{
    struct boards again;
    if (boards_open(&again, boards->path, NULL) < 0)
        return -1;
    close(boards->directory);
    boards->directory = again.directory;
    boards->scanned_ns = 0;
    return fstat(boards->directory, ret_st);
}

/* A directory changed within the same clock tick as the scan may look unchanged
 * afterwards, which the scan every SCAN_SECONDS makes good. */
static void
look_for_new(struct boards *boards, int64_t now_ns)
{
    struct stat st;
    if (boards->directory < 0 || fstat(boards->directory, &st) < 0)
        return;
    if (st.st_nlink == 0 && reopen(boards, &st) < 0)
        return;
    int64_t changed = (int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec;
    if (boards->scanned_ns && changed == boards->changed_ns &&
        now_ns - boards->scanned_ns < SCAN_SECONDS * NS_PER_SEC)
        return;
    if (!boards->scanned_ns || now_ns - boards->scanned_ns >= SCAN_SECONDS * NS_PER_SEC)
        board_sweep(boards->directory);
    boards->changed_ns = changed;
    boards->scanned_ns = now_ns;
    scan(boards);
}

/* A board that is none any more goes; one that is too much stays empty. */
static void
read_board(struct boards *boards, int at, int64_t now_ns, int *figures)
{
    struct board_reader *board = boards->board[at];
    *figures -= board->figure_count;
    if (board_reader_read(board, now_ns) < 0) {
        drop(boards, at);
        return;
    }
    if (*figures + board->figure_count > BOARDS_FIGURES_MAX)
        board_reader_forget(board);
    *figures += board->figure_count;
}

void
boards_step(struct boards *boards, int64_t now_ns, int64_t budget_ns)
{
    int figures = 0;
    drop_dead(boards);
    look_for_new(boards, now_ns);
    for (int i = 0; i < boards->count; i++)
        figures += boards->board[i]->figure_count;
    int64_t end = clock_mono_ns() + budget_ns;
    for (int n = boards->count; n > 0 && boards->count && clock_mono_ns() < end; n--) {
        if (boards->next >= boards->count)
            boards->next = 0;
        read_board(boards, boards->next++, now_ns, &figures);
    }
}
