/* Tasks on threads, and a map, with what they do shown by `optop boards example`.
 *
 *     cc -o executor executor.c $(pkg-config --cflags --libs optop)
 *     ./executor [SECONDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <optop/executor.h>

#define ITEMS 100000

static int
square(void *context, size_t index)
{
    double *result = context;
    result[index] = (double)index * (double)index;
    return 0;
}

static int
nap(void *context)
{
    struct timespec time = { .tv_nsec = *(const long *)context };
    nanosleep(&time, NULL);
    return 0;
}

int
main(int argc, char **argv)
{
    static double result[ITEMS];
    static const long naps[] = { 1000000, 2000000, 4000000 };
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    struct optop_board *board = optop_board_open("example");
    struct optop_executor *executor = optop_executor_new("example", 2, 0);
    size_t failed;
    if (!executor)
        return 1;
    int name = optop_executor_task(executor, "nap");
    do {
        for (int i = 0; i < 300; i++)
            optop_submit(executor, &(struct optop_task){ .run = nap,
                .context = (void *)(size_t)&naps[i % 3], .name = name < 0 ? 0 : name }, NULL);
        if (optop_map(executor, ITEMS, 0, square, result, &failed) < 0)
            fprintf(stderr, "item %zu has failed\n", failed);
        optop_board_publish(board);
    } while (time(NULL) < end);
    printf("%g\n", result[ITEMS - 1]);
    optop_executor_free(executor); /* waits for what is left */
    optop_board_close(board);
    return 0;
}
