"""How the demo writes a file: whole or not at all. The demo imports nothing of the pipeline, so it has a function of its own."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes | str, mode: int = 0o666) -> None:
    """Write the file under a hidden name in its folder, then rename it. `mode`: its permissions, less those that the umask takes away."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)  # left by a process of that number that was killed
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
    part.replace(path)
