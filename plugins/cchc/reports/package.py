"""Make the bytes of a DOCX depend only on its content: one fixed time for every part of the zip file.

A publication stores the sha256 of its reports, so the same rows must give the same file on any day and on any machine.
"""

from __future__ import annotations

import io
import zipfile

_EPOCH = (1980, 1, 1, 0, 0, 0)


def settle(data: bytes) -> bytes:
    """The same zip file without the times at which its parts were written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        # the order of the parts is kept: readers want [Content_Types].xml where it is
        for item in old.infolist():
            info = zipfile.ZipInfo(item.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            new.writestr(info, old.read(item))
    return out.getvalue()
