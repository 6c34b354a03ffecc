"""The start of the command `cchc`. If a module cannot be imported because a file of the project is wrong, one message is printed."""

from __future__ import annotations

import sys

from cchc.errors import CchcError
from cchc.memory import end_at_once


def main() -> int:
    """Run the command and return its exit code. A broken authority.yaml is found during the imports, because periods need its zone."""
    try:
        from cchc.cli.main import main as run
    except CchcError as error:
        print(f"cchc: {type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    code = run()
    end_at_once()
    return code
