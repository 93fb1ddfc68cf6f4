"""What the parts agree on: table schemas, settings, and the values they pass to each other."""
