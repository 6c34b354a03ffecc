"""Make the bytes of office files depend only on their content: set fixed times in the zip and in the document's properties.

A publication stores the sha256 of its reports, so the same rows must give the same file on any day and on any machine.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date

_EPOCH = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")

Change = Callable[[str, bytes], bytes]


def settle(data: bytes, day: date, change: Change | None = None) -> bytes:
    """An XLSX or DOCX with every time set to a day; `change(name, part)` may rewrite its parts first."""
    out = io.BytesIO()
    stamp = f"{day.isoformat()}T00:00:00Z".encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        # the order of the parts is kept: readers want [Content_Types].xml where it is
        for item in old.infolist():
            part = old.read(item)
            if item.filename == "docProps/core.xml":
                part = _TIMES.sub(rb"\g<1>" + stamp + rb"\g<3>", part)
            if change is not None:
                part = change(item.filename, part)
            info = zipfile.ZipInfo(item.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            new.writestr(info, part)
    return out.getvalue()
