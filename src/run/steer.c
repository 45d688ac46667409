/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes to a run that was accepted: assignments as those of a run file, put
 * into its text. What a running run may change is taken over field by field (its
 * search and its workers go on looking at the same spec); any other change
 * needs a run without workers, whose spec is made anew.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "run/runner_private.h"

enum { ASSIGNMENTS_MAX = 256 };

/* When a key may be changed. A run that has ended as done takes no change. */
enum when {
    UNTOUCHED, /* no trial is stored, no worker lives: results stay comparable */
    STOPPED, /* no worker lives */
    ANY_TIME, /* running, too */
};

static const char *const when_texts[] = {
    [UNTOUCHED] = "only before its first trial",
    [STOPPED] = "only while it does not run: pause it first",
    [ANY_TIME] = "at any time",
};

#define FIELD(name) offsetof(struct run_spec, name), sizeof(((struct run_spec *)NULL)->name)

/* To let another key change: one row; the first that matches counts, and what
 * has none is UNTOUCHED. A row for ANY_TIME names a field without pointers. */
static const struct rule {
    const char *section, *key; /* "*": every key */
    enum when when;
    size_t offset, size; /* in struct run_spec */
    bool sent_to_workers; /* they have a copy: told */
} rules[] = {
    { "run", "name", ANY_TIME, FIELD(name), false },
    { "run", "priority", ANY_TIME, FIELD(priority), false },
    { "run", "after", STOPPED, 0, 0, false },
    { "run", "start", STOPPED, 0, 0, false },
    { "parallel", "workers", ANY_TIME, FIELD(workers), false },
    { "parallel", "min", ANY_TIME, FIELD(pool.min), false },
    { "parallel", "max", ANY_TIME, FIELD(pool.max), false },
    { "parallel", "max_trials", ANY_TIME, FIELD(pool.max_trials), false },
    { "parallel", "max_age", ANY_TIME, FIELD(pool.max_age_seconds), false },
    { "parallel", "max_rss", ANY_TIME, FIELD(pool.max_rss_bytes), false },
    { "parallel", "idle", ANY_TIME, FIELD(pool.idle_seconds), false },
    { "parallel", "acquire_timeout", ANY_TIME, FIELD(pool.acquire_seconds), false },
    { "limits", "trial", ANY_TIME, FIELD(trial_seconds), true },
    { "limits", "run", ANY_TIME, FIELD(run_seconds), false },
    { "limits", "grace", ANY_TIME, FIELD(grace_seconds), true },
    { "limits", "max_failures", ANY_TIME, FIELD(max_failures), false },
    { "limits", "retries", ANY_TIME, FIELD(retries), false },
    { "limits", "retry_delay", ANY_TIME, FIELD(retry_seconds), false },
    { "limits", "*", ANY_TIME, FIELD(limits), false }, /* see crew_change_limits */
    { "parallel", "*", STOPPED, 0, 0, false },
    { "keep", "output", ANY_TIME, FIELD(keep_output), true },
    { "search", "trials", STOPPED, 0, 0, false },
    { "*", "*", UNTOUCHED, 0, 0, false },
};

static const struct rule *
find_rule(const struct runfile_assignment *a)
{
    const struct rule *rule = rules;
    while ((strcmp(rule->section, "*") && strcmp(rule->section, a->section)) ||
        (strcmp(rule->key, "*") && strcmp(rule->key, a->key)))
        rule++;
    return rule;
}

static bool
is_still(const struct run *run)
{
    return run->state != RUN_RUNNING && !run->worker_count && run->ending == RUN_EVENT_COUNT;
}

static bool
is_untouched(const struct run *run)
{
    return is_still(run) && run->done + run->failed == 0;
}

/* The keys that may change while a run runs, for a refusal. */
static void
list_live_keys(struct str *out)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].when == ANY_TIME)
            str_printf(out, "%s%s.%s", out->len ? ", " : "", rules[i].section, rules[i].key);
}

static int
check_rule(const struct run *run, const struct rule *rule, const struct runfile_assignment *a,
    struct diag *diag)
{
    char key[DIAG_KEY_MAX];
    if (rule->when == ANY_TIME || (rule->when == STOPPED && is_still(run)) || is_untouched(run))
        return 0;
    struct str live;
    str_init(&live);
    list_live_keys(&live);
    snprintf(key, sizeof key, "%s.%.60s", a->section, a->key);
    diag_at(diag, NULL, 0, key);
    diag_set(diag, ERR_BAD_STATE, "can be changed %s (run %lld is %s; at any time: %s)",
        when_texts[rule->when], (long long)run->id, run_state_name(run->state), live.data);
    str_release(&live);
    return ERR_BAD_STATE;
}

/* What a request wants to change. */
struct change {
    struct ini *ini;
    struct run_spec spec;
    const struct rule *rule[ASSIGNMENTS_MAX];
    int count;
    bool anew; /* more than fields that may change at any time */
    struct str told; /* the assignments, for the log */
};

static int
take_assignment(const struct run *run, struct change *change, const char *text, struct diag *diag)
{
    struct runfile_assignment a;
    if (change->count == ASSIGNMENTS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d changes at once", ASSIGNMENTS_MAX);
    int r = runfile_set(change->ini, text, diag);
    if (r == 0)
        r = runfile_parse_assignment(text, &a, diag);
    if (r < 0)
        return r;
    const struct rule *rule = find_rule(&a);
    change->rule[change->count++] = rule;
    change->anew |= rule->when != ANY_TIME;
    str_printf(&change->told, "%s%s.%s = %s", change->told.len ? ", " : "", a.section, a.key,
        ini_value(change->ini, a.section, a.key));
    return check_rule(run, rule, &a, diag);
}

static void
release_change(struct change *change)
{
    ini_free(change->ini);
    run_spec_release(&change->spec);
    str_release(&change->told);
}

/* Reads the assignments; nothing of the run is changed yet. */
static int
read_change(struct runner *runner, const struct run *run, const json_t *set, struct change *change, struct diag *diag)
{
    size_t i;
    json_t *assignment;
    struct search *search;
    int r = ini_parse_text(run->text, strlen(run->text), run->file, &change->ini, diag);
    if (r == 0 && !json_array_size(set))
        r = diag_set(diag, ERR_SYNTAX, "set: nothing is to be changed");
    if (r < 0)
        return r;
    json_array_foreach (set, i, assignment) {
        const char *text = json_string_value(assignment);
        r = text ? take_assignment(run, change, text, diag)
                 : diag_set(diag, ERR_BAD_TYPE, "set: not a list of texts");
        if (r < 0)
            return r;
    }
    struct run_spec spec;
    r = runfile_settle(change->ini, clock_wall_ns(), diag);
    if (r == 0)
        r = runfile_check(change->ini, &spec, diag);
    if (r < 0)
        return r;
    change->spec = spec;
    r = gate_check(runner, run->id, &spec, diag);
    if (r == 0 && change->anew) {
        r = search_new(&change->spec, &search, diag); /* checks the constraints */
        if (r == 0)
            search_free(search);
    }
    return r;
}

static int
store_change(struct runner *runner, const struct run *run, const struct change *change,
    const char *text, struct diag *diag)
{
    struct store *store = runner->options.store;
    struct str line;
    str_init(&line);
    str_printf(&line, "changed by its user: %s", change->told.data);
    int r = store_begin(store);
    if (r == 0)
        r = store_run_set_text(store, run->id, change->spec.name, text);
    if (r == 0)
        r = dispatch_log(runner, run, 0, "info", line.data);
    if (r == 0)
        r = store_commit(store, diag);
    else
        store_rollback(store);
    str_release(&line);
    if (r < 0 && diag && !diag->text[0])
        diag_set(diag, r, "the change cannot be stored: %s", err_text(r));
    return r;
}

/* The stored change becomes the run's. */
static void
apply_change(struct runner *runner, struct run *run, struct change *change)
{
    bool tell = false;
    const struct run_limits before = run->spec.limits;
    if (change->anew) {
        dispatch_forget_search(run);
        run_spec_release(&run->spec);
        run->spec = change->spec;
        run_spec_init(&change->spec);
        run->total = run->feasible = -1;
        run->count_settled = false;
    } else {
        for (int i = 0; i < change->count; i++) {
            const struct rule *rule = change->rule[i];
            memcpy((char *)&run->spec + rule->offset, (char *)&change->spec + rule->offset,
                rule->size);
            tell |= rule->sent_to_workers;
            run->spec.threads = change->spec.threads; /* part of `workers` */
        }
    }
    if (run->spec.grace_seconds < 0)
        run->spec.grace_seconds = runner->options.grace_seconds;
    if (tell)
        order_limits(run);
    if (memcmp(&before, &run->spec.limits, sizeof before) != 0)
        crew_change_limits(run);
}

int
runner_set(struct runner *runner, int64_t id, const json_t *set, const struct run **ret_run,
    struct diag *diag)
{
    struct run *run;
    struct change change = { 0 };
    size_t len;
    int r = runner_take(runner, id, &run, diag);
    if (r < 0)
        return r;
    if (run->state == RUN_DONE)
        return diag_set(diag, ERR_BAD_STATE, "run %lld is done and cannot be changed",
            (long long)id);
    run_spec_init(&change.spec);
    str_init(&change.told);
    r = read_change(runner, run, set, &change, diag);
    if (r == 0) {
        char *text = xstrdup(ini_text(change.ini, &len));
        r = len > RUNNER_TEXT_MAX ? diag_set(diag, ERR_TOO_LARGE, "the run file would be too large")
                                  : store_change(runner, run, &change, text, diag);
        if (r == 0) {
            apply_change(runner, run, &change);
            char *old = run->text;
            run->text = text;
            text = old;
        }
        free(text);
    }
    release_change(&change);
    if (r < 0)
        return r;
    if (!run_state_ended(run->state) && !run->count_settled) {
        struct diag unseen = { 0 };
        runner_prepare_search(runner, run, &unseen); /* to count its points */
        loop_timer_change(runner->count_timer, 0, 0);
    }
    runner->pump_wanted = runner->gates_due = true;
    run->progress = true;
    runner->events->changed(runner->context, run);
    *ret_run = run;
    return 0;
}
