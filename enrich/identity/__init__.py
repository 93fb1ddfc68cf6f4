"""Which unknown is which recording: aliases of one person, slots of one unknown, names announced later."""
