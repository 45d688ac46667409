/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "objective/arguments.h"
#include "objective/objective.h"
#include "objective/score.h"

/* The score of an output that arrives in pieces of this size. */
static int
score_pieces(enum score_kind kind, const char *output, size_t len, size_t piece, double *ret_score,
    char reason[TRIAL_REASON_MAX])
{
    static const struct trial_result figures = { .wall_seconds = 2, .cpu_seconds = 3 };
    struct score score;
    ck_assert_int_eq(score_init(&score, kind, "loss"), 0);
    for (size_t at = 0; at < len;) {
        size_t room, n = len - at < piece ? len - at : piece;
        char *buf = score_room(&score, &room);
        ck_assert_uint_ge(room, n);
        memcpy(buf, output + at, n);
        score_take(&score, n);
        at += n;
    }
    ck_assert_uint_eq(score.bytes, len);
    *ret_score = (double)NAN;
    reason[0] = '\0';
    int r = score_end(&score, &figures, ret_score, reason);
    score_release(&score);
    return r;
}

static const struct {
    const char *output;
    double score; /* NaN: none */
    const char *reason;
} outputs[] = {
    { "3.5\n", 3.5, "" },
    { "3.5", 3.5, "" },
    { "1 2 3", 3, "" },
    { "score: -1e-3.\n", -1e-3, "" },
    { "x=+7", 7, "" },
    { "(.5)", .5, "" },
    { "[0.1,0.2]", .2, "" },
    { "99%", 99, "" },
    { "4 seconds, v2", 4, "" },
    { "4 2024-01-02", 4, "" },
    { "4 0x10 1e 1e+ - + . .. ... 5s s5 _6 1.2.3 --1 +-1", 4, "" },
    { "4 \377\376 \001", 4, "" },
    { "4 infinite nano", 4, "" },
    { "4 INF", (double)NAN, "score is not finite" },
    { "4 -nan", (double)NAN, "score is not finite" },
    { "4 Infinity.", (double)NAN, "score is not finite" },
    { "4 1e999", (double)NAN, "score is not finite" },
    { "nan 4", 4, "" },
    { "", (double)NAN, "no number in the output" },
    { "none", (double)NAN, "no number in the output" },
    { "\n\n\n", (double)NAN, "no number in the output" },
};

START_TEST(numbers)
{
    char reason[TRIAL_REASON_MAX];
    double score;
    size_t len = strlen(outputs[_i].output);
    for (size_t piece = 1; piece <= len + 1; piece++) {
        int r = score_pieces(SCORE_STDOUT, outputs[_i].output, len, piece, &score, reason);
        ck_assert_msg(!strcmp(reason, outputs[_i].reason), "pieces of %zu: %s", piece, reason);
        if (isnan(outputs[_i].score))
            ck_assert_int_eq(r, ERR_NOT_FOUND);
        else
            ck_assert_msg(score == outputs[_i].score, "pieces of %zu: %g", piece, score);
    }
}
END_TEST

static const struct {
    const char *output;
    double score;
    const char *reason;
} objects[] = {
    { "{\"loss\":1}\n", 1, "" },
    { "{\"loss\":1}", 1, "" },
    { "{\"loss\":1}\n{\"loss\":2.5}\nthe end\n\n", 2.5, "" },
    { " \t{\"a\":{\"loss\":3},\"loss\":-4e2} \r\nx", -400, "" },
    { "{\"loss\":1}\n{not closed\n", 1, "" },
    { "{\"loss\":1} trailing\n{\"loss\":2}", 2, "" },
    { "[{\"loss\":1}]\n", (double)NAN, "no JSON object in the output" },
    { "{\"gain\":1}\n", (double)NAN, "field loss is missing" },
    { "{\"loss\":null}\n", (double)NAN, "field loss is not a number" },
    { "{\"loss\":\"1\"}\n", (double)NAN, "field loss is not a number" },
    { "{\"loss\":1e999}", (double)NAN, "no JSON object in the output: not JSON" },
    { "{}", (double)NAN, "field loss is missing" },
    { "{", (double)NAN, "no JSON object in the output" },
    { "", (double)NAN, "no JSON object in the output" },
};

START_TEST(json_objects)
{
    char reason[TRIAL_REASON_MAX];
    double score;
    size_t len = strlen(objects[_i].output);
    for (size_t piece = 1; piece <= len + 1; piece++) {
        score_pieces(SCORE_JSON, objects[_i].output, len, piece, &score, reason);
        ck_assert_msg(!strncmp(reason, objects[_i].reason, strlen(objects[_i].reason)) &&
                !reason[0] == !objects[_i].reason[0], "pieces of %zu: %s", piece, reason);
        if (!isnan(objects[_i].score))
            ck_assert_double_eq(score, objects[_i].score);
    }
}
END_TEST

/* Words and lines around the caps: at the cap they count, above they do not,
 * and what follows them does. */
START_TEST(caps)
{
    static char output[3 * SCORE_OBJECT_MAX];
    char reason[TRIAL_REASON_MAX];
    double score;
    const size_t pieces[] = { 1, 7, 511, 512, 513, 4096, SCORE_READ_MAX };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        memset(output, '0', sizeof output);
        memcpy(output, "8 ", 2);
        size_t end = 2 + SCORE_WORD_MAX; /* zeros: a number, but for its length */
        output[end - 1] = '6';
        score_pieces(SCORE_STDOUT, output, end, pieces[i], &score, reason);
        ck_assert_double_eq(score, 6);
        output[end - 1] = '0';
        output[end] = '6';
        score_pieces(SCORE_STDOUT, output, end + 1, pieces[i], &score, reason);
        ck_assert_double_eq(score, 8);
        memcpy(output + end + 1, " 5", 2);
        score_pieces(SCORE_STDOUT, output, end + 3, pieces[i], &score, reason);
        ck_assert_double_eq(score, 5);

        memset(output, ' ', sizeof output);
        memcpy(output, "{\"loss\":9}\n{\"loss\":1", 20);
        output[11 + SCORE_OBJECT_MAX - 1] = '}';
        score_pieces(SCORE_JSON, output, 11 + SCORE_OBJECT_MAX, pieces[i], &score, reason);
        ck_assert_double_eq(score, 1);
        output[11 + SCORE_OBJECT_MAX - 1] = ' ';
        output[11 + SCORE_OBJECT_MAX] = '}';
        score_pieces(SCORE_JSON, output, 12 + SCORE_OBJECT_MAX, pieces[i], &score, reason);
        ck_assert_double_eq(score, 9);
        memcpy(output + 12 + SCORE_OBJECT_MAX, "\n{\"loss\":2}", 11);
        score_pieces(SCORE_JSON, output, 23 + SCORE_OBJECT_MAX, pieces[i], &score, reason);
        ck_assert_double_eq(score, 2);
    }
}
END_TEST

START_TEST(figures_and_bytes)
{
    char reason[TRIAL_REASON_MAX];
    double score;
    ck_assert_int_eq(score_pieces(SCORE_STDOUT_BYTES, "abc", 3, 2, &score, reason), 0);
    ck_assert_double_eq(score, 3);
    ck_assert_int_eq(score_pieces(SCORE_WALL_SECONDS, "abc", 3, 2, &score, reason), 0);
    ck_assert_double_eq(score, 2);
    ck_assert_int_eq(score_pieces(SCORE_CPU_SECONDS, "", 0, 2, &score, reason), 0);
    ck_assert_double_eq(score, 3);
}
END_TEST

START_TEST(score_is_reused)
{
    static const struct trial_result figures;
    char reason[TRIAL_REASON_MAX];
    struct score score;
    double value;
    size_t room;
    ck_assert_int_eq(score_init(&score, SCORE_STDOUT, ""), 0);
    memcpy(score_room(&score, &room), "12", 2);
    score_take(&score, 2);
    score_reset(&score);
    ck_assert_int_eq(score_end(&score, &figures, &value, reason), ERR_NOT_FOUND);
    score_release(&score);
}
END_TEST

/* Arguments. */

static struct arguments arguments;

static int
init_arguments(const char *command, struct diag *diag)
{
    json_t *names = json_pack("[ss]", "a", "b");
    json_t *parameters = json_pack("{ssssss}", "file", "/x y", "empty", "", "brace", "{a}");
    const struct template_scope scope = { names, parameters, NULL };
    int r = arguments_init(&arguments, command, &scope, diag);
    json_decref(names);
    json_decref(parameters);
    return r;
}

START_TEST(arguments_are_replaced)
{
    const char *const values[] = { "1", "two words" }, *const other[] = { "", "\"'$(b)" };
    const char *command = "run -{a}{b}- {file} '{empty}' {brace} {{{a}}} plain";
    ck_assert_int_eq(init_arguments(command, NULL), 0);
    arguments_build(&arguments, values);
    ck_assert_str_eq(arguments.argv[0], "run");
    ck_assert_str_eq(arguments.argv[1], "-1two words-");
    ck_assert_str_eq(arguments.argv[2], "/x y");
    ck_assert_str_eq(arguments.argv[3], "");
    ck_assert_str_eq(arguments.argv[4], "{a}"); /* a parameter's text is not looked through */
    ck_assert_str_eq(arguments.argv[5], "{1}");
    ck_assert_str_eq(arguments.argv[6], "plain");
    ck_assert_ptr_null(arguments.argv[7]);
    arguments_build(&arguments, other);
    ck_assert_str_eq(arguments.argv[1], "-\"'$(b)-");
    ck_assert_str_eq(arguments.argv[5], "{}");
    arguments_release(&arguments);
}
END_TEST

START_TEST(arguments_are_refused)
{
    struct diag diag = { 0 };
    ck_assert_int_eq(init_arguments("run {nobody}", &diag), ERR_NOT_FOUND);
    ck_assert_str_eq(diag.text, "{nobody} is no dimension and no parameter");
    ck_assert_int_lt(init_arguments("run {a", &diag), 0);
    ck_assert_int_lt(init_arguments("run a}", &diag), 0);
    ck_assert_int_lt(init_arguments("run 'a", &diag), 0);
    ck_assert_int_lt(init_arguments("", &diag), 0);
}
END_TEST

/* Templates. */

START_TEST(the_point_as_json)
{
    json_t *names = json_pack("[sss]", "lr", "n", "opt"), *parameters = json_object();
    json_t *are_numbers = json_pack("[bbb]", true, true, false);
    struct template_scope scope = { names, parameters, are_numbers };
    struct template t;
    const char *const values[] = { "1e-05", "-3", "a \"b\"\n" };
    ck_assert_int_eq(template_init(&t, "x {json} {{{n}}}", &scope, NULL), 0);
    ck_assert(t.varies);
    template_build(&t, values);
    ck_assert_str_eq(t.text.data,
        "x {\"lr\":1e-05,\"n\":-3,\"opt\":\"a \\\"b\\\"\\n\"} {-3}");
    template_release(&t);
    ck_assert_int_eq(template_init(&t, "fixed", &scope, NULL), 0);
    ck_assert(!t.varies);
    ck_assert_str_eq(t.text.data, "fixed");
    template_release(&t);
    /* what has this name comes first; words of a command have no such place */
    json_object_set_new(parameters, "json", json_string("mine"));
    ck_assert_int_eq(template_init(&t, "{json}", &scope, NULL), 0);
    ck_assert_str_eq(t.text.data, "mine");
    template_release(&t);
    scope.numbers = NULL;
    json_object_del(parameters, "json");
    ck_assert_int_eq(template_init(&t, "{json}", &scope, NULL), ERR_NOT_FOUND);
    json_decref(names);
    json_decref(parameters);
    json_decref(are_numbers);
}
END_TEST

START_TEST(objectives_are_found)
{
    ck_assert_ptr_eq(objective_find("command"), &objective_command);
    ck_assert_ptr_null(objective_find("magic"));
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("command");
    TCase *tcase = tcase_create("command");
    tcase_add_loop_test(tcase, numbers, 0, (int)(sizeof outputs / sizeof *outputs));
    tcase_add_loop_test(tcase, json_objects, 0, (int)(sizeof objects / sizeof *objects));
    tcase_add_test(tcase, caps);
    tcase_add_test(tcase, figures_and_bytes);
    tcase_add_test(tcase, score_is_reused);
    tcase_add_test(tcase, arguments_are_replaced);
    tcase_add_test(tcase, arguments_are_refused);
    tcase_add_test(tcase, the_point_as_json);
    tcase_add_test(tcase, objectives_are_found);
    suite_add_tcase(suite, tcase);
    return suite;
}
