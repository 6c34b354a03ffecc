"""`cchc privacy rotate`: another key of the hashes, and nothing of the old one is left."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import Add
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    privacy = add(
        "privacy", _privacy, "rotate the key of the hashes: nothing that was made with the old one stays (docs/runbooks/privacy_key.md)"
    )
    privacy.add_argument("action", choices=("rotate",))


def _privacy(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.runs.rotate import rotate
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    done = rotate(settings)
    for table, rows in sorted(done.rows.items()):
        print(f"{table}: {rows} rows have hashes that nobody can test guesses against")
    for source in done.landing:
        print(f"landing of {source}: removed")
    print("A new key is in CCHC_HOME/secrets." if done.is_new_key else "The key is the one of CCHC_PRIVACY_KEY.")
    if done.is_unproven:
        print("No load says under which key it landed: if CCHC_PRIVACY_KEY is still the old one, replace it and rotate again.")
    print("Backups that were written before have the old hashes: remove them, or keep them where nobody has the old key.")
    return 0
