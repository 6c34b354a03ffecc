"""The demo's command line: serve, advance, connections, oddities. Run from the project's root: `python -m demo …`."""

from __future__ import annotations

import sys

from demo.authority import WrongAuthority, read


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 done, 1 failed, 2 wrong use."""
    try:
        read()  # before the modules that are made from it
    except WrongAuthority as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    from demo import commands

    return commands.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
