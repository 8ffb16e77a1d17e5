"""`python -m teachtf.tools` is the `teachtf` command."""

import sys

from teachtf.tools.cli import main

if __name__ == "__main__":
    sys.exit(main())
