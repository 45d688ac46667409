/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bounded queue of tasks that any thread puts into and takes from: an array
 * of cells, each with the number of its turn, so that two threads only meet at
 * one counter (method: Vyukov's bounded MPMC queue). Memory of zeros is an empty
 * ring: turn 2n says that a cell is free for the n-th time round, 2n + 1 that it
 * is full.
 */
#ifndef OPTOP_TASK_RING_H
#define OPTOP_TASK_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "optop/executor.h"

struct ring_task {
    int (*run)(void *context);
    void (*dropped)(void *context);
    void *context;
    struct optop_future *future; /* a reference; NULL: nobody waits */
    int name;
};

struct ring_cell {
    _Atomic uint64_t turn;
    struct ring_task task;
};

struct ring {
    _Alignas(64) _Atomic uint64_t tail; /* tasks that were put into it, ever */
    _Alignas(64) _Atomic uint64_t head; /* and taken */
    _Alignas(64) struct ring_cell *cell; /* owned by the executor */
    unsigned bits; /* 2^bits cells */
};

static inline struct ring_cell *
ring_at(const struct ring *ring, uint64_t position)
{
    return &ring->cell[position & ((UINT64_C(1) << ring->bits) - 1)];
}

static inline uint64_t
ring_length(const struct ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return tail > head ? tail - head : 0;
}

static inline bool
ring_put(struct ring *ring, const struct ring_task *task)
{
    uint64_t position = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    for (;;) {
        struct ring_cell *cell = ring_at(ring, position);
        uint64_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
        uint64_t wanted = 2 * (position >> ring->bits);
        if (turn == wanted) {
            if (!atomic_compare_exchange_weak_explicit(&ring->tail, &position, position + 1,
                    memory_order_acq_rel, memory_order_relaxed))
                continue;
            cell->task = *task;
            atomic_store_explicit(&cell->turn, wanted + 1, memory_order_release);
            return true;
        }
        if (turn < wanted)
            return false; /* full */
        position = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    }
}

static inline bool
ring_take(struct ring *ring, struct ring_task *ret_task)
{
    uint64_t position = atomic_load_explicit(&ring->head, memory_order_relaxed);
    for (;;) {
        struct ring_cell *cell = ring_at(ring, position);
        uint64_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
        uint64_t wanted = 2 * (position >> ring->bits) + 1;
        if (turn == wanted) {
            if (!atomic_compare_exchange_weak_explicit(&ring->head, &position, position + 1,
                    memory_order_acq_rel, memory_order_relaxed))
                continue;
            *ret_task = cell->task;
            atomic_store_explicit(&cell->turn, wanted + 1, memory_order_release);
            return true;
        }
        if (turn < wanted)
            return false; /* empty */
        position = atomic_load_explicit(&ring->head, memory_order_relaxed);
    }
}

#endif
