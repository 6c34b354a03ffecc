"""The errors of a delivered file that cannot be read: it is not complete, or it is complete and cannot be understood."""

from __future__ import annotations


class Unfinished(Exception):
    """The file is incomplete; `args[0]` says why."""


class Gone(Unfinished):
    """The file was listed, and it cannot be opened any more, or it is another kind of thing by now."""


class Unreadable(Exception):
    """The file is complete but cannot be understood; `args[0]` says where, without its content.

    `keys`: the entries of the profile by which it was read. If these are wrong, the profile must be corrected and not the file.
    """

    def __init__(self, words: str, *keys: str) -> None:
        super().__init__(words)
        self.keys = keys


class NotJudged(Unreadable):
    """The file could not be read, and nobody knows whether the file or this machine is at fault: the next run reads it again."""


class LacksColumns(Unreadable):
    """The header of a table lacks columns that the profile uses. `fields`: these columns; `cells`: the number of cells in the header."""

    def __init__(self, words: str, fields: list[str], cells: int) -> None:
        super().__init__(words)
        self.fields, self.cells = fields, cells
