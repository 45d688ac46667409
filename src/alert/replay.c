/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One sample stands for all moments: its rows are made once, so that the engine
 * binds once, and each moment writes the figures where they lie. What is told is
 * all that is looked at; how values are spread is found afterwards, series by series.
 */
#include "alert/replay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alert/condition.h"
#include "base/clock.h"
#include "base/str.h"

enum { STOP_EVERY = 1024, SHARE_BINS = 1 << 16 };

/* Shares: a bin is the upper half of a float, in the order of values: 1/128 wide. */

struct shares {
    double low, high, total;
    double seconds[SHARE_BINS];
};

struct shares *
shares_new(void)
{
    struct shares *shares = malloc(sizeof *shares);
    if (shares)
        shares_clear(shares);
    return shares;
}

void
shares_free(struct shares *shares)
{
    free(shares);
}

void
shares_clear(struct shares *shares)
{
    memset(shares, 0, sizeof *shares);
    shares->low = INFINITY;
    shares->high = -INFINITY;
}

static uint32_t
order_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float
value_of(uint32_t order)
{
    float value;
    uint32_t bits = order & 0x80000000u ? order & 0x7FFFFFFFu : ~order;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void
shares_add(struct shares *shares, float value, double seconds)
{
    if (isnan(value))
        return;
    shares->low = fmin(shares->low, (double)value);
    shares->high = fmax(shares->high, (double)value);
    shares->seconds[order_of(value) >> 16] += seconds;
    shares->total += seconds;
}

double
shares_at(const struct shares *shares, double share)
{
    double below = 0, wanted = share * shares->total;
    if (shares->total <= 0)
        return NAN;
    for (uint32_t bin = 0; bin < SHARE_BINS; bin++) {
        double here = shares->seconds[bin];
        if (here > 0 && below + here >= wanted) {
            double part = (wanted - below) / here;
            float value = value_of((bin << 16) + (uint32_t)(part * 0xFFFF));
            return fmin(fmax((double)value, shares->low), shares->high);
        }
        below += here;
    }
    return shares->high;
}

/* The past. */

int
past_init(struct past *past, int moments, int series_count)
{
    *past = (struct past){ .moments = moments, .series_count = series_count };
    size_t cells = (size_t)moments * (size_t)series_count;
    if (cells > PAST_CELLS_MAX)
        return ERR_TOO_LARGE;
    past->wall_ns = calloc((size_t)moments + 1, sizeof *past->wall_ns);
    past->cells = malloc((cells + 1) * sizeof *past->cells);
    past->series = calloc((size_t)series_count + 1, sizeof *past->series);
    if (!past->wall_ns || !past->cells || !past->series) {
        past_release(past);
        return -ENOMEM;
    }
    for (size_t i = 0; i < cells; i++)
        past->cells[i] = NAN;
    for (int s = 0; s < series_count; s++)
        past->series[s].value = past->cells + (size_t)s * (size_t)moments;
    return 0;
}

void
past_release(struct past *past)
{
    free(past->wall_ns);
    free(past->cells);
    free(past->series);
    *past = (struct past){ 0 };
}

void
replay_wants(const struct config *config, replay_want_fn *fn, void *context)
{
    for (int i = 0; i < config->threshold_count; i++) {
        const struct config_threshold *rule = &config->threshold[i];
        if (!rule->enabled)
            continue;
        fn(context, rule->metric, rule->instance);
        if (rule->when)
            condition_names(rule->when, fn, context);
    }
}

/* A run. */

struct player {
    const struct past *past;
    struct replay *replay;
    struct alert_engine *engine;
    struct sample sample;
    double **target; /* owned; by series: where its figure lies in the sample */
    int *row; /* owned; by series */
    int64_t *critical_since_ns; /* owned; by alert; 0: is not */
    float **derived; /* owned; by alert: its values, where they are none of the past; NULL */
    bool derives; /* some are */
};

static int
place_series(struct player *player)
{
    const struct past *past = player->past;
    size_t count = (size_t)past->series_count + 1;
    player->target = calloc(count, sizeof *player->target);
    player->row = calloc(count, sizeof *player->row);
    if (!player->target || !player->row)
        return -ENOMEM;
    /* all rows first: their array moves while it grows */
    for (int s = 0; s < past->series_count; s++) {
        enum metric_group group = metric_info(past->series[s].metric)->group;
        player->row[s] = -1;
        if (metric_group_info(group)->per_instance &&
            (player->row[s] = sample_row(&player->sample, group, past->series[s].row)) < 0)
            return ERR_TOO_LARGE;
    }
    for (int s = 0; s < past->series_count; s++) {
        enum metric metric = past->series[s].metric;
        const struct metric_group_info *group = metric_group_info(metric_info(metric)->group);
        player->target[s] = player->row[s] < 0 ? &player->sample.scalar[metric]
            : &player->sample.rows[metric_info(metric)->group].row[player->row[s]]
                  .value[(int)metric - group->first];
    }
    return 0;
}

static void
set_moment(struct player *player, int moment)
{
    const struct past *past = player->past;
    struct sample *sample = &player->sample;
    int64_t before = sample->mono_ns;
    sample->sequence++;
    sample->wall_ns = past->wall_ns[moment];
    sample->mono_ns = NS_PER_SEC + past->wall_ns[moment] - past->wall_ns[0];
    sample->interval_seconds = moment ? ns_to_sec(sample->mono_ns - before) : (double)NAN;
    for (int s = 0; s < past->series_count; s++)
        *player->target[s] = (double)past->series[s].value[moment];
}

/* After the first step: all alerts are there. */
static int
open_alerts(struct player *player)
{
    const struct alert *alert;
    struct replay *replay = player->replay;
    int count = alert_engine_alerts(player->engine, &alert);
    replay->count = count < REPLAY_RULES_MAX ? count : REPLAY_RULES_MAX;
    replay->left_out = count - replay->count;
    replay->alert = calloc((size_t)replay->count + 1, sizeof *replay->alert);
    player->critical_since_ns = calloc((size_t)replay->count + 1, sizeof(int64_t));
    player->derived = calloc((size_t)replay->count + 1, sizeof *player->derived);
    if (!replay->alert || !player->critical_since_ns || !player->derived)
        return -ENOMEM;
    size_t room = PAST_CELLS_MAX / ((size_t)player->past->moments + 1);
    for (int i = 0; i < replay->count; i++) {
        str_copy(replay->alert[i].key, sizeof replay->alert[i].key, alert[i].key);
        replay->alert[i].rule = alert[i].rule;
        if (alert[i].of == ASPECT_VALUE || !room)
            continue;
        room--;
        player->derives = true;
        player->derived[i] = malloc((size_t)player->past->moments * sizeof(float));
        if (!player->derived[i])
            return -ENOMEM;
    }
    return 0;
}

static struct replay_incident *
newest(struct replay_alert *alert)
{
    return alert->incident_count ? &alert->incident[alert->incident_count - 1] : NULL;
}

static void
open_incident(struct replay_alert *alert, int64_t now_ns)
{
    if (alert->incident_count == REPLAY_INCIDENTS_MAX)
        memmove(&alert->incident[0], &alert->incident[1],
            (size_t)--alert->incident_count * sizeof *alert->incident);
    alert->incident[alert->incident_count++] = (struct replay_incident){ .start_wall_ns = now_ns };
    alert->fired++;
}

static void
end_critical(struct replay_alert *alert, int64_t *since_ns, int64_t now_ns)
{
    if (*since_ns)
        alert->critical_seconds += ns_to_sec(now_ns - *since_ns);
    *since_ns = 0;
}

static void
end_incident(struct replay_alert *alert, int64_t now_ns)
{
    struct replay_incident *incident = newest(alert);
    double seconds = ns_to_sec(now_ns - incident->start_wall_ns);
    alert->firing_seconds += seconds;
    alert->longest_seconds = fmax(alert->longest_seconds, seconds);
}

static void
take_notice(struct player *player, int number, const struct alert_notice *notice)
{
    struct replay_alert *alert = &player->replay->alert[number];
    int64_t now_ns = player->sample.wall_ns, *critical = &player->critical_since_ns[number];
    enum alert_state told = notice->alert->told;
    alert->notices++;
    alert->flapped += notice->change == ALERT_CHANGE_FLAPPING && notice->alert->flaps_now;
    if (notice->before == ALERT_NORMAL && told != ALERT_NORMAL)
        open_incident(alert, now_ns);
    struct replay_incident *incident = newest(alert);
    if (!incident)
        return;
    if (told > incident->level) {
        alert->critical += told == ALERT_CRITICAL;
        incident->level = told;
        incident->value = notice->alert->value;
    }
    if (told != ALERT_CRITICAL)
        end_critical(alert, critical, now_ns);
    else if (!*critical)
        *critical = now_ns;
    if (notice->before != ALERT_NORMAL && told == ALERT_NORMAL) {
        incident->end_wall_ns = now_ns;
        end_incident(alert, now_ns);
    }
}

static int
play(struct player *player, int (*stopped)(void))
{
    const struct past *past = player->past;
    struct replay *replay = player->replay;
    const struct alert *alerts;
    for (int m = 0; m < past->moments; m++) {
        const struct alert_notice *notices;
        if (stopped && m % STOP_EVERY == 0 && stopped())
            return -ECANCELED;
        set_moment(player, m);
        int count = alert_engine_step(player->engine, &player->sample, &notices);
        int r = m ? 0 : open_alerts(player);
        if (r < 0)
            return r;
        if (!replay->fault[0])
            str_copy(replay->fault, sizeof replay->fault, alert_engine_fault(player->engine));
        if (count || player->derives)
            alert_engine_alerts(player->engine, &alerts);
        for (int i = 0; player->derives && i < replay->count; i++)
            if (player->derived[i])
                player->derived[i][m] = (float)alerts[i].value;
        for (int i = 0; i < count; i++) {
            int number = (int)(notices[i].alert - alerts);
            if (number < replay->count)
                take_notice(player, number, &notices[i]);
        }
    }
    return 0;
}

/* Incidents that go on. */
static void
close_alerts(struct player *player)
{
    struct replay *replay = player->replay;
    for (int i = 0; i < replay->count; i++) {
        struct replay_alert *alert = &replay->alert[i];
        const struct replay_incident *incident = newest(alert);
        end_critical(alert, &player->critical_since_ns[i], replay->to_wall_ns);
        if (incident && !incident->end_wall_ns)
            end_incident(alert, replay->to_wall_ns);
    }
}

/* How values are spread. */

/* Two digits, away from calm. */
static double
rounded(double level, bool below)
{
    double size = fabs(level);
    if (!(size > 0) || !isfinite(size))
        return level;
    double step = pow(10, floor(log10(size)) - 1), steps = level / step;
    return (below ? floor(steps + 1e-9) : ceil(steps - 1e-9)) * step;
}

static double
suggest(const struct replay_alert *alert, double level)
{
    bool percent = metric_info(alert->rule->metric)->unit == UNIT_PERCENT &&
        alert->rule->of == ASPECT_VALUE;
    double round = rounded(level, alert->rule->below);
    if (alert->rule->below)
        return (round > 0 || alert->rule->of == ASPECT_RATE) && isfinite(round) ? round
            : (double)NAN; /* nothing lies below */
    return percent && round >= 100 ? (double)NAN : round;
}

static void
describe(struct replay_alert *alert, const struct shares *shares)
{
    bool below = alert->rule->below;
    alert->known_seconds = shares->total;
    alert->low = shares_at(shares, 0);
    alert->high = shares_at(shares, 1);
    alert->p01 = shares_at(shares, 0.001);
    alert->p1 = shares_at(shares, 0.01);
    alert->p50 = shares_at(shares, 0.5);
    alert->p90 = shares_at(shares, 0.9);
    alert->p99 = shares_at(shares, 0.99);
    alert->p999 = shares_at(shares, 0.999);
    double warning = suggest(alert, below ? alert->p1 : alert->p99);
    double critical = suggest(alert, below ? alert->p01 : alert->p999);
    bool differs = below ? critical < warning : critical > warning;
    alert->suggested_warning = warning;
    alert->suggested_critical = differs ? critical : (double)NAN;
}

static int
find_series(const struct player *player, const struct alert *alert)
{
    for (int s = 0; s < player->past->series_count; s++)
        if (player->past->series[s].metric == alert->metric && player->row[s] == alert->row)
            return s;
    return -1;
}

static double
moment_seconds(const struct past *past, int moment)
{
    int next = moment + 1 < past->moments ? moment + 1 : moment;
    return next ? ns_to_sec(past->wall_ns[next] - past->wall_ns[next - 1]) : 1;
}

static void
add_values(struct shares *shares, const struct past *past, const float *value)
{
    for (int m = 0; m < past->moments; m++)
        shares_add(shares, value[m], moment_seconds(past, m));
}

static int
describe_alerts(struct player *player)
{
    const struct alert *alerts;
    struct shares *shares = shares_new();
    if (!shares)
        return -ENOMEM;
    alert_engine_alerts(player->engine, &alerts);
    for (int i = 0; i < player->replay->count; i++) {
        int series = find_series(player, &alerts[i]);
        shares_clear(shares);
        if (player->derived[i])
            add_values(shares, player->past, player->derived[i]);
        else if (series >= 0 && alerts[i].of == ASPECT_VALUE)
            add_values(shares, player->past, player->past->series[series].value);
        describe(&player->replay->alert[i], shares);
    }
    shares_free(shares);
    return 0;
}

int
replay_run(const struct config *config, const struct past *past, int (*stopped)(void),
    struct replay *ret_replay)
{
    struct player player = { .past = past, .replay = ret_replay };
    *ret_replay = (struct replay){ .moments = past->moments };
    if (!past->moments)
        return 0;
    ret_replay->from_wall_ns = past->wall_ns[0];
    ret_replay->to_wall_ns = past->wall_ns[past->moments - 1];
    sample_init(&player.sample);
    player.engine = alert_engine_new();
    alert_engine_configure(player.engine, config);
    int r = place_series(&player);
    if (r == 0)
        r = play(&player, stopped);
    if (r == 0) {
        close_alerts(&player);
        r = describe_alerts(&player);
    }
    alert_engine_free(player.engine);
    sample_release(&player.sample);
    free(player.target);
    free(player.row);
    free(player.critical_since_ns);
    for (int i = 0; player.derived && i < ret_replay->count; i++)
        free(player.derived[i]);
    free(player.derived);
    return r;
}

void
replay_release(struct replay *replay)
{
    free(replay->alert);
    *replay = (struct replay){ 0 };
}
