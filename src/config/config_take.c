/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How values of optop.ini that are more than a number or a word get into a struct config.
 */
#include "config/config_take.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "config/body_template.h"
#include "config/config.h"
#include "config/url.h"

enum { SLOTS_MAX = 1024 };

int
config_take_listen(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config *config = target;
    union endpoint address;
    (void)entry;
    if (*value->text && endpoint_parse(value->text, &address, diag) < 0)
        return ERR_BAD_TYPE;
    return walk_text(&config->metrics_listen, value->text, diag);
}

/* Only its form: whether there is such a theme is the console's to know. */
int
config_take_theme(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config *config = target;
    char shown[80];
    (void)entry;
    if (!config_theme_name(value->text))
        return diag_set(diag, ERR_BAD_TYPE, "\"%s\" is no name of a theme (allowed: letters, digits, _, -)",
            text_clean(value->text, shown, sizeof shown));
    return walk_text(&config->theme, value->text, diag);
}

/* Only its form, as that of a theme. */
int
config_take_layout(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config *config = target;
    char shown[80];
    (void)entry;
    if (!config_is_name(value->text))
        return diag_set(diag, ERR_BAD_TYPE, "\"%s\" is no name of a layout", text_clean(value->text, shown, sizeof shown));
    return walk_text(&config->layout, value->text, diag);
}

int
config_take_panels(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry;
    return arrangement_parse(value->text, target, diag);
}

int
config_take_slots(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    int64_t slots = 0;
    char shown[80];
    (void)entry;
    if (strcmp(value->text, "auto") &&
        (unit_parse_int(value->text, &slots) < 0 || slots < 1 || slots > SLOTS_MAX))
        return diag_set(diag, ERR_BAD_RANGE,
            "\"%s\" is not a number of workers (allowed: auto, 1 to %d)",
            text_clean(value->text, shown, sizeof shown), SLOTS_MAX);
    ((struct config *)target)->slots = slots;
    return 0;
}

int
config_take_url(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    (void)entry;
    int r = url_check(value->text, diag);
    return r < 0 ? r : walk_text(&webhook->url, value->text, diag);
}

int
config_take_ca_file(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    char shown[128];
    (void)entry;
    if (access(value->text, R_OK) < 0)
        return diag_set(diag, ERR_BAD_TYPE, "%s: %s",
            text_clean(value->text, shown, sizeof shown), strerror(errno));
    return walk_text(&webhook->ca_file, value->text, diag);
}

/* A hash of 32 bytes is 43 letters of Base64, and one that fills up. */
static bool
is_pin(const char *text)
{
    static const char before[] = "sha256//", letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { LETTERS = 43 };
    do {
        if (!str_starts(text, before) ||
            strspn(text + sizeof before - 1, letters) != LETTERS ||
            text[sizeof before - 1 + LETTERS] != '=')
            return false;
        text += sizeof before + LETTERS;
    } while (*text++ == ';');
    return text[-1] == '\0';
}

int
config_take_pin(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    char shown[128];
    (void)entry;
    if (!is_pin(value->text))
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is no hash of a key (allowed: sha256//BASE64, several with ; between)",
            text_clean(value->text, shown, sizeof shown));
    return walk_text(&webhook->pin, value->text, diag);
}

int
config_take_template(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    struct diag why = { 0 };
    char *text, shown[128];
    (void)entry;
    int r = body_template_load(value->text, &text, &why);
    if (r < 0)
        return diag_set(diag, ERR_BAD_TYPE, "%s: %s",
            text_clean(value->text, shown, sizeof shown), why.text);
    free(webhook->template);
    webhook->template = text;
    return 0;
}

int
config_take_secret_file(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    struct diag why = { 0 };
    char shown[128];
    (void)entry;
    int r = secret_read_file(&webhook->secret, value->text, &why);
    return r == 0 ? 0
        : diag_set(diag, ERR_BAD_TYPE, "%s: %s", text_clean(value->text, shown, sizeof shown),
              why.text);
}

int
config_take_secret_env(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    const char *name = value->text;
    char shown[64];
    (void)entry;
    if (!(isalpha((unsigned char)*name) || *name == '_') ||
        name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")])
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is no name of a variable (allowed: letters, digits, _)",
            text_clean(name, shown, sizeof shown));
    return walk_text(&webhook->secret_env, name, diag);
}

/* A list of words, each of which sets its flag; "none" alone sets no one. */
static int
take_words(const char *text, const char *const *words, bool *const *flags, int count,
    struct diag *diag)
{
    bool seen[4] = { false };
    char shown[80];
    bool none = !strcmp(text, "none");
    for (const char *c = text; !none;) {
        c += strspn(c, " \t");
        size_t len = strcspn(c, ",");
        size_t trimmed = len;
        while (trimmed && isspace((unsigned char)c[trimmed - 1]))
            trimmed--;
        int i = 0;
        while (i < count && (strlen(words[i]) != trimmed || memcmp(words[i], c, trimmed)))
            i++;
        if (i == count)
            return diag_set(diag, ERR_BAD_TYPE,
                "\"%s\" is not a list of notices (allowed: %s, %s, %s%s%s, divided by commas, or none)",
                text_clean(text, shown, sizeof shown), words[0], words[1], words[2],
                count > 3 ? ", " : "", count > 3 ? words[3] : "");
        seen[i] = true;
        c += len;
        if (!*c++)
            break;
    }
    for (int i = 0; i < count; i++)
        *flags[i] = seen[i];
    return 0;
}

int
config_take_alerts(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    static const char *const words[] = { "warning", "critical", "resolved", "acknowledged" };
    struct config_webhook *w = target;
    bool *const flags[] = { &w->warning, &w->critical, &w->resolved, &w->acknowledged };
    (void)entry;
    return take_words(value->text, words, flags, 4, diag);
}

int
config_take_runs(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    static const char *const words[] = { "finished", "failed", "cancelled", "best" };
    struct config_webhook *w = target;
    bool *const flags[] = { &w->run_finished, &w->run_failed, &w->run_cancelled, &w->run_best };
    (void)entry;
    return take_words(value->text, words, flags, 4, diag);
}
