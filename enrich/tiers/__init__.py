"""The tiers: each reads a workspace and returns proposals with evidence. None writes anything."""
