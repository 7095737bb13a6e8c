"""The page Explain: the evidence for what a classifier says of a photo."""
