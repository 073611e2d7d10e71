"""`python -m elm`: the `elm` command."""

import sys

from elm.cli import main

if __name__ == "__main__":
    sys.exit(main())
