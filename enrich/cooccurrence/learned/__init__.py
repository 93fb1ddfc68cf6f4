"""The learned ranker: features of candidates, trees over them, and the ranking they give."""
