"""`python -m cartography`."""

from cartography.cli import main

main()
