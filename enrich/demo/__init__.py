"""The demo: a seeded database with planted truth, and a loopback catalogue in the sources' own formats.

Only the command line and `make run` import it. `enrich.demo(…)` stays the function: see `enrich/__init__.py`.
"""
