/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * base/json_change: what it says for changes of each kind; that a random document and its
 * change make the other one; what does not fit is refused.
 */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_change.h"

static struct str before, after, change;

static void
set_up(void)
{
    str_init(&before);
    str_init(&after);
    str_init(&change);
}

static void
tear_down(void)
{
    str_release(&before);
    str_release(&after);
    str_release(&change);
}

static json_t *
parsed(const char *text)
{
    struct diag diag = { 0 };
    json_t *value = json_parse(text, strlen(text), &diag);
    ck_assert_msg(value != NULL, "%s: %s", text, diag.text);
    return value;
}

/* The change from one to the other, made in the one. */
static void
check_change(void)
{
    str_clear(&change);
    if (!json_change_write(&before, &after, &change)) {
        ck_assert_str_eq(before.data, after.data);
        ck_assert_uint_eq(change.len, 0);
        return;
    }
    json_t *document = parsed(before.data), *wanted = parsed(after.data), *made = parsed(change.data);
    ck_assert_int_eq(json_change_apply(&document, made), 0);
    ck_assert_msg(json_equal(document, wanted), "%s -> %s: %s", before.data, after.data, change.data);
    json_decref(document);
    json_decref(wanted);
    json_decref(made);
}

START_TEST(each_kind)
{
    static const struct {
        const char *before, *after, *change;
    } rows[] = {
        { "{\"a\":1,\"b\":\"x\"}", "{\"a\":1,\"b\":\"y\"}", "{\"b\":\"y\"}" },
        { "{\"a\":1,\"b\":2}", "{\"a\":12,\"b\":2}", "{\"a\":12}" },
        { "{\"a\":null}", "{\"a\":0.5}", "{\"a\":0.5}" },
        { "{\"a\":7}", "{\"a\":null}", "{\"a\":null}" },
        { "{\"a\":[1,2,3],\"b\":true}", "{\"a\":[1,5,3],\"b\":false}", "{\"a\":{\"1\":5},\"b\":false}" },
        { "{\"a\":[{\"n\":\"x\",\"v\":1},{\"n\":\"y\",\"v\":2}]}", "{\"a\":[{\"n\":\"x\",\"v\":1},{\"n\":\"y\",\"v\":3}]}",
            "{\"a\":{\"1\":{\"v\":3}}}" },
        { "{\"a\":[]}", "{\"a\":[1]}", "{\"a\":[[1]]}" },
        { "{\"a\":[1,2]}", "{\"a\":[1]}", "{\"a\":[[1]]}" },
        { "{\"a\":[1]}", "{\"a\":[]}", "{\"a\":[[]]}" },
        { "{\"a\":{\"b\":1}}", "{\"a\":{\"c\":1}}", "{\"a\":[{\"c\":1}]}" },
        { "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":[{\"b\":1,\"c\":2}]}" },
        { "{\"a\":{\"b\":1}}", "{\"a\":{}}", "{\"a\":[{}]}" },
        { "{\"a\":{\"b\":1}}", "{\"a\":3}", "{\"a\":3}" },
        { "{\"a\":3}", "{\"a\":[3]}", "{\"a\":[[3]]}" },
        { "{\"a\":1}", "{\"b\":1}", "[{\"b\":1}]" },
        { "{\"a\":\"},]\\\"\",\"b\":1}", "{\"a\":\"},]\\\"\",\"b\":2}", "{\"b\":2}" },
        { "{\"a\":\"x\\\\\",\"b\":1}", "{\"a\":\"x\\\\\\\"\",\"b\":1}", "{\"a\":\"x\\\\\\\"\"}" },
        { "1", "2", "2" }, { "[1]", "[2]", "{\"0\":2}" }, { "{}", "{}", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str_clear(&before);
        str_clear(&after);
        str_puts(&before, rows[i].before);
        str_puts(&after, rows[i].after);
        check_change();
        ck_assert_str_eq(change.data, rows[i].change);
    }
}
END_TEST

/* Two documents of mostly the same shape: the seed says the shape, `now' the rest. */
static void
write_random(struct json_writer *w, const char *key, unsigned *seed, unsigned *now, int depth)
{
    char name[16];
    unsigned odd = rand_r(now) % 40, kind = rand_r(seed) % 8;
    int count = (int)(rand_r(seed) % 12) + (odd == 1);
    if (odd == 2)
        kind = rand_r(now) % 8;
    if (depth > 4 && kind < 4)
        kind += 4;
    if (kind < 4) {
        (kind < 2 ? jw_object : jw_array)(w, key);
        for (int i = 0; i < count; i++) {
            snprintf(name, sizeof name, "k\"%d%s", i, odd == 3 ? "z" : "");
            write_random(w, kind < 2 ? name : NULL, seed, now, depth + 1);
        }
        jw_end(w);
    } else if (kind == 4) {
        jw_string(w, key, odd < 10 ? "[{\"\\" : "]}\",");
    } else if (kind == 5) {
        jw_bool(w, key, odd < 10);
    } else {
        jw_number(w, key, odd < 10 ? rand_r(now) / 3.0 : kind);
    }
}

START_TEST(random_documents)
{
    for (unsigned i = 0; i < 3000; i++) {
        struct json_writer w;
        for (int side = 0; side < 2; side++) {
            unsigned seed = i, now = 2 * i + (unsigned)side;
            str_clear(side ? &after : &before);
            jw_init(&w, side ? &after : &before);
            jw_object(&w, NULL);
            for (int part = 0; part < 3; part++)
                write_random(&w, (const char *[]){ "a", "b", "c" }[part], &seed, &now, 0);
            jw_end(&w);
        }
        check_change();
    }
}
END_TEST

START_TEST(what_does_not_fit)
{
    static const char *const rows[] = { "{\"c\":1}", "{\"a\":{\"2\":1}}", "{\"a\":{\"x\":1}}",
        "{\"a\":{\"\":1}}", "{\"a\":[]}", "{\"a\":[1,2]}", "{\"b\":{\"x\":1}}", "{\"a\":{\"-1\":1}}" };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *document = parsed("{\"a\":[1,2],\"b\":3}"), *made = parsed(rows[i]);
        ck_assert_msg(json_change_apply(&document, made) == -EPROTO, "%s", rows[i]);
        json_decref(document);
        json_decref(made);
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("json_change");
    TCase *tcase = tcase_create("json_change");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, each_kind);
    tcase_add_test(tcase, random_documents);
    tcase_add_test(tcase, what_does_not_fit);
    suite_add_tcase(suite, tcase);
    return suite;
}
