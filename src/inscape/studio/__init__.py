"""The studio: the web application over the library."""
