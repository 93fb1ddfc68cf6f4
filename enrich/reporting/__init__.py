"""Figures, charts and the recovery report: what was projected beside what was counted."""
