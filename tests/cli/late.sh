#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The libraries of webhooks and of the page of figures are loaded where there are such.
. "$(dirname "$0")/lib.sh"

exits 'a server without any configuration' 0 optop status
pid=$(server_pid)
loaded() { grep -Eo '/lib(curl|microhttpd|gnutls)\.' "/proc/$pid/maps" | sort -u | tr -d '\n'; }
is 'has none of them' "$(loaded)" ''

printf '[webhook one]\nurl = https://127.0.0.1:1/\n' >"$OPTOP_CONFIG"
exits 'a webhook' 0 optop config reload
is 'has libcurl loaded before anything is to be told' "$(loaded | grep -o curl)" 'curl'

printf '[metrics]\nlisten = 127.0.0.1:0\n' >"$OPTOP_CONFIG"
exits 'the page of figures' 0 optop config reload
is 'has libmicrohttpd loaded' "$(loaded | grep -o microhttpd)" 'microhttpd'

finish
