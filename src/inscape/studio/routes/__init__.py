"""The studio's routes, a file per noun."""
