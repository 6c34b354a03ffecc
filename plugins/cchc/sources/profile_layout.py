"""The keys of a profile that say how a table stands in a file: where its header is, where it ends, and which sheets are read."""

from __future__ import annotations

from pydantic import Field, model_validator

from cchc.sources.vietnamese_letters import plain_name
from cchc.typed import Fault, Typed

MOST_HEADER_ROWS = 5


class EndFile(Typed):
    """Where the table ends: at the first row that one of the rules finds. That row and all rows below it are left alone, and counted."""

    begins_with: list[str] = Field(
        [], description="The first filled cell of the row begins with one of these texts, such as `Tổng cộng`; capitals make no difference."
    )
    empty_key: bool = Field(False, description="The row has no value in any of the columns of `key`.")
    empty_row: bool = Field(False, description="The row is empty. Empty rows before the first record end nothing.")
    required: bool = Field(False, description="A file in which the end is not found is blocked, because a part of it may be missing.")
    tables_below: bool = Field(
        False,
        description="Other tables may stand below the end; they are left alone. Without it a row below the end that looks like a record "
        "blocks the file.",
    )

    @model_validator(mode="after")
    def _rules(self) -> EndFile:
        if not (self.begins_with or self.empty_key or self.empty_row):
            raise Fault("'end' needs a rule that finds it: 'begins_with', 'empty_key' or 'empty_row'.")
        if any(not text.strip() for text in self.begins_with):
            raise Fault("'begins_with' has an empty text; every row begins with it.")
        return self


class LayoutFile(Typed):
    """How its table stands in a file. Without it the header is the first row, and the table ends with the file.

    With it, blanks and line breaks in a name of the header are one blank, and a row that repeats the header is left alone and counted.
    """

    header_row: int | None = Field(
        None,
        ge=1,
        description="The row of the file with the header (the first of its rows). Without it the header is found by the names of its "
        "columns, in the first 50 rows.",
    )
    header_rows: int = Field(
        1,
        ge=1,
        le=MOST_HEADER_ROWS,
        description="Over how many rows the header goes. The names of a column are joined, from the top: `Thời gian / Tiếp nhận`; a merged "
        "cell above other names counts for all of its columns, one at the bottom for the first of them.",
    )
    below_header: int = Field(
        0, ge=0, le=20, description="How many rows between the header and the first record are no records, such as numbers of columns."
    )
    names: list[str] = Field([], description="The names of the columns, in order, where the file has no header.")
    end: EndFile | None = Field(None, description="Where the table ends. Without it, with the file.")
    not_records: list[str] = Field(
        [],
        description="Rows inside the table whose first filled cell begins with one of these texts are left alone, and counted: subtotals, "
        "headings of groups.",
    )
    sheets: list[str] = Field(
        [],
        description="The sheets of a workbook that are read: names, or patterns with * and ?. Without it `files.formats.sheet`, or the "
        "first one.",
    )

    fixed_width: dict[str, list[int]] = Field(
        {},
        description="The columns of a text file without a delimiter: name → its first and its last character, from 1. Every column is "
        "named, also those that nothing uses: a line with text outside of them is no record. `below_header` lines at the top are none.",
    )
    short_lines: bool = Field(False, description="With `fixed_width`: blanks at the end of a line may be left out.")
    delimiter: str | None = Field(
        None,
        description="The character between the columns of a text file. Without it `files.formats.delimiter`, or the one of , ; tab and | "
        "by which the header has most of the names.",
    )
    quote: str = Field('"', description="The character around cells of a text file that have the delimiter in them; ``: there is none.")
    encodings: list[str] = Field(
        [],
        description="The encodings that a text file may have, in the order in which they are tried for each file: `utf-8`, `utf-16`, "
        "`windows-1258`, `vni`, `tcvn3`, or another that Python knows. Give `vni` before `tcvn3`. Without it `files.formats.encoding`.",
    )

    open_end: bool = Field(
        False,
        description="The last line of a text file may lack its newline. Without it such a file waits, because nobody can tell it from one "
        "that is still being written; so with it the sender must write a file under another name and rename it.",
    )

    @model_validator(mode="after")
    def _text_rules(self) -> LayoutFile:
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise Fault(f"a delimiter is one character, not {self.delimiter!r}.")
        if len(self.quote) > 1:
            raise Fault(f"'quote' is one character, or nothing, not {self.quote!r}.")
        if self.quote == self.delimiter:
            raise Fault("'quote' and 'delimiter' are the same character.")
        for encoding in self.encodings:
            try:
                plain_name(encoding)
            except LookupError:
                raise Fault(f"encoding {encoding!r} is not known.") from None
        return self

    @model_validator(mode="after")
    def _fixed_rules(self) -> LayoutFile:
        if not self.fixed_width:
            if self.short_lines:
                raise Fault("'short_lines' goes with 'fixed_width', which is missing.")
            return self
        if self.names or self.header_row or self.header_rows != 1 or self.sheets or self.delimiter:
            raise Fault("'names', 'header_row', 'header_rows', 'sheets' and 'delimiter' do not go with 'fixed_width'.")
        end = 0
        for name, place in self.fixed_width.items():
            if len(place) != 2 or place[0] > place[1]:
                raise Fault(f"{name!r} is [first character, last character], from 1.", "fixed_width")
            if place[0] <= end:
                raise Fault(f"{name!r} begins at {place[0]}, and the column before it ends at {end}.", "fixed_width")
            end = place[1]
        if shifting := [name for name in self.encodings if plain_name(name) in ("vni", "windows-1258")]:
            raise Fault(f"{shifting[0]} may write a letter in two bytes, so the places of 'fixed_width' would move.")
        return self

    @model_validator(mode="after")
    def _rules(self) -> LayoutFile:
        if self.names and (self.header_row is not None or self.header_rows != 1):
            raise Fault("'names' is for a file without a header, so 'header_row' and 'header_rows' do not go with it.")
        if len(set(self.names)) != len(self.names):
            raise Fault("'names' has a name twice.")
        if any(not text.strip() for text in self.not_records):
            raise Fault("'not_records' has an empty text; every row begins with it.")
        return self
