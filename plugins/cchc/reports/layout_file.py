"""What the files of a layout may say (include/reports/v…/*.yaml): every key, its type and meaning.

These models are strict: an unknown key, a key of a column that the rows of its table do not have, and an unknown format are told when the
layout is read, all at once. docs/schemas/report_*.json are generated from them (`make schemas`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model, model_validator

from cchc.forms.form_06a import COLUMNS
from cchc.reports.formats import FORMATS, Format
from cchc.reports.rows import DueLine, FailureLine, FormLine, LateCount, LateLine, OpenLine, PlanLine, RankLine, TaskLine, UnitLine, keys
from cchc.typed import Fault, Typed

FormatName = Literal["text", "center", "count", "value", "percent", "points", "date", "status", "alert"]
LAST = max(COLUMNS)  # the number of columns of form II.06a


def _check_color(color: str) -> str:
    if not re.fullmatch("[0-9A-F]{6}", color):
        raise Fault(f"the colour {color!r} is not six digits 0-9, A-F: red, green and blue.")
    return color


def _check_cells(address: str) -> str:
    if not re.fullmatch("[A-M][1-9](:[A-M][1-9])?", address):
        raise Fault(f"{address!r} is not the address of header cells, such as A1 or A1:M9.")
    return address


Color = Annotated[str, AfterValidator(_check_color)]
Cells = Annotated[str, AfterValidator(_check_cells)]


class ColumnEntry(Typed):
    """One column of a table."""

    key: str = Field(description="The field of the row.")
    header: str = Field(description="What stands above it.")
    width: float = Field(gt=0, description="Its width: a share of the line, and characters in a sheet.")
    format: FormatName = Field(description="How its cells are written; value: by the kind of the row's indicator.")

    @property
    def look(self) -> Format:
        """How its cells are written."""
        return FORMATS[self.format]


class TableEntry(Typed):
    """One table. The titles are for tables that are a paper of their own."""

    title: str = Field("", description="The title of the paper.")
    subtitle: str = Field("", description="The line below the title.")
    sheet: str = Field("", max_length=31, description="The name of the sheet.")
    empty: str | None = Field(None, description="What is said where the table has no rows; default: labels.yaml, empty.")
    group: str | None = Field(None, description="The field whose values are the titles of groups of rows.")
    brief: bool = Field(False, description="Whether it stands on the leader's page, in smaller letters (style Report Cell Brief).")
    summary: str | None = Field(None, description="Another table of the file that follows it, in a second sheet.")
    columns: list[ColumnEntry] = Field(min_length=1, description="Its columns, from left to right.")


def _table(row: type) -> Any:
    """The model of a table whose rows are of a class: each key is one of the names that these rows have."""
    names: Any = Literal[tuple(keys(row))]
    column = create_model(f"{row.__name__}Column", __base__=ColumnEntry, key=(names, ColumnEntry.model_fields["key"]))
    return create_model(
        f"{row.__name__}Table",
        __base__=TableEntry,
        group=(names | None, TableEntry.model_fields["group"]),
        columns=(list[column], TableEntry.model_fields["columns"]),  # type: ignore[valid-type] # a model that is made here
    )


def _field(row: type, description: str) -> Any:
    return (_table(row), Field(description=description))


class _Tables(Typed):
    from_sql: dict[str, TableEntry] = Field(
        {}, description="Tables of further reports: the rows of include/sql/queries/reports/<name>.sql; a key is a column of its result."
    )


def _later(row: type, description: str) -> Any:
    """A table that older layouts do not have."""
    return (_table(row) | None, Field(None, description=description))


TablesFile: Any = create_model(
    "TablesFile",
    __base__=_Tables,
    __doc__="The tables of the reports.",
    plan_annex=_field(PlanLine, "All targets of the plan."),
    plan_section=_field(PlanLine, "The targets of one section of the plan."),
    form_summary=_field(FormLine, "Form II.06a in short."),
    units=_field(UnitLine, "The results of each unit."),
    late_by_unit=_field(LateCount, "Late dossiers by unit."),
    failures=_field(FailureLine, "Targets that are missed or behind."),
    ranking=_field(RankLine, "The ranking of the communes."),
    late=_field(LateLine, "Late dossiers."),
    due=_field(DueLine, "Dossiers that will soon be due."),
    tasks=_later(TaskLine, "What each agency has to see to."),
    open_places=_later(OpenLine, "The places that people have to fill in."),
)


class FormFile(Typed):
    """The words and widths of form II.06a."""

    sheet: str = Field(max_length=31, description="The name of the sheet.")
    form: str = Field(description="The number of the form.")
    title: str = Field(description="Its title.")
    period: str = Field(description="The line of the period; {period} and {span} are known.")
    reporter: str = Field(description="Who reports: {reporter}.")
    receiver: str = Field(description="Who receives the report: {receiver}.")
    measure: str = Field(description="What is counted.")
    header: dict[Cells, str] = Field(
        min_length=1, description="Header cells by their addresses, counted from the first line of the header."
    )
    widths: list[float] = Field(min_length=LAST, max_length=LAST, description="The widths of the columns, in characters.")
    no_field: str = Field(description="The name of a row whose field is not known.")
    total: str = Field(description="The name of the sum.")
    check_title: str = Field(description="The title of the checks.")
    check_ok: str = Field(description="What stands under an equation that holds.")
    check_wrong: str = Field(description="What stands under an equation that is broken; {} is the number of rows.")
    alarm: str = Field(description="What stands on the paper where an equation is broken.")
    notes: list[str] = Field(description="Notes below the form; {returned} and {without_due} are known.")
    sign_left: list[str] = Field(description="The signature on the left; the last line is in italics.")
    sign_right: str = Field(description="The line below the signer on the right.")

    @model_validator(mode="after")
    def _rules(self) -> FormFile:
        if self.check_wrong.count("{}") != 1:
            raise Fault(f"'check_wrong' is {self.check_wrong!r}; it must have {{}} once, for the number of rows.")
        return self


class ReportEntry(Typed):
    """One report. The reports are written in the order of the file."""

    file: str = Field(description="The beginning of the file's name; the period and the unit follow.")
    writer: Literal["form", "table", "document", "page"] = Field(
        description="form: form II.06a as a workbook; table: a workbook and a page; document: the reform report; page: the public page."
    )
    table: str | None = Field(None, description="The table of tables.yaml that the writer `table` writes.")
    whole_only: bool = Field(False, description="Whether it is written for the whole district alone.")
    figures_alone: bool = Field(
        False,
        description="Whether it has figures and no single case. Such a report is part of a bundle, and every account may load it.",
    )

    @model_validator(mode="after")
    def _rules(self) -> ReportEntry:
        if (self.writer == "table") != (self.table is not None):
            raise Fault("'table' goes with the writer 'table', and only with it.")
        return self


class ThemeEntry(Typed):
    """Colours, as six hexadecimal digits."""

    alert: Color = Field(description="What calls for attention.")
    head: Color = Field(description="Behind the headers of tables.")
    group: Color = Field(description="Behind the titles of groups.")
    alarm: Color = Field(description="Behind a check of form II.06a that fails.")
    alarm_text: Color = Field(description="The words of a check of form II.06a that fails.")
    chart: Color = Field(description="Bars and lines of charts.")
    chart_light: Color = Field(description="The second bar of charts.")
    chart_line: Color = Field(description="The line of a target.")


class LetterheadEntry(Typed):
    """Head and foot for a kind of unit; {name}, {short} (without Xã, Thị trấn …) and {lower} (first letter small) are known."""

    agency: list[str] = Field(min_length=1, description="The agency, line by line.")
    agency_name: str = Field(description="The agency as it is called in a sentence.")
    sign: str = Field(description="The abbreviation in the number of a paper.")
    place: str = Field(description="The place before the date.")
    subject: str = Field(description="Of what the report tells.")
    signer: list[str] = Field(min_length=1, description="Who signs.")
    recipients: list[str] = Field(description="Who receives it.")
    reports_to: str = Field(description="Who receives the form.")


class LetterheadsEntry(Typed):
    """Head and foot by the kind of the unit."""

    root: LetterheadEntry = Field(description="The authority itself.")
    commune: LetterheadEntry = Field(description="A commune or ward.")
    other: LetterheadEntry = Field(description="An office or another unit.")


class OfficeFile(Typed):
    """How an authority and its units are called on papers, whatever the layout."""

    agency: str = Field(min_length=1, description="The agency of the authority, as it is called in a sentence.")
    area: str = Field(min_length=1, description="The area of the authority, as it is called in a sentence.")
    communes: str = Field(min_length=1, description="All communes together, as they are called in a title.")
    form_levels: dict[str, str] = Field(min_length=1, description="The titles of the levels in form II.06a, in the order of the form.")
    short_without: list[str] = Field(description="What {short} leaves out at the beginning of a unit's name.")
    letterhead: LetterheadsEntry = Field(description="Head and foot.")


class CardsEntry(Typed):
    """The captions of the first numbers on the public page."""

    met: str = Field(description="Targets met.")
    received: str = Field(description="Dossiers received.")
    finished: str = Field(description="Dossiers finished.")
    on_time: str = Field(description="The share of dossiers on time.")


class MonthsChartEntry(Typed):
    """A chart with a bar or a point for each month."""

    caption: str = Field(description="Its caption; {year} is known.")
    axis: str = Field(description="The words at its axis.")
    series: list[str] = Field(min_length=1, max_length=2, description="The names of its series.")
    month: str = Field(description="The name of a month at the axis: {month}.")
    described: str = Field(description="One month in the description: {month}, {first} and {second} are known.")


class CommunesChartEntry(Typed):
    """A chart with a bar for each commune."""

    caption: str = Field(description="Its caption; {period} and {communes} are known.")


class ChartsEntry(Typed):
    """The words of the charts."""

    target: str = Field(description="The line of a target: {target}.")
    received: MonthsChartEntry = Field(description="Dossiers received by month.")
    on_time: MonthsChartEntry = Field(description="The share on time by month.")
    communes_online: CommunesChartEntry = Field(description="The online share of each commune.")
    communes_on_time: CommunesChartEntry = Field(description="The share on time of each commune.")


class StatusEntry(Typed):
    """The names of the judgements of a target."""

    met: str = Field(description="Reached.")
    missed: str = Field(description="Not reached.")
    on_pace: str = Field(description="Will probably be reached.")
    behind: str = Field(description="Will probably not be reached.")
    no_data: str = Field(description="Without a value.")


class StateEntry(Typed):
    """The names of the states of a dossier."""

    resolved: str = Field(description="Resolved.")
    stopped: str = Field(description="Stopped.")
    returned: str = Field(description="Returned or withdrawn.")
    open: str = Field(description="In work.")
    paused: str = Field(description="In work, but paused.")


class TaskEntry(Typed):
    """The words of the table tasks."""

    name: str = Field(description="One target: {name} without the word below, its {number}, and the {results} in each scope.")
    without: str = Field(description="What the name of a target loses at its beginning.")
    missing: str = Field(description="A result: {count} {noun} are missing.")
    value: str = Field(description="A result that is no number of missing things: the {value} and the {target}.")
    scoped: str = Field(description="A result of one of several scopes: {scope} and {result}.")


class LateMailEntry(Typed):
    """The e-mail with the late dossiers of a unit; {unit}, {period}, {count}, {open}, {unapologised} and {source} are known."""

    subject: str = Field(description="Its subject.")
    text: str = Field(description="Its text.")


class LabelsFile(Typed):
    """The words and colours of all reports."""

    theme: ThemeEntry = Field(description="Colours.")
    national: list[str] = Field(min_length=2, max_length=2, description="The national heading, two lines.")
    dated: str = Field(description="The place and the day of a signature; {place} and {year} are known.")
    report_title: str = Field(description="The title of the reform report in its properties: {period}.")
    charts: ChartsEntry = Field(description="The words of the charts.")
    page_title: str = Field(description="The title of the public page; {period} and {unit} are known.")
    cards: CardsEntry = Field(description="The first numbers of the public page.")
    table_caption: str = Field(description="Above a table of the report; {number} and {caption} are known.")
    chart_caption: str = Field(description="Below a chart of the report; {number} and {caption} are known.")
    appendix_note: str = Field(description="Below the title of an appendix; {sign}, {year} and {agency} are known.")
    known_at: str = Field(description="The moment of the extract, as a pattern of Python's strftime.")
    status: StatusEntry = Field(description="The names of the judgements.")
    state: StateEntry = Field(description="The names of a dossier's states.")
    seal: str = Field(description="The hash of an edition's figures on its papers; {period}, {edition} and {digits} are known.")
    late_mail: LateMailEntry = Field(description="The e-mail that takes the list of late dossiers to a unit.")
    not_judged: str = Field(description="In place of a judgement where no plan holds.")
    not_then: str = Field(description="Why a published row has no value: it had none when it was published.")
    plan: str = Field(description="The plan: {plan}.")
    no_plan: str = Field(description="In place of the plan where none holds.")
    operator: dict[str, str] = Field(description="What stands before a target, by the operator of the plan.")
    direction: dict[str, str] = Field(description="What a direction asks for, by the words of the plan; {year} is the year compared with.")
    sections: dict[str, str] = Field(description="The sections of the plan.")
    noun: dict[str, str] = Field(description="What an indicator counts; others are counted without a word.")
    declared: str = Field(description="A note: what the units declared themselves: {value}.")
    total: str = Field(description="The name of a sum.")
    every_unit: str = Field(description="In place of the names where every unit of the scope misses a target.")
    task: TaskEntry | None = Field(None, description="What an agency has to see to; needed by the table tasks.")
    apology_sent: str = Field(description="A letter of apology was sent: {count}.")
    apology_missing: str = Field(description="No letter of apology was sent.")
    due_group: str = Field(description="The title of the dossiers of one due day: {day}.")
    paused: str = Field(description="A note: the dossier is paused.")
    provisional: str = Field(description="A note: the number is provisional.")
    no_data_ask: str = Field(description="Why there is no value: {agency} has not given it.")
    provisional_note: str = Field(description="Below a table with provisional numbers.")
    source_note: str = Field(description="Where the numbers come from; {area}, {last_day} and {known_at} are known.")
    empty: str = Field(description="What is said of a table without rows.")


# by file of a layout: what it holds
FILES: dict[str, Any] = {
    "labels": LabelsFile,
    "form_06a": FormFile,
    "tables": TablesFile,
    "reports": dict[str, ReportEntry],
}
