"""A loopback catalogue: one table of releases, served in the wire formats of all six sources.

For tests, the demo and benchmarks. It answers like shops do, with rival versions and wrong things among the results,
and misbehaves like them when told to. Clients are pointed at it by the ENRICH_<SOURCE>_URL settings alone.
"""
