/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The writer's end of a board. Updates come from any thread of any program;
 * opening and asking for figures takes the board's lock. Runs inside other
 * people's programs: it prints nothing, never exits, and takes no signal.
 */
#include "stat/board.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/place.h"
#include "stat/publish_board.h"

enum {
    LANE_SHARED = BOARD_LANES - 1,
    NAME_TRIES = 1000, /* boards of one name and process number */
    PROGRAM_CHARS = 32,
    AS_SHARE = 16, /* of a limit of address space */
};

struct optop_figure {
    struct optop_board *board;
    _Atomic uint64_t *gauge; /* its cell, of a gauge */
    _Atomic(struct board_block *) *block; /* by lane, of a histogram: a row of the board's */
    uint32_t index;
    uint32_t histogram;
    enum board_kind kind;
    int uses; /* how often it was asked for */
};

struct optop_board {
    struct optop_board *next; /* of the process */
    char *map;
    struct board_header *header; /* the three below lie in the map */
    struct board_entry *entry;
    _Atomic(_Atomic uint64_t *) lane[BOARD_LANES]; /* NULL: not used yet */
    _Atomic(struct board_block *) block[OPTOP_HISTOGRAMS_MAX][BOARD_LANES];
    char *scrap; /* where figures go that there was no room for */
    struct shown_resource *shown; /* owned */
    uint64_t histograms_taken; /* bits */
    uint32_t serial;
    int fd; /* holds the lock; -1 in a child after fork() */
    pid_t pid;
    pthread_mutex_t lock;
    char path[PATH_MAX];
    struct optop_figure figure[OPTOP_FIGURES_MAX]; /* by entry */
};

/* Lanes: which thread counts where. */

static _Atomic uint32_t lanes_taken; /* bits, without the shared one */
static _Thread_local unsigned thread_lane __attribute__((tls_model("initial-exec"))); /* + 1 */
static pthread_key_t lane_key;

/* The next owner of a lane sees what this one has counted. */
static void
give_lane_back(void *lane_plus_1)
{
    unsigned lane = (unsigned)(uintptr_t)lane_plus_1 - 1;
    thread_lane = 0;
    atomic_fetch_and_explicit(&lanes_taken, ~(UINT32_C(1) << lane), memory_order_release);
}

static unsigned __attribute__((noinline))
take_lane(void)
{
    uint32_t taken = atomic_load_explicit(&lanes_taken, memory_order_relaxed);
    for (;;) {
        unsigned lane = (unsigned)__builtin_ctz(~taken);
        if (lane >= LANE_SHARED)
            break;
        if (!atomic_compare_exchange_weak_explicit(&lanes_taken, &taken,
                taken | UINT32_C(1) << lane, memory_order_acquire, memory_order_relaxed))
            continue;
        if (pthread_setspecific(lane_key, (void *)(uintptr_t)(lane + 1)) == 0) {
            thread_lane = lane + 1;
            return lane;
        }
        atomic_fetch_and_explicit(&lanes_taken, ~(UINT32_C(1) << lane), memory_order_release);
        break;
    }
    thread_lane = LANE_SHARED + 1;
    return LANE_SHARED;
}

static inline unsigned
own_lane(void)
{
    unsigned lane = thread_lane;
    return lane ? lane - 1 : take_lane();
}

static inline void
cell_add(_Atomic uint64_t *cell, uint64_t amount, unsigned lane)
{
    if (lane == LANE_SHARED)
        atomic_fetch_add_explicit(cell, amount, memory_order_relaxed);
    else
        atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + amount,
            memory_order_relaxed);
}

/* Memory of the file. */

/* A page of a hole that the disk has no room for would be a SIGBUS. */
static int
reserve(const struct optop_board *board, size_t at, size_t len)
{
    if (board->fd < 0)
        return 0;
    int r;
    do
        r = posix_fallocate(board->fd, (off_t)at, (off_t)len);
    while (r == EINTR);
    return -r;
}

static char *
scrap_of(struct optop_board *board)
{
    if (!board->scrap) {
        void *map = mmap(NULL, BOARD_BLOCK_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        board->scrap = map == MAP_FAILED ? NULL : map;
    }
    return board->scrap;
}

/* The place of the file from `at`, or scrap; NULL when memory is out. */
static char *
part_of(struct optop_board *board, size_t at, size_t len)
{
    return reserve(board, at, len) == 0 ? board->map + at : scrap_of(board);
}

static _Atomic uint64_t *__attribute__((noinline))
open_lane(struct optop_board *board, unsigned lane)
{
    pthread_mutex_lock(&board->lock);
    _Atomic uint64_t *cells = atomic_load_explicit(&board->lane[lane], memory_order_relaxed);
    if (!cells) {
        cells = (_Atomic uint64_t *)(void *)part_of(board, board_lane_at(lane), BOARD_LANE_BYTES);
        atomic_store_explicit(&board->lane[lane], cells, memory_order_release);
        atomic_fetch_or_explicit(&board->header->lanes, UINT32_C(1) << lane, memory_order_release);
    }
    pthread_mutex_unlock(&board->lock);
    return cells;
}

static struct board_block *__attribute__((noinline))
open_block(struct optop_board *board, unsigned histogram, unsigned lane)
{
    if (!atomic_load_explicit(&board->lane[lane], memory_order_acquire))
        open_lane(board, lane); /* says in the header that the lane is used */
    pthread_mutex_lock(&board->lock);
    struct board_block *block =
        atomic_load_explicit(&board->block[histogram][lane], memory_order_relaxed);
    if (!block) {
        block = (struct board_block *)(void *)part_of(board, board_block_at(histogram, lane),
            BOARD_BLOCK_BYTES);
        atomic_store_explicit(&board->block[histogram][lane], block, memory_order_release);
    }
    pthread_mutex_unlock(&board->lock);
    return block;
}

/* All boards of the process: for fork() and exit(). */

static pthread_mutex_t boards_lock = PTHREAD_MUTEX_INITIALIZER;
static struct optop_board *boards; /* under boards_lock */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_result;

static void
before_fork(void)
{
    pthread_mutex_lock(&boards_lock);
    for (struct optop_board *board = boards; board; board = board->next)
        pthread_mutex_lock(&board->lock);
}

static void
after_fork(void)
{
    for (struct optop_board *board = boards; board; board = board->next)
        pthread_mutex_unlock(&board->lock);
    pthread_mutex_unlock(&boards_lock);
}

/* The board stays the parent's; here its figures count in private memory. */
static void
in_child(void)
{
    for (struct optop_board *board = boards; board; board = board->next) {
        if (board->fd < 0)
            continue;
        mmap(board->map, BOARD_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        close(board->fd);
        board->fd = -1;
    }
    after_fork();
}

static void
start_once(void)
{
    once_result = pthread_key_create(&lane_key, give_lane_back);
    if (!once_result)
        once_result = pthread_atfork(before_fork, after_fork, in_child);
}

static void __attribute__((destructor))
remove_at_exit(void)
{
    /* without the lock: another thread that holds it may be gone */
    for (const struct optop_board *board = boards; board; board = board->next)
        if (board->fd >= 0 && board->pid == getpid())
            unlink(board->path);
}

/* Opening. */

static int
open_directory(char *path, size_t size)
{
    char above[PATH_MAX];
    int r = place_boards(path, size);
    if (r < 0)
        return r;
    snprintf(above, sizeof above, "%s", path);
    char *slash = strrchr(above, '/');
    if (!place_environment("OPTOP_BOARDS") && slash && slash > above) {
        *slash = '\0';
        r = place_directory(above, NULL);
    }
    if (r == 0)
        r = place_directory(path, NULL);
    if (r < 0)
        return r <= -2000 ? -EPERM : r;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static void
clean_program(const char *program, char *buf, size_t size)
{
    size_t len = 0;
    for (; program && program[len] && len + 1 < size; len++) {
        char c = program[len];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        buf[len] = plain || c == '-' ? c : '_';
    }
    buf[len] = '\0';
    if (!len)
        snprintf(buf, size, "program");
}

static int
map_file(struct optop_board *board)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct rlimit most;
    if (fcntl(board->fd, F_OFD_SETLK, &lock) < 0)
        return -errno;
    /* a length above the limit would be a SIGXFSZ */
    if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < BOARD_BYTES)
        return -EFBIG;
    /* where address space is limited, little of it is ours */
    if (getrlimit(RLIMIT_AS, &most) == 0 && most.rlim_cur / AS_SHARE < BOARD_BYTES)
        return -ENOMEM;
    if (ftruncate(board->fd, BOARD_BYTES) < 0)
        return -errno;
    int r = reserve(board, 0, BOARD_HEADER_BYTES);
    if (r == 0)
        r = reserve(board, board_lane_at(0), BOARD_LANE_BYTES);
    if (r < 0)
        return r;
    void *map = mmap(NULL, BOARD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, board->fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    board->map = map;
    board->header = map;
    board->entry = (struct board_entry *)(void *)(board->map + BOARD_ENTRIES_AT);
    board->lane[0] = (_Atomic uint64_t *)(void *)(board->map + board_lane_at(0));
    return 0;
}

static void
write_header(struct optop_board *board, const char *program)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct board_header *header = board->header;
    memcpy(header->magic, BOARD_MAGIC, sizeof header->magic);
    header->version = BOARD_VERSION;
    header->pid = (uint32_t)board->pid;
    header->opened_wall_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    snprintf(header->program, sizeof header->program, "%s", program);
    header->lanes = 1;
}

/* Gives the finished file its name. */
static int
publish(struct optop_board *board, int directory, const char *program, const char *temporary)
{
    size_t len = strlen(board->path);
    for (int n = 0; n < NAME_TRIES; n++) {
        char name[PROGRAM_CHARS + 64];
        snprintf(name, sizeof name, "%s.%d.%d%s", program, (int)board->pid, n, BOARD_SUFFIX);
        if (linkat(directory, temporary, directory, name, 0) == 0) {
            int added = snprintf(board->path + len, sizeof board->path - len, "/%s", name);
            return added > 0 && (size_t)added < sizeof board->path - len ? 0 : -ENAMETOOLONG;
        }
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

static int
make_file(struct optop_board *board, int directory, const char *program)
{
    static _Atomic unsigned number;
    char temporary[64];
    snprintf(temporary, sizeof temporary, BOARD_NEW_PREFIX "%d.%u", (int)board->pid,
        atomic_fetch_add(&number, 1));
    unlinkat(directory, temporary, 0); /* of a dead process of the same number */
    board->fd = openat(directory, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (board->fd < 0)
        return -errno;
    int r = map_file(board);
    if (r == 0) {
        write_header(board, program);
        r = publish(board, directory, program, temporary);
    }
    unlinkat(directory, temporary, 0);
    return r;
}

static void
destroy(struct optop_board *board)
{
    if (board->map)
        munmap(board->map, BOARD_BYTES);
    if (board->scrap)
        munmap(board->scrap, BOARD_BLOCK_BYTES);
    if (board->fd >= 0)
        close(board->fd);
    pthread_mutex_destroy(&board->lock);
    shown_resources_free(board->shown);
    free(board);
}

struct optop_board *
optop_board_open(const char *program)
{
    char name[PROGRAM_CHARS];
    pthread_once(&once, start_once);
    struct optop_board *board = once_result ? NULL : calloc(1, sizeof *board);
    if (!board) {
        errno = once_result ? once_result : ENOMEM;
        return NULL;
    }
    board->fd = -1;
    board->pid = getpid();
    pthread_mutex_init(&board->lock, NULL);
    clean_program(program, name, sizeof name);
    int directory = open_directory(board->path, sizeof board->path), r = directory;
    if (directory >= 0) {
        board_sweep(directory);
        r = make_file(board, directory, name);
        close(directory);
    }
    if (r < 0) {
        destroy(board);
        errno = -r;
        return NULL;
    }
    pthread_mutex_lock(&boards_lock);
    board->next = boards;
    boards = board;
    pthread_mutex_unlock(&boards_lock);
    return board;
}

void
optop_board_close(struct optop_board *board)
{
    if (!board)
        return;
    pthread_mutex_lock(&boards_lock);
    for (struct optop_board **at = &boards; *at; at = &(*at)->next)
        if (*at == board) {
            *at = board->next;
            break;
        }
    pthread_mutex_unlock(&boards_lock);
    if (board->fd >= 0)
        unlink(board->path);
    destroy(board);
}

const char *
optop_board_path(const struct optop_board *board)
{
    return board ? board->path : NULL;
}

struct shown_resource **
board_shown(struct optop_board *board)
{
    return board && board->fd >= 0 ? &board->shown : NULL;
}

/* Figures. All of these are called with the board's lock. */

static struct optop_figure *
find_figure(struct optop_board *board, const char *name, const char *labels)
{
    uint32_t count = atomic_load_explicit(&board->header->entries, memory_order_relaxed);
    for (uint32_t i = 0; i < count && i < OPTOP_FIGURES_MAX; i++)
        if (board->figure[i].uses && !strcmp(board->entry[i].name, name) &&
            !strcmp(board->entry[i].labels, labels))
            return &board->figure[i];
    return NULL;
}

static int
free_index(struct optop_board *board)
{
    for (int i = 0; i < OPTOP_FIGURES_MAX; i++)
        if (!board->figure[i].uses)
            return i;
    return -ENOSPC;
}

/* The cells and blocks of a figure that was here before begin at nothing. */
static void
clear_cells(struct optop_board *board, const struct optop_figure *figure)
{
    for (int lane = 0; lane < BOARD_LANES; lane++) {
        if (board->lane[lane])
            board->lane[lane][figure->index] = 0;
        if (figure->kind == BOARD_HISTOGRAM && board->block[figure->histogram][lane])
            memset((void *)board->block[figure->histogram][lane], 0, sizeof(struct board_block));
    }
}

static int
add_figure(struct optop_board *board, enum board_kind kind, const struct board_entry *wanted,
    struct optop_figure **ret_figure)
{
    int index = free_index(board);
    if (index < 0)
        return index;
    bool histogram = kind == BOARD_HISTOGRAM;
    if (histogram && !~board->histograms_taken)
        return -ENOSPC;
    struct board_entry *entry = &board->entry[index];
    int r = reserve(board, (size_t)((char *)entry - board->map), sizeof *entry);
    if (r < 0)
        return r;
    struct optop_figure *figure = &board->figure[index];
    *figure = (struct optop_figure){ .board = board, .index = (uint32_t)index, .kind = kind,
        .uses = 1 };
    if (histogram) {
        figure->histogram = (uint32_t)__builtin_ctzll(~board->histograms_taken);
        board->histograms_taken |= UINT64_C(1) << figure->histogram;
        figure->block = board->block[figure->histogram];
    }
    if (kind == BOARD_GAUGE)
        figure->gauge = &board->lane[0][index];
    clear_cells(board, figure);
    memcpy(entry->name, wanted->name, sizeof entry->name);
    memcpy(entry->unit, wanted->unit, sizeof entry->unit);
    memcpy(entry->labels, wanted->labels, sizeof entry->labels);
    entry->histogram = figure->histogram;
    entry->serial = ++board->serial;
    atomic_store_explicit(&entry->kind, kind, memory_order_release);
    if ((uint32_t)index >= board->header->entries)
        atomic_store_explicit(&board->header->entries, (uint32_t)index + 1, memory_order_release);
    atomic_fetch_add_explicit(&board->header->generation, 1, memory_order_release);
    *ret_figure = figure;
    return 0;
}

static struct optop_figure *
want_figure(struct optop_board *board, enum board_kind kind, const char *const text[3])
{
    struct board_entry wanted = { .kind = kind };
    struct optop_figure *figure = NULL;
    if (!board || !text[0] || !text[0][0]) {
        errno = EINVAL;
        return NULL;
    }
    snprintf(wanted.name, sizeof wanted.name, "%s", text[0]);
    snprintf(wanted.unit, sizeof wanted.unit, "%s", text[1] ? text[1] : "");
    snprintf(wanted.labels, sizeof wanted.labels, "%s", text[2] ? text[2] : "");
    pthread_mutex_lock(&board->lock);
    int r = 0;
    figure = find_figure(board, wanted.name, wanted.labels);
    if (figure && figure->kind != kind)
        r = -EEXIST;
    else if (figure)
        figure->uses++;
    else
        r = add_figure(board, kind, &wanted, &figure);
    pthread_mutex_unlock(&board->lock);
    if (r < 0) {
        errno = -r;
        return NULL;
    }
    return figure;
}

struct optop_figure *
optop_counter(struct optop_board *board, const char *name, const char *unit, const char *labels)
{
    return want_figure(board, BOARD_COUNTER, (const char *[]){ name, unit, labels });
}

struct optop_figure *
optop_gauge(struct optop_board *board, const char *name, const char *unit, const char *labels)
{
    return want_figure(board, BOARD_GAUGE, (const char *[]){ name, unit, labels });
}

struct optop_figure *
optop_histogram(struct optop_board *board, const char *name, const char *labels)
{
    return want_figure(board, BOARD_HISTOGRAM, (const char *[]){ name, "seconds", labels });
}

void
optop_remove(struct optop_figure *figure)
{
    if (!figure)
        return;
    struct optop_board *board = figure->board;
    pthread_mutex_lock(&board->lock);
    if (figure->uses > 0 && --figure->uses == 0) {
        if (figure->kind == BOARD_HISTOGRAM)
            board->histograms_taken &= ~(UINT64_C(1) << figure->histogram);
        figure->kind = BOARD_FREE;
        atomic_store_explicit(&board->entry[figure->index].kind, BOARD_FREE, memory_order_release);
        atomic_fetch_add_explicit(&board->header->generation, 1, memory_order_release);
    }
    pthread_mutex_unlock(&board->lock);
}

/* Updates. */

void
optop_add(struct optop_figure *figure, uint64_t amount)
{
    if (!figure || figure->kind != BOARD_COUNTER)
        return;
    unsigned lane = own_lane();
    _Atomic uint64_t *cells =
        atomic_load_explicit(&figure->board->lane[lane], memory_order_acquire);
    if (!cells && !(cells = open_lane(figure->board, lane)))
        return;
    cell_add(&cells[figure->index], amount, lane);
}

static uint64_t
bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double
value_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void
optop_set(struct optop_figure *figure, double value)
{
    if (figure && figure->kind == BOARD_GAUGE)
        atomic_store_explicit(figure->gauge, bits_of(value), memory_order_relaxed);
}

void
optop_adjust(struct optop_figure *figure, double difference)
{
    if (!figure || figure->kind != BOARD_GAUGE)
        return;
    uint64_t bits = atomic_load_explicit(figure->gauge, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(figure->gauge, &bits,
        bits_of(value_of(bits) + difference), memory_order_relaxed, memory_order_relaxed))
        ;
}

static inline struct board_block *
own_block(struct optop_figure *figure, unsigned lane)
{
    struct board_block *block = atomic_load_explicit(&figure->block[lane], memory_order_acquire);
    return block ? block : open_block(figure->board, figure->histogram, lane);
}

void
optop_record(struct optop_figure *figure, int64_t duration_ns)
{
    if (!figure || figure->kind != BOARD_HISTOGRAM)
        return;
    unsigned lane = own_lane();
    struct board_block *block = own_block(figure, lane);
    if (!block)
        return;
    uint64_t value = duration_ns < 0 ? 0 : (uint64_t)duration_ns;
    cell_add(&block->bucket[histogram_bucket(value)], 1, lane);
    cell_add(&block->sum_ns, value, lane);
    uint64_t most = atomic_load_explicit(&block->max_ns, memory_order_relaxed);
    while (__builtin_expect(value > most, 0) &&
        !atomic_compare_exchange_weak_explicit(&block->max_ns, &most, value, memory_order_relaxed,
            memory_order_relaxed))
        ;
}

void
board_store_total(struct optop_figure *figure, uint64_t total)
{
    if (figure && figure->kind == BOARD_COUNTER)
        atomic_store_explicit(&figure->board->lane[0][figure->index], total, memory_order_relaxed);
}

void
board_store_histogram(struct optop_figure *figure, const struct histogram *histogram)
{
    if (!figure || figure->kind != BOARD_HISTOGRAM)
        return;
    struct board_block *block = own_block(figure, 0);
    if (!block || !histogram->count)
        return;
    uint64_t least = histogram->min_ns > 0 ? (uint64_t)histogram->min_ns : 0;
    uint64_t most = (uint64_t)histogram->max_ns;
    /* what is less than before is another one: nothing of the old one may stay */
    bool another = histogram->sum_ns < atomic_load_explicit(&block->sum_ns, memory_order_relaxed) ||
        most < atomic_load_explicit(&block->max_ns, memory_order_relaxed);
    unsigned end = another ? HISTOGRAM_BUCKETS : histogram_bucket(most) + 1;
    for (unsigned i = another ? 0 : histogram_bucket(least); i < end; i++)
        atomic_store_explicit(&block->bucket[i], histogram->bucket[i], memory_order_relaxed);
    atomic_store_explicit(&block->sum_ns, histogram->sum_ns, memory_order_relaxed);
    atomic_store_explicit(&block->max_ns, most, memory_order_relaxed);
}
