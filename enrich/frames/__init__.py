"""What the parts hand to each other: frame schemas, table files, texts as numbers."""
