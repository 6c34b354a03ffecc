"""Decide whether a field that no record of a JSON delivery has is only empty in all of them, or was removed or renamed.

In a single record an absent field means empty. A whole delivery is compared with the earlier deliveries of the entity. If it is almost
impossible by them that none of so many records has the field, the delivery is blocked, because the records may have the field under another
name. A first delivery is blocked only if it lacks a field without which no record can be judged.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import exp, lgamma
from typing import Any

from cchc.sources.fields import Earlier, Share, named, new_names
from cchc.sources.profile import Entity, Profile

ALL_BUT_IMPOSSIBLE = 1e-6
CONCENTRATION = 4.0
LIKELIEST = 0.99
FIRST_DELIVERY_ROWS = 20
# Each of the two times can be the end of a dossier, and an open dossier has neither. A vendor may fill only one of them, or deliver open
# dossiers first. A finished dossier with neither goes to quarantine (rule K7), so their absence is never silent.
ENDS = ("processed_at", "returned_at")


@dataclass(frozen=True)
class Absent:
    """A field that none of the `records` of a delivery has (for `list.field`, none of the objects in that list).

    `share`: its share in the earlier deliveries; None for a first delivery.
    """

    field: str
    records: int
    share: Share | None


def chance_of_none(records: int, share: Share) -> float:
    """The probability that none of `records` new records has a field that a `share` of the earlier records had.

    The records of one delivery are similar. For example, the ten dossiers of this morning are all open, so none has an end, although 90 %
    of the dossiers of a year have one. If the records were independent, ten without an end would have the probability 1 : 10,000,000,000,
    and a healthy source would be blocked. Therefore the probability of the field is different in each delivery: it comes from a beta
    distribution (the beta-binomial model). Its mean is the share in the earlier records, and its concentration is 4: the earlier deliveries
    say as much about the next one as four records would.

    With this model, 40 records without a due date after a history of 99 % have the probability 1 : 10,000,000 and are refused. 30 open
    dossiers after a history of 90 % finished ones have 1 : 90,000; such a delivery is refused from 60 records on. With a concentration of 5
    it would be refused from 37 records on; with 3 the 40 records without a due date would only just be refused.

    The share is never taken as more than 99 %, because the first load is often the archive of past years, in which every dossier is
    finished. So a delivery of fewer than 22 records is never refused because of an absent field.
    """
    mean = min((share.shown + 0.5) / (share.records + 1), LIKELIEST)
    others = CONCENTRATION * (1 - mean)
    return exp(lgamma(others + records) - lgamma(others) + lgamma(CONCENTRATION) - lgamma(CONCENTRATION + records))


def absent_fields(entity: Entity, counted: dict[str, Any], before: Earlier, first_rows: int = FIRST_DELIVERY_ROWS) -> list[Absent]:
    """The fields whose absence from a JSON delivery means that they were removed or renamed.

    This includes the field of secrecy: if no record has it, all records are dropped as secret; and the fields of the row filter. Arguments:
    `counted`, the value `fields` of the load's manifest; `before`, the earlier deliveries; `first_rows`, how many records a first delivery
    must have to be refused if none has a critical field.
    """
    if counted["table"]:
        return []  # for a table, the check of the header reports a missing column
    gone_fields = []
    if entity.secret is not None and (unlabelled := counted["unlabelled"]):
        gone_fields.append(_judged(entity.secret.field, unlabelled, before, first_rows, is_needed=True))
    unfiltered = counted.get("unfiltered", {})
    gone_fields += [_judged(name, records, before, first_rows, is_needed=True) for name, records in unfiltered.items()]
    needed = entity.critical_fields - {column.source for column in entity.columns if column.name in ENDS}
    for name in entity.fields:
        if not counted["present"].get(name) and name not in entity.optional_fields and name not in unfiltered:
            gone_fields.append(_judged(name, records_of(name, counted), before, first_rows, is_needed=name in needed))
    return [absent for absent in gone_fields if absent is not None]


def _judged(name: str, records: int, before: Earlier, first_rows: int, *, is_needed: bool) -> Absent | None:
    """The field that none of the `records` of a delivery has, if it was removed or renamed; None if it is probably only empty."""
    if not records:
        return None  # a delivery without records lacks none of their fields
    share = before.fields.get(name)
    if share is not None and share.shown:
        return Absent(name, records, share) if chance_of_none(records, share) < ALL_BUT_IMPOSSIBLE else None
    is_refused = is_needed and before.loads == 0 and records >= first_rows
    return Absent(name, records, None) if is_refused else None


def records_of(name: str, counted: dict[str, Any]) -> int:
    """How many records of a delivery could have a field; for `list.field` how many objects are in the list."""
    place, _, _ = name.rpartition(".")
    return int(counted["objects"].get(place, counted["records"]))


def together(deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    """The counts of several JSON deliveries of an entity as those of one. `deliveries`: the values `fields` of one or more manifests."""
    sums: dict[str, Counter[str]] = {"objects": Counter(), "present": Counter()}
    for counted in deliveries:
        for part, counter in sums.items():
            counter.update(counted[part])
    unlabelled = [int(counted["unlabelled"]) for counted in deliveries]
    filters = {name for counted in deliveries for name in counted.get("unfiltered", {})}
    of_records = [counted.get("unfiltered", {}) for counted in deliveries if counted["records"]]
    return {
        "records": sum(counted["records"] for counted in deliveries),
        "table": False,
        "objects": dict(sums["objects"]),
        "present": dict(sums["present"]),
        "mapped": deliveries[0]["mapped"],
        "unlabelled": sum(unlabelled) if all(unlabelled) else 0,
        "unfiltered": {
            name: sum(counted.get("unfiltered", {}).get(name, 0) for counted in deliveries)
            for name in sorted(filters)
            if all(name in unfiltered for unfiltered in of_records)
        },
    }


def first_rows(profile: Profile) -> int:
    """How many records a first delivery of a source must have to be refused without a critical field."""
    return int(profile.settings.get("first_delivery_rows", FIRST_DELIVERY_ROWS))


def in_words(entity: Entity, absent: list[Absent], counted: dict[str, Any], before: Earlier) -> str:
    """Sentences about the absent fields and their share in earlier deliveries, and about new fields with similar names."""
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
