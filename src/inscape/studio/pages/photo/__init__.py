"""The page Photo: photos brought, inverted while one watches, and painted on."""
