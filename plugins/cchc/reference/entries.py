"""The models of the YAML files in include/reference and in the folder of an authority: catalogue, findings, score; closing, alerts, duties.

docs/schemas/*.json are generated from these models (`make schemas`). The reader of each file checks the rest: the units, plans and SQL
files that it names.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from cchc.mail import is_address
from cchc.models import Role
from cchc.near import near
from cchc.typed import Fault, Typed

Record = Literal["dossier", "certification", "payment", "work_file", "feedback", "opinion", "signature", "procedure", "declared"]
Form = Literal["rate", "count", "score"]
CLOSING_DEADLINE_HOURS = 120.0
CLOSING_DAY = 5
AlertEvent = Literal[
    "load_blocked",
    "column_gone",
    "source_late",
    "coverage_missing",
    "target_missed",
    "outlook_miss",
    "restatement",
    "approval_waiting",
    "deadline_passed",
    "run_failed",
    "process_restarted",
    "undelivered",
    "published",
]
EACH_UNIT = "each_unit"
GROUPS = {"each_office": "office", "each_public_service_unit": "public_service_unit", "each_commune": "commune"}


def _decimal(value: Any) -> Any:
    """The number exactly as it is written in the file. Other values are returned unchanged, and pydantic refuses them."""
    return Decimal(str(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _declared_by(value: Any) -> str | list[str]:
    rule = f"It is {EACH_UNIT}, or a list of unit codes and {', '.join(GROUPS)}."
    if isinstance(value, str) and value != EACH_UNIT:
        raise Fault(f"'declared_by' is {value!r}{near(value, [EACH_UNIT]) or '.'} {rule}")
    if not isinstance(value, (str, list)) or not value or not all(isinstance(word, str) for word in value):
        raise Fault(f"'declared_by' is {value!r}. {rule}")
    return value


Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "number"})]
DeclaredBy = Annotated[
    str | list[str],
    PlainValidator(_declared_by),
    WithJsonSchema({"anyOf": [{"const": EACH_UNIT}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class EarlierFormula(Typed):
    """A version of a formula that holds in earlier periods. What it does not name is that of the newest version."""

    version: int = Field(description="Its number.")
    valid_from: date | None = Field(None, description="The first day of its periods' last days; none for the first version.")
    sql: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Its file in include/sql/queries/indicators, without .sql; none for figures that units declare.",
    )
    numerator_vi: str | None = Field(None, description="What its numerator counts, in Vietnamese.")
    denominator_vi: str | None = Field(None, description="What its denominator counts, in Vietnamese.")


class IndicatorEntry(Typed):
    """One indicator of the catalogue. Its code is the key."""

    version: int = Field(description="The version of its formula. A changed formula is a new version: a published value keeps its own.")
    role: Role = Field(description="The role whose sources it counts; T of its values is the earliest of theirs.")
    kind: Literal["flow", "stock", "count", "score"] = Field(
        description="flow: counted over the period; stock: the state at its end; count: no denominator; score: points of 100."
    )
    name_vi: str = Field(description="Its name in Vietnamese.")
    name_en: str = Field(description="Its name in English.")
    numerator_vi: str = Field(description="What the numerator counts, in Vietnamese.")
    denominator_vi: str = Field(description="What the denominator counts, in Vietnamese.")
    coverage: str | None = Field(None, description="The file of include/sql/queries/coverage; none where a catalogue is counted.")
    item: Literal["row", "person", "unit", "declared"] = Field(
        "row",
        description="row: each counted row; person, unit: an item once in each scope, whichever sources have it; "
        "declared: figures that units declare.",
    )
    record: Record | None = Field(None, description="What stands behind an item, and so why it may count otherwise after a publication.")
    also: list[Role] = Field(
        [], description="Other roles whose records it counts too, by the SQL file with their name; each source is cut at its own clock."
    )
    units: list[str] = Field([], description="Units that its SQL names, as :units.")
    is_additive: bool = Field(
        False,
        description="Whether the items of a period are those of its half months, from start_at to end_at, and hang on nothing but the "
        "facts of dossiers (mart.dossier), on their procedures (core.procedure_span) and on assessments (core.assessment). Then a refresh "
        "counts again only the half months in which something has changed. Of several queries with `union all` it holds for those that "
        "read nothing else; of several roles for the indicator's own.",
    )
    valid_from: date | None = Field(
        None, description="The version holds in the periods whose last day is this day or later; before it one of `earlier` holds."
    )
    earlier: list[EarlierFormula] = Field([], description="The versions that hold before valid_from, the newest first.")

    @model_validator(mode="after")
    def _rules(self) -> IndicatorEntry:
        _check_versions(self)
        if self.role in self.also:
            raise Fault(f"'also' {self.also} is no list of other roles: {self.role!r} is the indicator's own.")
        if self.is_additive and (self.role != "dossiers" or self.item != "row" or self.kind not in ("flow", "count")):
            raise Fault("'is_additive' is for indicators that count rows over a period, and whose own role is dossiers.")
        return self


def _check_versions(entry: IndicatorEntry) -> None:
    """Each version begins before the next newer one, and only the first has no day; each has its own number and its own SQL file."""
    if entry.valid_from is not None and not entry.earlier:
        raise Fault(
            f"'valid_from' is {entry.valid_from}, and 'earlier' names no version that holds before: add it, or take valid_from out."
        )
    later = entry.valid_from
    for number, each in enumerate(entry.earlier):
        is_first = number == len(entry.earlier) - 1
        if later is None or (not is_first and (each.valid_from is None or each.valid_from >= later)):
            raise Fault("the newest version and each of 'earlier' but the last need valid_from, each an earlier day than the one before.")
        if is_first and each.valid_from is not None:
            raise Fault("the last of 'earlier' is the first version: it holds in every period before, so it has no valid_from.")
        if (each.sql is None) != (entry.item == "declared"):
            raise Fault(f"version {each.version} of 'earlier' needs 'sql', its file; only figures that units declare have none.")
        later = each.valid_from
    numbers = [entry.version, *(each.version for each in entry.earlier)]
    if len(set(numbers)) < len(numbers):
        raise Fault(f"the versions are {', '.join(map(str, numbers))}; each needs a number of its own.")


class IndicatorUnitsEntry(Typed):
    """The units that the SQL of an indicator names. The code of the indicator is the key."""

    units: list[str] = Field(min_length=1, description="Units of the authority, as :units in the SQL.")
    reason: str = Field(description="Why these.")


class RuleFile(Typed):
    """When a period is approved without a person."""

    missing_units: int = Field(ge=0, description="At most so many expected units may have sent nothing, over all sources.")
    absent_sources: int = Field(ge=0, description="At most so many sources may never have been extracted.")


class ClosingFile(Typed):
    """How periods are closed."""

    approval: Literal["person", "rule"] = Field(
        description="person: somebody answers in Airflow; rule: the rule approves where it holds, else a person is asked."
    )
    rule: RuleFile = Field(description="What the rule demands.")
    wait_hours: float = Field(ge=0, description="Hours that a run waits for what is late, before it goes on and says who is missing.")
    deadline_hours: float = Field(
        CLOSING_DEADLINE_HOURS, description="Hours after which people are told that a run has not published yet; more than wait_hours."
    )

    closing_day: int = Field(
        CLOSING_DAY, ge=1, le=28, description="The day of the month on which the month before is closed; close_month runs on it."
    )

    @model_validator(mode="after")
    def _check_deadline(self) -> ClosingFile:
        if self.deadline_hours <= self.wait_hours:
            raise ValueError(
                f"deadline_hours is {self.deadline_hours:g}, it must be more than wait_hours ({self.wait_hours:g}): "
                "a run that still waits for late sources is not late"
            )
        return self


class RecipientEntry(Typed):
    """Somebody who is told. Its name is the key."""

    channel: Literal["webhook", "email"] = Field(description='webhook: a POST of {"text": …}; email: through the SMTP server.')
    connection: str | None = Field(
        None, description="The connection of Airflow with the address: cchc_notify for a webhook, cchc_smtp for e-mails, unless named here."
    )
    addresses: list[str] = Field([], description="The e-mail addresses, for the channel email alone.")
    language: Literal["vi", "en"] = Field("vi", description="The language of the messages.")

    @model_validator(mode="after")
    def _rules(self) -> RecipientEntry:
        if (self.channel == "email") != bool(self.addresses):
            raise Fault("'addresses' is for the channel email, which needs at least one.")
        for address in self.addresses:
            if not is_address(address):
                raise Fault(f"{address!r} is no e-mail address, such as vp@example.vn.", "addresses")
        return self


class AlertRuleEntry(Typed):
    """Who is told of what. A condition that is not there holds for everything."""

    to: list[str] = Field(min_length=1, description="Names of recipients.")
    events: list[AlertEvent] | None = Field(None, min_length=1, description="These events alone.")
    sources: list[str] | None = Field(None, min_length=1, description="What concerns these sources alone.")
    units: list[str] | None = Field(None, min_length=1, description="What concerns these units alone.")
    levels: list[Literal["district", "commune", "ward", "province", "all"]] | None = Field(
        None, min_length=1, description="What concerns a unit or scope of these levels alone; all: the district as a whole."
    )


class AlertsFile(Typed):
    """Who is told of what goes wrong, how, and how often."""

    days_before_closing: int = Field(2, ge=0, le=20, description="Missing data of a month are told so many days before its closing day.")
    remind_after_hours: dict[AlertEvent, Number] = Field(
        {}, description="An alert that is still open is told again after so many hours; an event that is not named here is told once."
    )
    recipients: dict[str, RecipientEntry] = Field({}, description="Those who can be told, by name.")
    rules: list[AlertRuleEntry] = Field([], description="Who is told of what. Several rules may name one recipient: it is told once.")

    @model_validator(mode="after")
    def _rules(self) -> AlertsFile:
        for number, rule in enumerate(self.rules):
            for name in rule.to:
                if name not in self.recipients:
                    raise Fault(f"there is no recipient {name!r}{near(name, self.recipients) or '.'}", "rules", number, "to")
        for event, hours in self.remind_after_hours.items():
            if hours < 1:
                raise Fault(f"{event} is {hours}; it must be at least 1.", "remind_after_hours")
        return self


class FindingEntry(Typed):
    """One kind of finding. Its code is the key, and the name of its file in include/sql/queries/findings."""

    role: Role = Field(description="The role of the source whose record looks wrong.")
    name_vi: str = Field(description="Its name in Vietnamese.")
    name_en: str = Field(description="Its name in English.")
    meaning_vi: str = Field(description="What it means, in Vietnamese.")


class DutyEntry(Typed):
    """Who declares one indicator. The key is the indicator's code."""

    declared_by: DeclaredBy = Field(
        description=f"{EACH_UNIT} (every office, public service unit and commune), or a list of unit codes and {', '.join(GROUPS)}."
    )
    reason: str = Field(description="Why it is asked there, in Vietnamese.")
    form: Form = Field("rate", description="rate: TuSo of MauSo; count: TuSo alone; score: TuSo in hundredths of a point over MauSo 100.")
    required: bool = Field(True, description="false: computed from a source system; a unit may declare it all the same.")


class PartSource(Typed):
    """What a part counts: one of the two."""

    indicator: str | None = Field(None, description="An indicator of the catalogue.")
    sql: str | None = Field(None, description="A file of include/sql/queries/scores.")

    @model_validator(mode="after")
    def _rules(self) -> PartSource:
        if self.indicator is not None and self.sql is not None:
            raise Fault("give 'indicator' or 'sql', not both.")
        return self


class PartEntry(Typed):
    """One part of the score."""

    code: str = Field(description="Its code.")
    name_vi: str = Field(description="Its name in Vietnamese.")
    max_points: Number = Field(description="The most points that it gives.")
    formula: Literal["linear", "full_at"] = Field(description="linear: ratio × max_points; full_at: all points from the share full_at on.")
    full_at: Number | None = Field(None, description="The share that gives all points.")
    source: PartSource | None = Field(None, description="What it counts. Without a source the part is shown as missing, never as 0.")
    at_zero: Literal["full", "zero"] | None = Field(
        None, description="What a denominator of 0 gives: all points, or none; without it the part has no points and says so."
    )
    binds: dict[str, Any] = Field({}, description="What the SQL file is called with.")
    note: str | None = Field(None, description="A note on the definition.")
    missing_vi: str | None = Field(None, description="What would be needed to compute it, in Vietnamese.")

    @model_validator(mode="after")
    def _rules(self) -> PartEntry:
        if (self.formula == "full_at") != (self.full_at is not None):
            raise Fault(f"{self.code}: formula is linear, or full_at with a share full_at.")
        return self


class GroupEntry(Typed):
    """One group of parts."""

    code: str = Field(description="Its code.")
    name_vi: str = Field(description="Its name in Vietnamese.")
    max_points: Number = Field(description="The points of its parts together.")
    note: str | None = Field(None, description="A note on the split of its points.")
    parts: list[PartEntry] = Field(min_length=1, description="Its parts.")

    @model_validator(mode="after")
    def _rules(self) -> GroupEntry:
        if sum(part.max_points for part in self.parts) != self.max_points:
            raise Fault(f"the parts of {self.code} do not add up to {self.max_points}.")
        return self


class VersionEntry(Typed):
    """One version of the formula. A version that was used is never edited: add one."""

    version: int = Field(description="Its number.")
    valid_from: date = Field(description="The first day on which it is in force.")
    name_vi: str = Field(description="The text that it follows, in Vietnamese.")
    note: str = Field("", description="A note on where it comes from.")
    groups: list[GroupEntry] = Field(min_length=1, description="Its groups.")

    @model_validator(mode="after")
    def _rules(self) -> VersionEntry:
        parts = [part for group in self.groups for part in group.parts]
        if sum(part.max_points for part in parts) != 100 or len({part.code for part in parts}) != len(parts):
            raise Fault(f"version {self.version}: 100 points in parts with codes of their own are needed.")
        return self


RECORDS = get_args(Record)
FORMS = get_args(Form)


class ScopeEntry(Typed):
    """The names of a scope."""

    vi: str = Field(min_length=1, description="In Vietnamese.")
    en: str = Field(min_length=1, description="In English.")


class AuthorityFile(Typed):
    """The authority whose plan is measured. cchc.authority reads the file without this model, which every command would pay for."""

    code: str = Field(description="The unit that is the root of its tree of units.")
    name_vi: str = Field(description="Its name in Vietnamese.")
    zone: str = Field(description="The time zone in which its days begin and end, a name of the IANA list.")
    owner: str = Field(description="Who runs the pipeline: the owner of its DAGs in Airflow.")
    scopes: dict[str, ScopeEntry] = Field(description="What people call the whole (`all`) and each level of its units, by its code.")


class UnitMailFile(Typed):
    """Who gets the list of late dossiers of a unit by e-mail."""

    send: bool = Field(description="Whether the lists are sent; while it is false, nothing is.")
    addresses: dict[str, list[str]] = Field({}, description="The e-mail addresses of a unit, by its code.")

    @model_validator(mode="after")
    def _rules(self) -> UnitMailFile:
        for code, addresses in self.addresses.items():
            wrong = [address for address in addresses if not is_address(address)]
            if wrong or not addresses:
                raise Fault(f"addresses of {code}: {', '.join(wrong) or 'an empty list'} is no e-mail address.")
        return self


# by file of include/reference and of an authority's folder: what it holds
FILES = {
    "indicators.yaml": dict[str, IndicatorEntry],
    "indicator_units.yaml": dict[str, IndicatorUnitsEntry],
    "authority.yaml": AuthorityFile,
    "closing.yaml": ClosingFile,
    "alerts.yaml": AlertsFile,
    "unit_mail.yaml": UnitMailFile,
    "findings.yaml": dict[str, FindingEntry],
    "declarations.yaml": dict[str, DutyEntry],
    "decision_766.yaml": list[VersionEntry],
}
