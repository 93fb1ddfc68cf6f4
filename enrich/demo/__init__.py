"""The demo: a seeded database with planted truth, and a loopback catalogue in the sources' own formats.

Only the command line and `make run` import it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from enrich.demo.loading import demo


class _CallablePackage(ModuleType):
    """`enrich.demo(…)` is a function like every other command; a package of that name must not hide it."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return demo(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
