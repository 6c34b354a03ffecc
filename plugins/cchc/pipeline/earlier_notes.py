"""What a run tells of records whose months no refresh computes by itself, because they lie long before the earliest plan."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from cchc.models import MODELS
from cchc.sources.profile import Profile
from cchc.warehouse import query


def earlier_notes(connection: Connection, profile: Profile, extract_id: int, first: date) -> list[str]:
    """A sentence for each entity of which the extract has loaded records of a day before `first`."""
    notes = []
    for entity in profile.entities.values():
        model = MODELS[entity.model]
        relation = model.relation or model.table
        if not model.days or relation is None or model.merge in ("list", "declared"):
            continue
        day = f"least({', '.join(model.days_of('v'))})"
        mine = "v.source_code = :s and v._load_id in (select load_id from ops.load where extract_id = :x and entity = :e)"
        # each day by itself, so that an index by day finds the few early records in a large table
        early = " or ".join(f"{each} < :f" for each in model.days_of("v"))
        found = query(
            connection,
            f"select count(*) as n, min({day}) as first, max({day}) as last from {relation} as v "
            f"where {model.where.format(row='v')} and {mine} and ({early})",
            {"s": profile.source, "x": extract_id, "e": entity.name, "f": first},
        )[0]
        if found["n"]:
            notes.append(
                f"{profile.source} {entity.name}: {found['n']} records are of {found['first']:%Y-%m} to {found['last']:%Y-%m}. "
                f"Months before {first:%Y-%m} (1 January of the year before the earliest plan) are computed on request alone: "
                f"`cchc refresh {found['first']:%Y-%m} …` with the months that are wanted"
            )
    return notes
