"""The page Layers: the layers of one model compared."""
