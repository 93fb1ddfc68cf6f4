"""How often we are right: masked replay of the rankers, rankers to beat, and planted truth where there is one."""
