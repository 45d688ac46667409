/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The version that every program tells; configure gives it.
 */
#ifndef OPTOP_BASE_VERSION_H
#define OPTOP_BASE_VERSION_H

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.0.0"
#endif

#endif
