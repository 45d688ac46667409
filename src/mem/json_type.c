/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/json_type.h"

#include "base/json.h"
#include "optop/memory.h"

static struct optop_type *json;

static void *
allocate(size_t size)
{
    return optop_type_alloc(json, size);
}

void
json_type_use(void)
{
    json = optop_type("json");
    json_set_alloc_funcs(allocate, optop_type_free);
}
