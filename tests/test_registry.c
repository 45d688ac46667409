/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The registry of resources, alone and with threads that come and go.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem/registry.h"

enum { ROUNDS = 2000, THREADS = 4 };

static char seen[256];

static void
note(struct resource *resource, void *data)
{
    (void)data;
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), " %s:%s", resource->kind,
        resource->name);
}

static const char *
order(void)
{
    seen[0] = '\0';
    registry_each(note, NULL);
    return seen;
}

START_TEST(by_priority_and_apart_by_name)
{
    struct resource a = { .kind = "pool", .name = "a", .priority = 5 },
                    b = { .kind = "cache", .name = "a", .priority = 1 },
                    c = { .kind = "pool", .name = "a", .priority = 5 },
                    d = { .kind = "pool", .priority = 9 };
    memset(d.name, 'x', sizeof d.name);
    registry_add(&a);
    registry_add(&b);
    registry_add(&c);
    ck_assert_str_eq(order(), " cache:a pool:a pool:a-2");
    registry_add(&d);
    ck_assert_uint_eq(strlen(d.name), sizeof d.name - 1);
    struct resource e = { .kind = "pool", .priority = 9 };
    memset(e.name, 'x', sizeof e.name);
    registry_add(&e);
    ck_assert_str_ne(e.name, d.name);
    registry_remove(&e);
    registry_remove(&d);
    registry_remove(&a);
    ck_assert_str_eq(order(), " cache:a pool:a-2");
    registry_remove(&a); /* once more, or never added: nothing */
    registry_remove(NULL);
    registry_remove(&b);
    registry_remove(&c);
    ck_assert_str_eq(order(), "");
}
END_TEST

struct remover {
    struct resource *victim;
    _Atomic int state; /* 1: in the visit, 2: remove is under way, 3: removed */
};

static void *
remove_it(void *data)
{
    struct remover *remover = data;
    while (remover->state != 1)
        ;
    remover->state = 2;
    registry_remove(remover->victim);
    remover->state = 3;
    return NULL;
}

static void
linger(struct resource *resource, void *data)
{
    struct remover *remover = data;
    if (resource != remover->victim)
        return;
    remover->state = 1;
    while (remover->state != 2)
        ;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(remover->state, 2);
        usleep(100);
    }
}

START_TEST(remove_waits_for_a_visit)
{
    struct resource a = { .kind = "pool", .name = "a" }, b = { .kind = "pool", .name = "b" };
    struct remover remover = { .victim = &a };
    pthread_t thread;
    registry_add(&a);
    registry_add(&b);
    ck_assert_int_eq(pthread_create(&thread, NULL, remove_it, &remover), 0);
    registry_each(linger, &remover);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(remover.state, 3);
    ck_assert_str_eq(order(), " pool:b");
    registry_remove(&b);
}
END_TEST

static struct resource guest = { .kind = "arena", .name = "guest", .priority = -1 };

static void
add_and_remove(struct resource *resource, void *data)
{
    (void)data;
    if (resource->priority == 0)
        registry_add(&guest);
    if (resource->priority == 1)
        registry_remove(&guest);
}

START_TEST(a_visit_may_change_the_list)
{
    struct resource a = { .kind = "pool", .name = "a" },
                    b = { .kind = "pool", .name = "b", .priority = 1 };
    registry_add(&a);
    registry_add(&b);
    registry_each(add_and_remove, NULL);
    ck_assert_str_eq(order(), " pool:a pool:b");
    registry_remove(&a);
    registry_remove(&b);
}
END_TEST

struct counted {
    struct resource resource;
    _Atomic int alive;
};

static void
check_alive(struct resource *resource, void *data)
{
    struct counted *counted = (struct counted *)(void *)resource;
    ck_assert_int_eq(counted->alive, 1);
    (*(unsigned long *)data)++;
}

static void *
come_and_go(void *data)
{
    struct counted mine = { .resource = { .kind = "pool", .name = "same" } };
    unsigned long visits = 0;
    for (int i = 0; i < ROUNDS; i++) {
        mine.resource.priority = i % 3;
        snprintf(mine.resource.name, sizeof mine.resource.name, "same");
        mine.alive = 1;
        registry_add(&mine.resource);
        if (i % 4 == 0)
            registry_each(check_alive, &visits);
        registry_remove(&mine.resource);
        mine.alive = 0;
    }
    ck_assert_uint_ge(visits, ROUNDS / 4); /* oneself, at least */
    return data;
}

START_TEST(threads_come_and_go)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, come_and_go, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    ck_assert_str_eq(order(), "");
}
END_TEST

/* In the child of a visitor nobody visits any more. */
static void
fork_and_remove(struct resource *resource, void *data)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        registry_remove(resource);
        _exit(order()[0] ? 1 : 0);
    }
    ck_assert_int_eq(waitpid(pid, data, 0), pid);
}

START_TEST(a_child_has_the_list_for_itself)
{
    struct resource a = { .kind = "pool", .name = "a" };
    int status = -1;
    registry_add(&a);
    registry_each(fork_and_remove, &status);
    ck_assert_int_eq(status, 0);
    registry_remove(&a);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("registry");
    TCase *tc = tcase_create("registry");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, by_priority_and_apart_by_name);
    tcase_add_test(tc, remove_waits_for_a_visit);
    tcase_add_test(tc, a_visit_may_change_the_list);
    tcase_add_test(tc, threads_come_and_go);
    tcase_add_test(tc, a_child_has_the_list_for_itself);
    suite_add_tcase(suite, tc);
    return suite;
}
