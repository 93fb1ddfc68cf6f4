"""Which unknown is which recording: listings aligned, track keys, names that come later; aliases of one person."""
