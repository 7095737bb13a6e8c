"""The page Models: what the studio offers, and the checkpoints that are opened in it."""
