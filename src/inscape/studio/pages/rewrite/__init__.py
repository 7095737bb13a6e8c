"""The page Rewrite: rules in the weights, made by copy and paste."""
