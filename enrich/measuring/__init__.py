"""What each rule is worth: by hidden known tracks of the snapshot, by what was shipped, by what people decided.

The one scale of confidence: nothing else gives a proposal of the database's own rules its number.
"""
