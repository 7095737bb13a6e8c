"""The page Paint: pictures and photos painted on with units, kept stroke by stroke."""
