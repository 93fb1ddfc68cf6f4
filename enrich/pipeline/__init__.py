"""The cycle: tiers over a snapshot to a fixed point, accepted by policy, on record, and written back where asked."""
