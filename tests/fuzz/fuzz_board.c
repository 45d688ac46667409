/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as the header, entries, cells and first block of a board. Ends by
 * abort() when a figure breaks a promise of stat/board_reader.h.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stat/board_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 64, CELLS_MAX = 512 };

static void
require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void
check_text(const char *text, size_t size)
{
    require(strnlen(text, size) < size, "a text that does not end");
    for (const char *c = text; *c; c++)
        require((unsigned char)*c >= ' ' && *c != 0x7F, "a control character");
}

static void
check(const struct board_reader *board)
{
    int histograms = 0;
    require(board->figure_count >= 0 && board->figure_count <= OPTOP_FIGURES_MAX, "a count");
    check_text(board->program, sizeof board->program);
    for (int i = 0; i < board->figure_count; i++) {
        const struct board_figure *figure = &board->figure[i];
        require(figure->kind > BOARD_FREE && figure->kind < BOARD_KIND_COUNT, "a kind");
        require(figure->index < OPTOP_FIGURES_MAX, "a place");
        histograms += figure->kind == BOARD_HISTOGRAM;
        check_text(figure->name, sizeof figure->name);
        check_text(figure->unit, sizeof figure->unit);
        check_text(figure->labels, sizeof figure->labels);
        require(!(figure->rate < 0), "a negative rate");
        require(!(figure->max < 0) && !(figure->p999 < figure->p50), "quantiles");
    }
    require(histograms <= OPTOP_HISTOGRAMS_MAX, "histograms");
}

/* Puts the bytes where the reader looks: a piece into each part of the file. */
static void
spread(int fd, const uint8_t *data, size_t size)
{
    const struct {
        size_t at, most;
    } part[] = {
        { 0, sizeof(struct board_header) },
        { BOARD_ENTRIES_AT, ENTRIES_MAX * sizeof(struct board_entry) },
        { board_lane_at(0), CELLS_MAX },
        { board_block_at(0, 0), sizeof(struct board_block) },
    };
    for (size_t i = 0; i < sizeof part / sizeof *part && size; i++) {
        size_t len = size < part[i].most ? size : part[i].most;
        if (pwrite(fd, data, len, (off_t)part[i].at) < 0)
            abort();
        data += len;
        size -= len;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[32];
    int error, fd = memfd_create("board", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    spread(fd, data, size);
    snprintf(name, sizeof name, "%d", fd);
    struct board_reader *board = board_reader_of(dup(fd), name, &error);
    for (int i = 1; board && i <= 2; i++)
        if (board_reader_read(board, (int64_t)i * 1000000000) == 0)
            check(board);
    board_reader_close(board);
    close(fd);
    return 0;
}

#ifndef LIBFUZZER
enum { DRIVER_INPUT_MAX = 64 * 1024, DRIVER_CHANGES = 3000 };
static const char *const driver_words[] = { "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\x01", "\x02", "\x03",
    "\x1B[2J", "\n", "\x7F", "\xE2\x80\xAE", "\xF0\x9F", "name", BOARD_MAGIC, NULL };
#include "driver.h"
#endif
