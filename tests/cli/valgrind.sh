#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of the library, as its users build them, under Valgrind: no wrong
# access, nothing left behind.
. "${TEST_SRCDIR:-.}/tests/cli/lib.sh"

built=${TEST_BUILDDIR:-.}
command -v valgrind >/dev/null 2>&1 || { echo "1..0 # SKIP there is no valgrind"; exit 0; }
case $(nm "$built/optop" 2>/dev/null) in
*__asan_init* | *__tsan_init*) echo "1..0 # SKIP a sanitizer looks already"; exit 0 ;;
esac

export OPTOP_BOARDS="$dir/boards" LD_LIBRARY_PATH="$built"
mkdir -m 700 "$OPTOP_BOARDS"
for name in board executor; do
    ok "$name is built" ${CC:-cc} -g -I"$src/include" -o "$dir/$name" "$src/doc/examples/$name.c" \
        "$built/liboptop.so" -lpthread
    exits "$name is clean" 0 valgrind --quiet --error-exitcode=9 --leak-check=full \
        --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect "$dir/$name" 1
done
finish
