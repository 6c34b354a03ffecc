"""Judge all open dossiers again, and compare with what was kept: each week, so that no day can be wrong for long without a word."""

from __future__ import annotations

import logging

from cchc.errors import CchcError
from cchc.indicators.known_procedures import ROLE
from cchc.indicators.open_dossiers import judge_changed, judge_days, kept_days
from cchc.indicators.refresh import wait_for_others
from cchc.indicators.self_check import mark_from_first
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.queries import ask

log = logging.getLogger(__name__)
NAMED = 5  # differences that the message names


def judge_all_again(settings: Settings) -> str:
    """Judge every dossier that was open on a kept day, and say what was compared.

    Raises CchcError where what was kept as up to date differs: it is right then, and the months from the first difference on are marked, so
    that the next refresh writes the right values.
    """
    with engine(settings).begin() as connection:
        wait_for_others(connection, ROLE)
        judge_changed(connection, settings, {})
        days = kept_days(connection)
        if not days:
            return "no day is kept of which the open dossiers could be compared"
        found = ask(connection, "open_dossiers/differing")
        wrong = {(row["source_code"], row["as_of_date"]) for row in found}
        judge_days(connection, settings, {day: end_at for day, end_at in days.items() if day in wrong})
        differing = ((row["source_code"], row["as_of_date"]) for row in found)
        mark_from_first(connection, settings, differing, "open dossiers of a day were not up to date")
    said = f"open dossiers of {len(days)} days judged again and compared: {len(found) or 'no'} differences"
    log.info("%s", said)
    if found:
        named = "; ".join(f"{row['dossier_code']} of {row['source_code']} on {row['as_of_date']}" for row in found[:NAMED])
        raise CchcError(
            f"{said}. What was kept was not up to date: {named}. It is right now, and the months are marked; run `cchc refresh`. "
            "Report it: a change of dossiers was not noted (ops.open_dossier_change)."
        )
    return said
