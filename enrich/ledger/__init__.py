"""The ledger: what was proposed, who decided, what was written. Every change of the music tables is on record here."""
