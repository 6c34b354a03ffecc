"""What is to be said of a sample beside its profile: sentences that name the vendor's field and the line of the profile.

`WRONG`: the profile is to be corrected. `LOOK`: somebody should look, the profile may be well; the sender is only named where most of a
field's values are read by the same entry of the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cchc.profiles.sample import MOST_BYTES, Sample
from cchc.profiles.seen import Bad, Seen
from cchc.sources.limits import MIB
from cchc.sources.profile import Column, Entity

WRONG, LOOK = "WRONG", "LOOK"
SENDERS_SHARE = 0.5
MOST_PROBLEMS = 3
Told = tuple[str, str]
Line = Callable[..., str]


def place_of(entity: Entity, field: str) -> tuple[str, ...]:
    """The place in the profile that names a delivered field."""
    column = next((each.name for each in entity.columns if each.source == field), None)
    if column is not None:
        return "entities", entity.name, "columns", column
    if field in (*entity.key, *(entity.key_else or ())):
        return "entities", entity.name, "key"
    return "entities", entity.name, "secret" if entity.secret is not None and entity.secret.field == field else "changed_at"


def of_fields(seen: Seen, line: Line) -> Iterator[Told]:
    """The delivered fields against those of the profile. `line`: a function from a place in the profile to its file and line."""
    entity, unused = seen.entity, seen.unused()
    for name in seen.missing():
        hint = seen.nearest(name) or "."
        words = f"the delivery has no field {name!r}{hint} Correct the name, or mark the column optional: true with a reason."
        if not seen.is_needed(name):
            words = f"none of {len(seen.sample.records)} records has the field {name!r}{hint} It is empty, or has another name."
        yield WRONG if seen.is_needed(name) else LOOK, f"{line(*place_of(entity, name))}: {words}"
    if unused:
        yield LOOK, f"fields that no column uses, and that never land: {', '.join(unused)}"


def of_values(seen: Seen, line: Line) -> Iterator[Told]:
    """What of the values cannot be read, is no code or no unit, or looks personal."""
    for bad in seen.unreadable():
        yield from _bad(seen, bad, line, "cannot be read as the model's column wants them", "correct its formats or codes in the profile")
    for bad in seen.unknown_codes():
        yield from _bad(seen, bad, line, "are no code of the model, or no unit that is known", "add them under 'codes'")
    hashed = {column.source for column in seen.entity.columns if column.personal}
    for name, kind in seen.personal.items():
        if name in hashed:
            continue
        if name in seen.entity.fields:
            place = line(*place_of(seen.entity, name))
            yield LOOK, f"{place}: {name} looks like personal data ({kind}): leave it out, or make it personal: hmac"
        else:
            yield LOOK, f"{name} looks like personal data ({kind}); no column uses it, so it never lands"


def _bad(seen: Seen, bad: Bad, line: Line, what: str, advice: str) -> Iterator[Told]:
    column: Column = bad.column
    place = line("entities", seen.entity.name, "columns", column.name)
    words = f"{bad.count} of {bad.values} values of {column.source} ({column.name}) {what}: {bad.examples}"
    if bad.count < SENDERS_SHARE * bad.values:
        yield LOOK, f"{place}: {words}; the others are well, so ask the sender, or {advice}"
    else:
        yield WRONG, f"{place}: {words}; {advice}"


def of_reading(sample: Sample) -> Iterator[Told]:
    """What was said while the sample was read."""
    yield from ((WRONG, words) for words in sample.told)
    yield from ((WRONG, words) for words in sample.ends.faults)
    looked_at, there = sample.ends.looked_at, sample.ends.there
    if there > len(looked_at):
        words = (
            f"{sample.source} {sample.entity.name}: the headers and ends of {len(looked_at)} of the {there} text tables that lie there "
            f"were looked at, the newest first, down to {looked_at[-1]}; of the others nothing is known. "
            "Look at them with --delivery and a folder that has a part of them"
        )
        yield LOOK, words
    if sample.unread:
        yield LOOK, f"of {sample.unread} older files no records were read: --rows names how many records are enough"
    if sample.bytes >= MOST_BYTES:
        yield LOOK, f"the sample ended after {len(sample.records)} records, because they have more than {MOST_BYTES // MIB} MB"
    if sample.entity.deletions is not None:
        yield LOOK, "the list of the keys that exist, from which deletions are learnt, was not asked for"
    problems = [(piece.file, line, words) for piece in sample.pieces for line, words in piece.problems]
    for file, line, words in problems[:MOST_PROBLEMS]:
        yield LOOK, f"{f'{file} ' if file else ''}line {line}: no record: {words}"
    if len(problems) > MOST_PROBLEMS:
        yield LOOK, f"{len(problems) - MOST_PROBLEMS} more lines are no records"
