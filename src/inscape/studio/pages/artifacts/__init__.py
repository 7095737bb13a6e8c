"""The page Artifacts: units that spoil pictures."""
