#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every fuzz target over its corpus, with its fixed changes; as TAP.
dir=${TEST_SRCDIR:-.}/tests/fuzz
count=0
for target in "${TEST_BUILDDIR:-.}"/tests/fuzz/fuzz_*; do
    case $target in *.o | *.log | *.trs) continue ;; esac
    name=${target##*/fuzz_}
    count=$((count + 1))
    if output=$("$target" "$dir/corpus/$name" 2>&1); then
        echo "ok $count - fuzz $name"
    else
        echo "not ok $count - fuzz $name"
        printf '%s\n' "$output" | tail -40 | sed 's/^/# /'
    fi
done
echo "1..$count"
