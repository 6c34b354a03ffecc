"""Tell what lies in a drop folder and is not read: nothing is passed over without a word."""

from __future__ import annotations

import re

from cchc.sources.archives import is_archive
from cchc.sources.inbox import NOT_OPENED, Inbox, is_of
from cchc.sources.profile import Profile

MOST_NAMED = 10
PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}(/[A-Za-z0-9._-]{1,80})*")
NO_PATTERN = "a name for which no entity of the profile has a file_pattern"


def left_in_folder(profile: Profile, inbox: Inbox) -> str | None:
    """A sentence about everything in the drop folder that is not read, with the reasons; None if there is nothing."""
    config = profile.files
    reasons: dict[str, list[str]] = {}
    for name, reason in inbox.left:
        reasons.setdefault(reason, []).append(name)
    for name in inbox.names:
        is_manifest = config is not None and config.manifest is not None and name.endswith(config.manifest.suffix)
        if not is_of(profile.entities, name) and not is_manifest:
            reasons.setdefault(NO_PATTERN, []).append(name)
    if not reasons:
        return None
    told = "; ".join(f"{reason}: {some(sorted(names))}" for reason, names in reasons.items())
    count = sum(len(names) for names in reasons.values())
    return (
        f"{profile.source}: {count} entries of the drop folder are left alone ({told}). If they are deliveries, rename them, or "
        f"correct file_pattern in the profile {profile.source}.yaml; {_keys(reasons)}otherwise remove them."
    )


def _keys(reasons: dict[str, list[str]]) -> str:
    keys = "files.subfolders: true there looks into folders; " if NOT_OPENED in reasons else ""
    return keys + ("files.archives: true there opens zip archives; " if any(map(is_archive, reasons.get(NO_PATTERN, ()))) else "")


def some(names: list[str]) -> str:
    """The first of these names. One that is no plain word is described: somebody may have named a file after a person."""
    told = [name if PLAIN_NAME.fullmatch(name) else f"a name of {len(name)} characters" for name in names[:MOST_NAMED]]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(told) + more
