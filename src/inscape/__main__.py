"""`python -m inscape` is the same as `inscape`."""

from inscape.cli.main import main

main()
