"""The HTTP API: the functions of the library for curl and cron, bodies as the specification prints them."""
