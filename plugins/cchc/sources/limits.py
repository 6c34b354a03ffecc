"""How much of one file, one record or one answer is read: what is larger is refused by name, so that no delivery can fill memory or disk.

Every limit is a setting CCHC_MAX_…; its default is far above what the contracts of the sources allow (docs/reference/limits.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cchc.errors import NotConfigured

MIB = 2**20
KEY_BYTES = 500  # a key or a code; PostgreSQL's indexes take no more than 2,700
TEXT_CHARACTERS = 20_000  # any other text of a record
FIRST_YEAR, LAST_YEAR = 1990, 2100  # the days that the name of a file may have
FIRST_YEAR_ALONE = 1900  # the first year of a name that has a year or a month alone, such as that of an archive
HIGHEST_REVISION = 9_999
MANIFEST_BYTES = MIB
ARCHIVE_MEMBERS = 50_000
ARCHIVE_DIRECTORY_BYTES = 8 * MIB
DEEPEST_DOCUMENT = 100  # objects and lists within one another

NAMES = {
    "file": "CCHC_MAX_FILE_MB",
    "record": "CCHC_MAX_RECORD_MB",
    "answer": "CCHC_MAX_ANSWER_MB",
    "workbook": "CCHC_MAX_WORKBOOK_MB",
    "memory": "CCHC_MAX_WORKBOOK_MEMORY_MB",
    "seconds": "CCHC_MAX_SECONDS",
}


@dataclass(frozen=True)
class Limits:
    """The limits of one installation. Sizes are in MiB, times in seconds.

    `file`: the bytes of a file after it is unpacked; `record`: a line of NDJSON, or all lines of one CSV record; `answer`: the unpacked
    body of one answer over HTTP; `workbook`: an Excel file as it is delivered; `memory`: what the process that reads workbooks may use;
    `seconds`: the time for one workbook or one answer.
    """

    file: int = 16_384
    record: int = 4
    answer: int = 64
    workbook: int = 64
    memory: int = 400
    seconds: int = 600

    @classmethod
    def load(cls, variables: Mapping[str, str] = os.environ) -> Limits:
        """The limits by the environment. Raises NotConfigured for a value that is no whole number above 0, and for an unknown name."""
        unknown = sorted(name for name in variables if name.startswith("CCHC_MAX_") and name not in NAMES.values())
        if unknown:
            raise NotConfigured(f"{unknown[0]} is no limit. There are: {', '.join(NAMES.values())} (docs/reference/limits.md).")
        given = {}
        for name, variable in NAMES.items():
            value = variables.get(variable)
            if not value:
                continue
            if not (value.isascii() and value.isdigit() and int(value[:9]) > 0 and len(value) < 9):
                raise NotConfigured(f"{variable} is {value!r}; it must be a whole number above 0.")
            given[name] = int(value)
        return cls(**given)
