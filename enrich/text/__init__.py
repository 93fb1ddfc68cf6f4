"""Names and titles as DJs write them: normalise, split credits, parse titles. Pure; reads and writes nothing."""
