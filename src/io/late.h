/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Libraries that are loaded when they are first needed: libcurl and libmicrohttpd bring
 * TLS (two of them), LDAP and Kerberos along, 4 MiB and forty files that a server without
 * webhooks and without a page of figures never calls.
 *
 * Their functions keep their names: late.c has one of each that calls the library's own.
 * Before the first call of any the library has to be there. From one thread only.
 */
#ifndef OPTOP_IO_LATE_H
#define OPTOP_IO_LATE_H

/* 0, also when it is there already; -ELIBACC: it, or a function of it, cannot be had. */
int late_curl(void);
int late_microhttpd(void);

#endif
