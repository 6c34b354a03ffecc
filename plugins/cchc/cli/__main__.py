"""`python -m cchc.cli …`: the command `cchc`."""

from __future__ import annotations

import sys

from cchc.cli.start import main

sys.exit(main())
