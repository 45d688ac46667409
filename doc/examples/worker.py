#!/usr/bin/env python3
"""A warm objective of optop (type = worker): it is started once, reads a point
from each line, and answers each line with one. See optop-run(5)."""
import json
import sys


def evaluate(x, y):
    """Rosenbrock's valley: 0 at (1, 1). The parameters are those of [space]."""
    score = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return {"score": score, "metrics": {"off_valley": abs(y - x * x)}}


for line in sys.stdin:
    point = json.loads(line)
    try:
        answer = evaluate(**point["params"])
    except ArithmeticError as error:
        answer = {"error": str(error)}
    print(json.dumps({"trial": point["trial"], **answer}), flush=True)
