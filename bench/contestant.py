"""A process of its own for one measured thing, so that its memory is its own and nothing of it warms another's caches.

    python -m bench.contestant MODULE:FUNCTION JSON-ARGUMENTS

FUNCTION makes everything ready, unmeasured, and returns what is to be measured: a callable without arguments, whose
result (anything JSON holds) is handed back for comparison. An attribute `before` of it is called before every run,
unmeasured. Each line on stdin runs it once and answers with one line of
JSON: seconds, CPU seconds and peak memory of this process with its children, and the result. End of file ends it.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from importlib import import_module


def _cpu_s() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _peak_gib() -> float:
    """The most this process held at once, or its largest child."""
    return max(resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / (
        2**30 if sys.platform == "darwin" else 2**20
    )


def main() -> None:
    """Answer lines until the file ends."""
    target, arguments = sys.argv[1:]
    module, function = target.split(":")
    # What the measured thing prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    run = getattr(import_module(module), function)(**json.loads(arguments))
    answers.write("ready\n")
    answers.flush()
    before = getattr(run, "before", None)
    for _ in sys.stdin:
        if before is not None:
            before()
        gc.collect()
        worked, began = _cpu_s(), time.perf_counter()
        result = run()
        seconds, cpu_s = time.perf_counter() - began, _cpu_s() - worked
        answers.write(json.dumps({"s": seconds, "cpu_s": cpu_s, "peak_gib": _peak_gib(), "result": result}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
