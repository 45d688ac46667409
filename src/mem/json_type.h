/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON values as a type of memory (optop_type): "json".
 */
#ifndef OPTOP_MEM_JSON_TYPE_H
#define OPTOP_MEM_JSON_TYPE_H

/* Before the first value of the process is made. */
void json_type_use(void);

#endif
