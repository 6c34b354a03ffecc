"""`python -m cchc.cli …`: the command `cchc`."""

from __future__ import annotations

import sys

from cchc.cli.main import main

sys.exit(main())
