"""Whether a release found is the track asked for: parts, scores, choice, confidence."""
