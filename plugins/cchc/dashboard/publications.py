"""What was published: every edition, by whom, on what knowledge; what has changed since, down to the dossiers; and the official papers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from cchc.bundle.archive import AUDIT, OPEN, bundle, name_of
from cchc.dashboard.health import is_number, own_units, unit_names
from cchc.dashboard.page import Answer, Asking, Download, NotThere
from cchc.dashboard.person import Forbidden, Person
from cchc.dashboard.scorecard import SIGNS
from cchc.dashboard.table import Column, Row, Table, table_of
from cchc.dashboard.words import Words
from cchc.errors import CchcError, WrongUse
from cchc.links import MOUNT
from cchc.period import Period, midnight, parse_moment
from cchc.reference.catalogue import catalogue
from cchc.reports.papers import figures_alone
from cchc.warehouse.queries import ask

CLOSING = "/dags/close_month"  # the page of the DAG in Airflow
APPROVAL = f"{CLOSING}/required_actions"  # the page where its approval waits
DOSSIERS = "dossiers"
DOSSIER_RECORDS = ("dossier", "certification")  # kinds of records of the catalogue whose items are codes of dossiers


class ChangedFile(CchcError):
    """A published paper is not the one that was published: its bytes differ, or it is gone."""


def page(asking: Asking) -> Answer:
    """The page `/publications`: every edition, and what waits for an approval."""
    words, view = asking.words, asking.view
    rows = [_edition(row, words) for row in ask(asking.connection, "dashboard/publication")]
    waiting = waiting_periods(asking, rows)
    columns: tuple[Column, ...] = (
        Column("period_code", words["period"], "code", lambda row: _at(asking, row)),
        Column("period_name", words["name"]),
        Column("edition", words["edition"], "count"),
        Column("in_force", words["in_force"], "yes"),
        Column("published_at", words["published_at"], "moment"),
        Column("approved_by", words["approved_by"], note="note"),
        Column("approval_name", words["approval"]),
        Column("value_count", words["values"], "count"),
        Column("paper_count", words["papers"], "count"),
        Column(
            "open_restatements", words["open_restatements"], "count", lambda row: _at(asking, row) if row["open_restatements"] else None
        ),
        Column("plan_code", words["plan"], "code"),
    )
    editions = table_of("editions", words["editions"], columns, rows, asking.query, words, empty=words["nothing_published"])
    columns = (
        Column("period_code", words["period"], "code", lambda row: row["link"]),
        Column("period_name", words["name"]),
        Column("why", words["why_waiting"]),
        Column("do", words["who_does_what"]),
    )
    waits = table_of("waiting", words["waiting_for_approval"], columns, waiting, asking.query, words, empty=words["nothing_waits"])
    return Answer(
        "publications.html",
        words["publications"],
        {
            "edition_count": len(rows),
            "period_count": len({(row["plan_code"], row["period_kind"], row["period_start"]) for row in rows}),
            "open_count": sum(row["open_restatements"] for row in rows if row["is_in_force"]),
            "newest": rows[0] if rows else None,
            "newest_link": _at(asking, rows[0]) if rows else None,
            "waiting": waiting,
            **airflow_pages(view.base),
        },
        (waits, editions),
    )


def airflow_pages(base: str) -> dict[str, str]:
    """The addresses of the closing in Airflow's own pages: the DAG, and its approvals that wait for an answer."""
    airflow = base.removesuffix(MOUNT)
    return {"closing": f"{airflow}{CLOSING}", "approval": f"{airflow}{APPROVAL}"}


def _at(asking: Asking, row: Row) -> str:
    return asking.view.link(f"/publications/{row['publication_id']}", period=row["period_code"], edition=None, known_at=None)


def period_of(row: Row) -> Period:
    """The period of an edition."""
    return Period(row["period_kind"], row["period_start"], row["period_end"])


def _edition(row: Row, words: Words) -> dict[str, Any]:
    period = period_of(row)
    return dict(row) | {
        "period_code": period.code,
        "period_name": period.name_vi if words.language == "vi" else period.code,
        "approval_name": words[f"approval_{row['approval']}"],
        "in_force": row["is_in_force"],
    }


def waiting_periods(asking: Asking, editions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The periods that wait for an approval: published ones whose values have changed, and months of the newest year without an edition."""
    words, view = asking.words, asking.view
    found = [
        {
            "period_code": row["period_code"],
            "period_name": row["period_name"],
            "why": words("changed_since", count=words.number(row["open_restatements"])),
            "do": words["approve_again"],
            "link": _at(asking, row),
        }
        for row in editions
        if row["is_in_force"] and row["open_restatements"]
    ]
    over = [
        period
        for period in (period_of(row) for row in ask(asking.connection, "dashboard/unpublished"))
        if _is_over(asking, period.last_day)
    ]
    for period in over:
        if period.last_day.year == over[0].last_day.year:
            found.append(
                {
                    "period_code": period.code,
                    "period_name": period.name_vi if words.language == "vi" else period.code,
                    "why": words["never_published"],
                    "do": words["close_it"],
                    "link": view.link("/", period=period.code, edition=None, known_at=None),
                }
            )
    return found


def _is_over(asking: Asking, last_day: date) -> bool:
    """Whether some source of dossiers is known up to the end of a period: before, there is nothing to close."""
    clocks = [row for row in ask(asking.connection, "dashboard/clock") if row["role"] == DOSSIERS]
    return any(row["last_day"] is not None and last_day <= row["last_day"] for row in clocks)


def one_page(asking: Asking) -> Answer:
    """The page `/publications/{publication}`: one edition, on what knowledge it was approved, its papers, and what has changed since."""
    words = asking.words
    edition = _edition(chosen(asking), words)
    period = period_of(edition)
    asking = replace(asking, view=replace(asking.view, period=period, edition=None, known_at=None))
    view = asking.view
    restated = _restated(asking, edition["publication_id"])
    every = [_edition(row, words) for row in ask(asking.connection, "dashboard/publication")]
    others = [row for row in every if period_of(row) == period and row["publication_id"] != edition["publication_id"]]
    papers = _paper_table(asking, edition)
    tables = [papers, _bundle_table(asking, edition), _restatement_table(asking, restated)]
    is_seen, units = own_units(asking)
    items = _item_table(asking, edition["publication_id"], units) if is_seen else None
    if items is not None:
        tables.append(items)
    return Answer(
        "publication.html",
        words("publication_of", period=edition["period_name"], edition=edition["edition"]),
        {
            "a": asking,
            "view": view,
            "publication": edition,
            "others": [(row, _at(asking, row)) for row in others],
            "scorecard": view.link("/", edition=edition["edition"]),
            "open_count": sum(row["state"] == "open" for row in restated),
            "sees_items": items is not None,
            "signs": SIGNS,
            **airflow_pages(view.base),
        },
        (*tables, _clock_table(asking, edition), _missing_table(asking, edition), _finding_table(asking, edition)),
    )


def chosen(asking: Asking) -> dict[str, Any]:
    """The edition that the path names. Raises NotThere where there is none."""
    number = asking.parts["publication"]
    for row in ask(asking.connection, "dashboard/publication") if is_number(number) else ():
        if row["publication_id"] == int(number):
            return row
    raise NotThere(asking.words("no_such_publication", publication=number))


def _clock_table(asking: Asking, edition: Row) -> Table:
    """Up to when each source was known when the edition was frozen, and is known now."""
    words, end = asking.words, midnight(period_of(edition).end)
    now = {row["source_code"]: row for row in ask(asking.connection, "dashboard/clock")}
    frozen: dict[str, datetime] = {source: parse_moment(moment) for source, moment in edition["source_clocks"].items()}
    rows = [
        {
            "name": now[source]["name_vi"] if source in now else source,
            "then": frozen.get(source),
            "short": frozen.get(source) is None or frozen[source] < end,
            "now": now[source]["known_at"] if source in now else None,
        }
        for source in sorted({*frozen, *now})
    ]
    columns: tuple[Column, ...] = (
        Column("name", words["source"]),
        Column("then", words["known_then"], "moment"),
        Column("short", words("short_of", period=period_of(edition).code), "yes"),
        Column("now", words["known_now"], "moment"),
    )
    return table_of("clocks", words["source_clocks"], columns, rows, asking.query, words)


def _missing_table(asking: Asking, edition: Row) -> Table:
    words = asking.words
    rows = [
        {"coverage": words.texts.get(f"coverage_{code}", code), "unit": unit}
        for code, units in sorted(edition["missing"].items())
        for unit in units
    ]
    columns: tuple[Column, ...] = (Column("coverage", words["what_is_sent"]), Column("unit", words["unit"]))
    return table_of("missing", words["missing_then"], columns, rows, asking.query, words, empty=words["every_unit_sent"])


def _finding_table(asking: Asking, edition: Row) -> Table:
    words = asking.words
    names = {row["finding_code"]: words.either(row["name_vi"], row["name_en"]) for row in ask(asking.connection, "dashboard/finding_kind")}
    rows = [{"name": names.get(code, code), "number": number} for code, number in edition["findings"].items()]
    columns: tuple[Column, ...] = (Column("name", words["finding"]), Column("number", words["count"], "count"))
    return table_of("findings", words["findings_then"], columns, rows, asking.query, words, empty=words["no_findings"])


# --- papers ------------------------------------------------------------------------------------------------------------


def may_read(person: Person, file_name: str, for_everybody: tuple[str, ...]) -> bool:
    """Whether a person may read a paper: everybody those with figures alone, the others those who see the dossiers of every unit.

    `for_everybody`: how the names of the papers with figures alone begin (cchc.reports.papers).
    """
    return person.sees_everything or file_name.startswith(for_everybody)


def _paper_table(asking: Asking, edition: Row) -> Table:
    words, publication = asking.words, edition["publication_id"]
    for_everybody = figures_alone(asking.settings, edition["layout"])

    def download(row: Row) -> str | None:
        return asking.view.link(f"/publications/{publication}/files/{quote(row['file_name'])}") if row["may_read"] else None

    rows = [
        dict(row) | {"may_read": may_read(asking.person, row["file_name"], for_everybody), "what": _paper_name(words, row["file_name"])}
        for row in ask(asking.connection, "dashboard/paper", p=publication)
    ]
    for row in rows:
        row["note"] = None if row["may_read"] else words["paper_not_for_you"]
    columns: tuple[Column, ...] = (
        Column("file_name", words["file"], "code", download, note="note"),
        Column("what", words["paper"]),
        Column("byte_count", words["bytes"], "count"),
        Column("sha256", "SHA-256", "code"),
    )
    return table_of("papers", words["official_papers"], columns, rows, asking.query, words, empty=words["no_papers"])


def _paper_name(words: Words, file_name: str) -> str:
    """What a paper is, by how its file begins; its ending where that is not known."""
    parts = file_name.split("_")
    for count in range(len(parts), 0, -1):
        name = words.texts.get(f"paper_{'_'.join(parts[:count])}")
        if name:
            return name
    return file_name.rpartition(".")[2].upper()


def paper(asking: Asking) -> Download:
    """The file `/publications/{publication}/files/{name}`, byte for byte as it was published.

    Raises NotThere for a file that the edition does not have, Forbidden for a person who may not read it, ChangedFile where the file is not
    the one that was published.
    """
    words, edition = asking.words, chosen(asking)
    name = asking.parts["name"]
    found = next((row for row in ask(asking.connection, "dashboard/paper", p=edition["publication_id"]) if row["file_name"] == name), None)
    if found is None:
        raise NotThere(words("no_such_paper", file=name))
    if not may_read(asking.person, name, figures_alone(asking.settings, edition["layout"])):
        raise Forbidden(name)
    home = asking.settings.home.resolve()
    path = (home / found["path"]).resolve()
    if not path.is_relative_to(home):
        raise ChangedFile(words("paper_outside", file=name))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ChangedFile(words("paper_gone", file=name)) from error
    if hashlib.sha256(data).hexdigest() != found["sha256"]:
        raise ChangedFile(words("paper_changed", file=name))
    return Download(name, "", data)


# --- bundles -----------------------------------------------------------------------------------------------------------


def _bundle_table(asking: Asking, edition: Row) -> Table:
    words, publication = asking.words, edition["publication_id"]
    hashes = ask(asking.connection, "dashboard/bundle", p=publication)

    def download(row: Row) -> str | None:
        return asking.view.link(f"/publications/{publication}/bundles/{row['form']}") if row["note"] is None else None

    rows = [
        {
            "form": form,
            "file_name": name_of(period_of(edition), edition["edition"], form),
            "what": words[f"bundle_{form}"],
            "note": None if _may_take(asking.person, form) else words["paper_not_for_you"],
            **found,
        }
        for found in hashes
        for form in (OPEN, AUDIT)
    ]
    columns: tuple[Column, ...] = (
        Column("file_name", words["file"], "code", download, note="note"),
        Column("what", words["bundle"]),
        Column("content_sha256", words["hash_of_figures"], "code"),
        Column("manifest_sha256", words["hash_of_bundle"], "code"),
    )
    return table_of("bundles", words["bundles"], columns, rows, asking.query, words, empty=words["no_bundles"])


def _may_take(person: Person, form: str) -> bool:
    """Whether a person may take a bundle: everybody the open one, the one with rows those who see the dossiers of every unit."""
    return form == OPEN or person.sees_everything


def bundle_file(asking: Asking) -> Download:
    """The file `/publications/{publication}/bundles/{form}`: a bundle with the bytes that it had when the edition was published.

    Raises NotThere for an edition without bundles or an unknown form, Forbidden for a person who may not see rows, ChangedFile where a file
    of the edition is not the one that was published.
    """
    words, edition, form = asking.words, chosen(asking), asking.parts["form"]
    if form not in (OPEN, AUDIT) or not ask(asking.connection, "dashboard/bundle", p=edition["publication_id"]):
        raise NotThere(words("no_such_paper", file=form))
    period = period_of(edition)
    name = name_of(period, edition["edition"], form)
    if not _may_take(asking.person, form):
        raise Forbidden(name)
    try:
        return Download(name, "application/zip", bundle(asking.settings, period, edition["edition"], form))
    except CchcError as error:
        raise ChangedFile(words("bundle_changed", file=name)) from error


# --- restatements ------------------------------------------------------------------------------------------------------


def _restated(asking: Asking, publication: int) -> list[dict[str, Any]]:
    words, names = asking.words, unit_names(asking)
    return [
        dict(row)
        | {
            "name": words.either(row["name_vi"] or row["indicator_code"], row["name_en"]),
            "scope": names.get(row["unit_code"], row["unit_code"]),
            "basis_name": words[f"basis_{row['basis']}"],
            "published_fraction": words.fraction(row["published_numerator"], row["published_denominator"]),
            "fraction": words.fraction(row["numerator"], row["denominator"]),
            "published_shown": _shown(row["published_value"], row["indicator_kind"]),
            "shown": _shown(row["value"], row["indicator_kind"]),
            "state_name": words[f"restatement_{row['state']}"],
        }
        for row in ask(asking.connection, "dashboard/restatement", p=publication)
    ]


def _shown(value: Decimal | None, kind: str) -> Decimal | None:
    """A value as people read it: rates in percent."""
    return value if value is None or kind in ("count", "score") else value * 100


def _restatement_table(asking: Asking, rows: list[dict[str, Any]]) -> Table:
    words = asking.words

    def items(row: Row) -> str:
        return asking.here(restatement=row["restatement_id"], **{"items.page": None}) + "#items"

    columns: tuple[Column, ...] = (
        Column("name", words["target_or_indicator"], link=items),
        Column("scope", words["scope"]),
        Column("basis_name", words["basis"]),
        Column("published_fraction", words["published_fraction"]),
        Column("published_shown", words["published_value"], "value"),
        Column("published_status", words["published_status"], "status"),
        Column("fraction", words["fraction_now"]),
        Column("shown", words["value_now"], "value"),
        Column("status", words["status_now"], "status"),
        Column("item_count", words["items"], "count", items),
        Column("state_name", words["state"], note="note"),
        Column("found_at", words["since"], "moment"),
    )
    rows = [row | {"indicator_kind": row["indicator_kind"]} for row in rows]
    return table_of("restatements", words["restatements"], columns, rows, asking.query, words, empty=words["no_restatements"])


def _item_table(asking: Asking, publication: int, units: frozenset[str] | None) -> Table:
    """The items behind the restatements, or behind the one that was chosen, each with how and why it counts otherwise."""
    words, names = asking.words, unit_names(asking)
    asked = asking.query.get("restatement") or None
    if asked is not None and not is_number(asked):
        raise WrongUse(f"'{asked}' is no restatement; a number such as 1")
    known = catalogue(asking.settings)
    found = ask(
        asking.connection,
        "dashboard/restatement_item",
        p=publication,
        restatement=int(asked) if asked else None,
        units=None if units is None else sorted(units),
    )
    rows = [
        dict(row)
        | {
            "name": words.either(row["name_vi"] or row["indicator_code"], row["name_en"]),
            "unit_name": names.get(row["unit_code"], row["unit_code"]),
            "scope": names.get(row["scope_code"], row["scope_code"]),
            "change_name": words[f"change_{row['change']}"],
            "reason_name": words[f"reason_{row['reason']}"],
            "detail_name": _details(row["detail"], words),
            "before_name": _side(row["before"], words),
            "after_name": _side(row["after"], words),
            "is_dossier": row["indicator_code"] in known and known[row["indicator_code"]].record in DOSSIER_RECORDS,
        }
        for row in found
    ]
    columns: tuple[Column, ...] = (
        Column("item", words["record"], "code", lambda row: _story(asking, row)),
        Column("unit_name", words["unit"]),
        Column("change_name", words["change"]),
        Column("reason_name", words["why"], note="detail_name"),
        Column("before_name", words["counted_then"]),
        Column("after_name", words["counted_now"]),
        Column("name", words["target_or_indicator"]),
        Column("scope", words["scope"]),
    )
    return table_of("items", words["restatement_items"], columns, rows, asking.query, words, empty=words["no_records_of_yours"])


def _story(asking: Asking, row: Mapping[str, Any]) -> str | None:
    return asking.view.dossier(row["item"]) if row["is_dossier"] else None


def _side(text: str | None, words: Words) -> str | None:
    """On which side an item counted; the figure itself of a declared one."""
    return words.texts.get(f"side_{text}", text) if text else words["not_at_all"]


def _details(text: str | None, words: Words) -> str | None:
    """What is another one, of `definition` and `reference`."""
    return ", ".join(words.texts.get(f"detail_{part}", part) for part in text.split(", ")) if text else None
