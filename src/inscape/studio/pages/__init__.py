"""The pages of the studio, server half: a folder each, found by its name."""
