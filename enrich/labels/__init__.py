"""Record labels as entities: one label under several spellings, and what is no label."""
