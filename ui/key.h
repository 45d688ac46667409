/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A key press, as dialogs and views hear it: a code point, or one of these.
 */
#ifndef OPTOP_UI_KEY_H
#define OPTOP_UI_KEY_H

#include <stdint.h>

enum key {
    KEY_CODE_ENTER = '\r',
    KEY_CODE_ESCAPE = 0x1B,
    KEY_CODE_TAB = '\t',
    KEY_CODE_FIRST = 0x110000, /* above Unicode */
    KEY_CODE_UP = KEY_CODE_FIRST,
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_BACKTAB,
    KEY_CODE_BACKSPACE,
    KEY_CODE_DELETE,
    KEY_CODE_INSERT,
    KEY_CODE_F1,
    KEY_CODE_RESIZE,
    KEY_CODE_MOUSE,
};

#endif
