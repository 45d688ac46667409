#!/bin/sh
# A warm objective of optop (type = worker) in plain shell: it is started once,
# reads a point from each line, and answers each line with one. A line is
#     {"trial":17,"params":{"x":3,"y":-2}}
# See optop-run(5); the other language of these examples reads JSON properly.

while IFS= read -r line; do
    trial=${line#'{"trial":'} trial=${trial%%,*}
    x=${line#*'"x":'} x=${x%%[,\}]*}
    y=${line#*'"y":'} y=${y%%[,\}]*}
    if [ "$x" -eq 0 ]; then
        printf '{"trial":%s,"error":"x is 0"}\n' "$trial"
    else
        printf '{"trial":%s,"score":%s}\n' "$trial" "$(((x - 3) * (x - 3) + (y + 2) * (y + 2)))"
    fi
done
