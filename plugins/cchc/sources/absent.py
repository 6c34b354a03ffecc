"""Fields that no record of a delivery has, where records may leave an empty field out (JSON): empty, or gone?

In one record absent means empty. In a whole delivery it is judged by what came before: where the earlier deliveries of the entity make it
all but impossible that none of so many records has the field, nothing of the delivery is judged, since every record may have it under
another name. A first delivery is refused only without the fields that no record can be judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma
from typing import Any

from cchc.sources.fields import Earlier, Share, named, new_names
from cchc.sources.profile import Entity, Profile

ALL_BUT_IMPOSSIBLE = 1e-6
CONCENTRATION = 4.0
LIKELIEST = 0.99
FIRST_DELIVERY_ROWS = 20
# the two times of an end stand in for each other, and open dossiers have neither: a vendor may fill one alone, or deliver open dossiers
# first. A finished dossier with neither is set aside by a rule (K7), so their absence is never silent
ENDS = ("processed_at", "returned_at")


@dataclass(frozen=True)
class Absent:
    """A field that none of the `records` of a delivery has (for `list.field`: none of the objects in that list), against all that came.

    `share` is that of the earlier deliveries; None at a first one.
    """

    field: str
    records: int
    share: Share | None


def chance_of_none(records: int, share: Share) -> float:
    """How likely it is that none of `records` new records has a field that `share` of the earlier ones had.

    The records of one delivery are alike: the ten dossiers of this morning are all open, so none has an end, though 90 % of a year's
    have one. If each record were a draw of its own, ten without would be one in ten thousand million, and a healthy source would
    stop. So the probability of the field is itself drawn anew for each delivery, from a beta distribution (the beta-binomial model)
    whose mean is the share of the earlier records, and whose concentration of 4 says how little deliveries resemble one another: as
    if all that is known of the next one had been learnt from four records. 40 records without a due date after a history of 99 %
    are then one in ten million, and refused; 30 open dossiers after a history of 90 % finished ones are one in 90,000, and only from 60
    on refused. With 5 it would be from 37 on; with 3 the 40 records without a due date would only just be refused.

    However large the history, no field is taken to be in more than 99 % of records: the first load is often the archive of past
    years, in which every dossier is finished. So no delivery of fewer than 22 records is refused for what is not in it.
    """
    mean = min((share.shown + 0.5) / (share.records + 1), LIKELIEST)
    others = CONCENTRATION * (1 - mean)
    return exp(lgamma(others + records) - lgamma(others) + lgamma(CONCENTRATION) - lgamma(CONCENTRATION + records))


def absent_fields(entity: Entity, counted: dict[str, Any], before: Earlier, first_rows: int = FIRST_DELIVERY_ROWS) -> list[Absent]:
    """The fields whose absence from a delivery of JSON means that they are gone. `counted` is `fields` of the load's manifest.

    Also the field of secrecy: where no record has it, all of them are dropped as secret, and nothing would be left to be missed.
    `first_rows`: how many records a first delivery must have, so that it is refused where none has a critical field.
    """
    if counted["table"]:
        return []  # a column that a table lacks is told by its header
    found = []
    if entity.secret is not None and (unlabelled := counted["unlabelled"]):
        found.append(_judged(entity.secret.field, unlabelled, before, first_rows, is_needed=True))
    needed = entity.critical_fields - {column.source for column in entity.columns if column.name in ENDS}
    for name in entity.fields:
        if not counted["present"].get(name) and name not in entity.optional_fields:
            found.append(_judged(name, records_of(name, counted), before, first_rows, is_needed=name in needed))
    return [absent for absent in found if absent is not None]


def _judged(name: str, records: int, before: Earlier, first_rows: int, *, is_needed: bool) -> Absent | None:
    """A field that none of the `records` of a delivery has, if it is gone; None where it is empty as it may well be."""
    if not records:
        return None  # a delivery without records lacks none of their fields
    share = before.fields.get(name)
    if share is not None and share.shown:
        return Absent(name, records, share) if chance_of_none(records, share) < ALL_BUT_IMPOSSIBLE else None
    is_refused = is_needed and before.loads == 0 and records >= first_rows
    return Absent(name, records, None) if is_refused else None


def records_of(name: str, counted: dict[str, Any]) -> int:
    """The records of a delivery that could have a field; for `list.field` the objects in the list."""
    place, _, _ = name.rpartition(".")
    return int(counted["objects"].get(place, counted["records"]))


def first_rows(profile: Profile) -> int:
    """How many records a first delivery of a source must have to be refused without a critical field."""
    return int(profile.settings.get("first_delivery_rows", FIRST_DELIVERY_ROWS))


def in_words(entity: Entity, absent: list[Absent], counted: dict[str, Any], before: Earlier) -> str:
    """What is not there, against what came before; what is new, and which of it is nearest in name."""
    parts = []
    for each in absent:
        unit = "objects" if each.field not in entity.wire_fields and "." in each.field else "records"
        words = f"{named([each.field], entity)} is in none of the {each.records:,} {unit}"
        if each.share is None:
            words += " of this first delivery, and no record can be judged without it"
        else:
            words += f", but was in {each.share.shown / each.share.records:.1%} of the {each.share.records:,} of earlier deliveries"
        parts.append(words)
    chance = " By chance that comes less than once in a million times." if any(each.share is not None for each in absent) else ""
    new = {name for name in counted["present"] if name not in entity.fields and not before.had(name)}
    return f"{'; '.join(parts)}.{chance}{new_names(new, [each.field for each in absent])}"
