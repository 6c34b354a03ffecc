"""Advice about a blocked delivery: who has to correct it, where, and which earlier data are used until then.

If the delivery is wrong, the sender has to correct it. If no delivery of the entity could be read so far, or if an entry of the profile may
be wrong, the advice names that entry.
"""

from __future__ import annotations

from collections.abc import Iterable

from cchc.sources import day_files
from cchc.sources.absent import Absent
from cchc.sources.fields import Earlier, named
from cchc.sources.files import LacksColumns, Unreadable
from cchc.sources.profile import Entity, Files, Profile
from cchc.sources.unread import NotJudged

SENDER = "Ask the sender for a corrected file."
NEXT_RUN = "The next run reads it again; where it stays, look at this machine first (memory, installation, the log), and then at the file."
PLACES_SHOWN = 5


def for_file(profile: Profile, entity: Entity, before: Earlier, problem: Unreadable) -> str:
    """Who has to correct a file that cannot be understood. `before`: the earlier deliveries of the entity."""
    if isinstance(problem, LacksColumns):
        separator = " Line 1 is one cell: look at files.formats.delimiter as well." if problem.cells == 1 else ""
        return for_fields(profile, entity, before, problem.fields) + separator
    if isinstance(problem, NotJudged):
        return NEXT_RUN
    if not problem.keys:
        return SENDER
    places = f"{' and '.join(problem.keys)} in the profile {profile.source}.yaml"
    if before.loads:
        return f"Earlier files could be read: ask the sender for a corrected file; where the source has changed for good, correct {places}."
    return f"No file of {entity.name} has been loaded yet: look at {places}; where that is right, ask the sender for a corrected file."


def for_fields(profile: Profile, entity: Entity, before: Earlier, missing: list[str]) -> str:
    """What to do about missing fields: those that earlier deliveries had, and those that no delivery had so far."""
    lost = [name for name in missing if before.had(name)]
    never = [name for name in missing if not before.had(name)]
    parts = []
    if lost:
        parts.append(
            f"Earlier deliveries had {named(lost, entity)}: where the vendor has renamed this, correct {_places(entity, lost)} in the "
            f"profile {profile.source}.yaml and ingest again; where it was left out, ask the sender for a corrected delivery."
        )
    if never:
        so_far = f"No earlier delivery had {named(never, entity)}" if before.loads else f"Nothing of {entity.name} has been loaded yet"
        parts.append(
            f"{so_far}: look at {_places(entity, never)} in the profile {profile.source}.yaml. What the source does not have at all is "
            "marked optional: true there, with a reason."
        )
    return " ".join(parts)


def for_absent(profile: Profile, entity: Entity, before: Earlier, absent: list[Absent]) -> str:
    """What to do about fields that no record of a delivery has."""
    words = for_fields(profile, entity, before, [each.field for each in absent])
    if any(each.share is None for each in absent):
        words += (
            " Where these records have none yet, a delivery that has some must come first, or raise settings.first_delivery_rows there."
        )
    return words


def for_manifest(profile: Profile, before: Earlier) -> str:
    """Who has to correct a file that contradicts its manifest or its trailer."""
    if before.loads:
        return SENDER
    return f"{SENDER} Where every file is blocked alike, look at files.manifest and files.formats in the profile {profile.source}.yaml."


def in_force(config: Files, before: Earlier, name: str, of_this_run: Iterable[str]) -> str:
    """Which file is used instead of a blocked file: one that was loaded before, or one of the same run.

    Empty if the name of the file does not contain its day.
    """
    if config.name is None:
        return "What was loaded of this file before stays." if name in before.files else ""
    same = day_files.same_delivery(name, config)
    if same is None:
        return ""
    others = [(parsed.revision, other) for other in before.files if (parsed := day_files.parse_name(other, config)) is not None]
    others = sorted((revision, other) for revision, other in others if day_files.same_delivery(other, config) == same)
    if others:
        return f"Revision {others[-1][0]} ({others[-1][1]}) stays in force."
    beside = [other for other in of_this_run if other != name and day_files.same_delivery(other, config) == same]
    return f"{', '.join(beside)} of this run may take its place." if beside else "Nothing has been loaded in its place."


def _places(entity: Entity, names: list[str]) -> str:
    """The places in the profile that name these fields."""
    places: dict[str, None] = {}
    for name in names:
        fills = [column for column, field in entity.vendor_fields.items() if field == name and not column.startswith("_")]
        list_name, _, item = fills[0].partition(".") if fills else ("", "", "")
        if fills:
            places[f"columns.{list_name}.list.{item}" if item else f"columns.{list_name}"] = None
        elif name in (*entity.key, *(entity.key_else or ())):
            places["key"] = None
        else:
            places["changed_at" if name == entity.changed_at else "secret"] = None
    shown = list(places)[:PLACES_SHOWN]
    more = f" and {len(places) - len(shown)} more" if len(places) > len(shown) else ""
    return f"{', '.join(shown)}{more} of the entity {entity.name}"
