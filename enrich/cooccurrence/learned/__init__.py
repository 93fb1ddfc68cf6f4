"""The learned ranker: columns of candidates, trees over them, and the ranking they give."""
