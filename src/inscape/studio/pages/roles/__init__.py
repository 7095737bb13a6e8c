"""The page Roles: which units carry a class of a classifier, and which an attack moves."""
