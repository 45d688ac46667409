/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/lookup.h"

#include <stdio.h>

#include "test.h"

START_TEST(finds_what_was_added)
{
    struct lookup lookup = { 0 };
    int at = 0;
    ck_assert_int_eq(lookup_next(&lookup, 1, &at), -1);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            char name[16];
            snprintf(name, sizeof name, "name %d", i);
            lookup_add(&lookup, lookup_hash(7, name), i);
        }
        for (int i = 0; i < 5000; i++) {
            char name[16];
            snprintf(name, sizeof name, "name %d", i);
            at = 0;
            ck_assert_int_eq(lookup_next(&lookup, lookup_hash(7, name), &at), i);
            ck_assert_int_eq(lookup_next(&lookup, lookup_hash(7, name), &at), -1);
            at = 0;
            ck_assert_int_eq(lookup_next(&lookup, lookup_hash(8, name), &at), -1);
        }
        lookup_clear(&lookup);
        at = 0;
        ck_assert_int_eq(lookup_next(&lookup, lookup_hash(7, "name 1"), &at), -1);
    }
    lookup_release(&lookup);
}
END_TEST

START_TEST(of_one_hash_in_order)
{
    struct lookup lookup = { 0 };
    for (int i = 0; i < 100; i++) {
        lookup_add(&lookup, UINT64_MAX, i); /* the last places: they go on at the first */
        lookup_add(&lookup, (uint64_t)i, 1000 + i);
    }
    int at = 0;
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(lookup_next(&lookup, UINT64_MAX, &at), i);
    ck_assert_int_eq(lookup_next(&lookup, UINT64_MAX, &at), -1);
    lookup_release(&lookup);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("lookup");
    TCase *tcase = tcase_create("lookup");
    tcase_add_test(tcase, finds_what_was_added);
    tcase_add_test(tcase, of_one_hash_in_order);
    suite_add_tcase(suite, tcase);
    return suite;
}
