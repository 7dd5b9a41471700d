"""The ``tfstep`` command, also as ``python -m tfstep``."""

import sys

from tfstep import __version__


def main() -> int:
    """Run the command line; the exit status is 0 when done, 2 when the input is at fault."""
    sys.stdout.write(f"tfstep {__version__}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
