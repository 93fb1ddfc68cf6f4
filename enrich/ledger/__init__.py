"""The ledger: what was proposed, who decided, what was written. Every change of the music tables is on record here.

Whatever opens Postgres raises `DatabaseError` where it is down or the ledger's tables are missing.
"""
