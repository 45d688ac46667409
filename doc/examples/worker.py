#!/usr/bin/env python3
"""A warm objective of optop (type = worker): it is started once, reads a point
from each line, and answers them, all that are there in one line. See optop-run(5)."""
import json
import os
import sys
import time


def evaluate(x, y):
    """Rosenbrock's valley: 0 at (1, 1). The parameters are those of [space]."""
    score = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return {"score": score, "metrics": {"off_valley": abs(y - x * x)}}


def answer(point):
    try:
        return evaluate(**point["params"])
    except ArithmeticError as error:
        return {"error": str(error)}


def tell(answers):
    if answers:  # one line of them all: a line for each takes twice the time
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()
    return [], time.monotonic()


rest = b""
while chunk := os.read(0, 16384):  # one line, or with inflight > 1 all that are there
    *lines, rest = (rest + chunk).split(b"\n")
    answers, told = tell([])
    for point in json.loads(b"[" + b",".join(lines) + b"]"):
        answers.append({"trial": point["trial"], **answer(point)})
        if time.monotonic() > told + 0.01:  # no answer waits for long
            answers, told = tell(answers)
    tell(answers)
