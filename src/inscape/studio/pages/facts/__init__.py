"""The page Facts: where a language model keeps a fact."""
