"""Where the command `cchc` begins: what cannot even be imported, because a file of the project cannot be read, is one message too."""

from __future__ import annotations

import sys

from cchc.errors import CchcError


def main() -> int:
    """Run the command; its exit code. Periods need the authority's zone, so a broken authority.yaml is found while modules are imported."""
    try:
        from cchc.cli.main import main as run
    except CchcError as error:
        print(f"cchc: {type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return run()
