"""The page Units: what the units of a layer match, and what they cause."""
