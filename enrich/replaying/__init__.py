"""Replay of history: real sets walked in date order through import, tiers, write-back and cool-down."""
