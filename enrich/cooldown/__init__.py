"""The cool-down queue: how long to wait, who waits, and who is due.

Nothing is failed for ever before its retries are spent: a failed track waits for its release and is tried again.
"""

from enrich.cooldown.periods import STRATEGIES, period_days, period_expr
from enrich.cooldown.queue import migrate, process, stats

__all__ = ["STRATEGIES", "migrate", "period_days", "period_expr", "process", "stats"]
