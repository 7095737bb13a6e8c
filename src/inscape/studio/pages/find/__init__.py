"""The page Find: units for a concept of one's own."""
