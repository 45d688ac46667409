/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What keys and commands do to processes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen_act.h"

void
act_details(struct screen *screen, int by, const char *text)
{
    const struct process_row *process[1];
    char title[64];
    (void)by, (void)text;
    process[0] = process_list_find(&screen->scene.processes, screen->scene.process_table.cursor);
    if (!process[0])
        return;
    snprintf(title, sizeof title, "%s %d", process[0]->name, process[0]->pid);
    struct dialog *dialog = dialog_process_new(title);
    screen_push(screen, dialog);
    dialog_call(dialog, "process.show", json_pack("{s:i,s:I}", "pid", process[0]->pid, "start",
        (json_int_t)process[0]->start), 0);
}

void
act_tree(struct screen *screen, int by, const char *text)
{
    struct table *table = &screen->scene.process_table;
    (void)by, (void)text;
    table->tree = !table->tree;
    table_update(table);
}

void
act_columns(struct screen *screen, int by, const char *text)
{
    char unknown[40], message[128];
    (void)by;
    if (!process_list_columns(&screen->scene.processes, &screen->scene.process_table, text ? text : "", unknown,
            sizeof unknown)) {
        snprintf(message, sizeof message, "there is no column \"%s\"", unknown);
        screen_tell(screen, STYLE_ERROR, message);
    }
    screen_ask_figures(screen);
}

void
act_follow(struct screen *screen, int by, const char *text)
{
    struct table *table = &screen->scene.process_table;
    char message[128];
    (void)by, (void)text;
    table->moved = !table->moved;
    const struct process_row *process = process_list_find(&screen->scene.processes, table->cursor);
    if (table->moved && process)
        snprintf(message, sizeof message, "following %s %d", process->name, process->pid);
    else
        str_copy(message, sizeof message, "the cursor stays at the top");
    screen_tell(screen, STYLE_TEXT, message);
    table_update(table);
}

void
act_of_run(struct screen *screen, int by, const char *text)
{
    struct table *table = &screen->scene.process_table;
    int64_t run = scene_process_run(&screen->scene);
    char filter[40] = "";
    (void)by, (void)text;
    if (run && strncmp(table->filter, "run ", 4))
        snprintf(filter, sizeof filter, "run %lld", (long long)run);
    table_filter(table, filter);
}

/* Those that take a word: what it is called, what is asked, what the server takes. */
static const struct process_act {
    enum action action;
    const char *method, *key, *title, *before, *between, *yes, *usual;
} process_acts[] = {
    { ACTION_SIGNAL, "process.signal", "signal", "Send a signal", "Send the signal ", " to ", "send it", "TERM" },
    { ACTION_RENICE, "process.renice", "nice", "Change a nice value", "Give the nice value ", " to ", "give it", "" },
    { ACTION_AFFINITY, "process.affinity", "cpus", "Bind to processors", "Let only the processors ", " run ",
        "bind it", "" },
    { ACTION_IO_PRIORITY, "process.io_priority", "io_priority", "Change an I/O priority",
        "Give the I/O priority ", " to ", "give it", "best-effort/7" },
};

/* "python 1234", "3 processes, python 1234 first" */
static void
name_processes(const struct process_row *const *process, int count, char *buf, size_t size)
{
    if (count == 1)
        snprintf(buf, size, "%s %d", process[0]->name, process[0]->pid);
    else
        snprintf(buf, size, "%d processes, %s %d first", count, process[0]->name, process[0]->pid);
}

static void
ask_process(struct screen *screen, const struct process_act *act, const char *text)
{
    const struct process_row *process[SCENE_TARGETS_MAX];
    int count = scene_processes(&screen->scene, process, SCENE_TARGETS_MAX);
    char names[128], word[40], question[256];
    str_copy(word, sizeof word, text);
    name_processes(process, count, names, sizeof names);
    snprintf(question, sizeof question, "%s%s%s%s?", act->before, word, act->between, names);
    json_t *params = json_array();
    for (int i = 0; i < count; i++) {
        json_t *one = json_pack("{s:i,s:I}", "pid", process[i]->pid, "start", (json_int_t)process[i]->start);
        if (act->action == ACTION_RENICE)
            json_object_set_new(one, act->key, json_integer(strtol(word, NULL, 10)));
        else
            json_object_set_new(one, act->key, json_string(word));
        json_array_append_new(params, one);
    }
    screen_push(screen, dialog_confirm_new(act->title, question, act->yes, act->method, params));
}

/* By a key: the command with its name, so that the word is typed behind it. The
 * processes are those of the moment when it was typed, whatever the list does then. */
void
act_process(struct screen *screen, int by, const char *text)
{
    char line[64];
    for (size_t i = 0; i < sizeof process_acts / sizeof *process_acts; i++) {
        const struct process_act *act = &process_acts[i];
        if ((int)act->action != by)
            continue;
        if (text && *text) {
            ask_process(screen, act, text);
            return;
        }
        snprintf(line, sizeof line, "%s %s", action_info(act->action)->name, act->usual);
        screen_push(screen, dialog_prompt_new(PROMPT_COMMAND, scene_context(screen->scene.kind), line));
    }
}
