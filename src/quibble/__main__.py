"""`python -m quibble`: the command line where no script is on the path."""

from quibble.cli import main

main()
