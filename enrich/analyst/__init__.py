"""A snapshot an analyst asks: questions in one line, why single tracks have no name, the review as a widget.

The door is `enrich.open_snapshot`.
"""
