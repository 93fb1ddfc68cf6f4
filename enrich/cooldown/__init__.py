"""The cool-down queue: how long to wait, who waits, who is due. Nothing is failed for ever while it has retries."""

from enrich.cooldown.periods import STRATEGIES, period_days, period_expr
from enrich.cooldown.queue import migrate, process, stats

__all__ = ["STRATEGIES", "migrate", "period_days", "period_expr", "process", "stats"]
