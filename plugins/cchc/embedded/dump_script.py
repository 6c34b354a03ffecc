"""A dump restored as a script without what its server had written into it for itself.

PostgreSQL 17.12 keeps a mark among the options of each column. A pg_dump that does not know the mark, as that of 18.6, writes it out as an
option, and no server takes such a dump.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO

from cchc.errors import CchcError

MARK = re.compile(rb"pg_attver=\d+")
OPTIONS = re.compile(rb"^(ALTER .*TABLE .* ALTER COLUMN .* SET \()(.*)(\);\n)$")
DATA, DATA_END = re.compile(rb"^COPY .* FROM stdin;\n$"), b"\\.\n"


def has_marks(pg_restore: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the definitions that a command of pg_restore prints have marks. Raises CchcError where it fails."""
    done = subprocess.run([*pg_restore, "--schema-only", "--file", "-"], env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        raise CchcError(f"pg_restore failed: {_end(done.stderr)}")
    return any(MARK.search(line) for line in done.stdout.splitlines() if line.startswith(b"ALTER "))


def restore_without_marks(pg_restore: Sequence[str], psql: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run what pg_restore prints through psql, without the marks, in one transaction.

    Raises CchcError with what either of them said; then the database is as it was, because psql is ended before it learns that nothing
    more comes.
    """
    script = [*pg_restore, "--file", "-"]
    run = [*psql, "--no-psqlrc", "--quiet", "--output", "/dev/null", "--set", "ON_ERROR_STOP=1", "--single-transaction", "--file", "-"]
    with (
        tempfile.TemporaryFile() as of_script,
        tempfile.TemporaryFile() as of_run,
        subprocess.Popen(script, env=environment, stdout=subprocess.PIPE, stderr=of_script) as printing,
        subprocess.Popen(run, env=environment, stdin=subprocess.PIPE, stderr=of_run) as running,
    ):
        try:
            _pass_on(printing, running)
        except BrokenPipeError:  # psql has ended, with an error
            printing.kill()
            printing.wait()
            with suppress(BrokenPipeError):
                _pipe(running.stdin).close()
        if running.wait() != 0 and printing.returncode <= 0:
            raise CchcError(f"psql failed: {_end(_all_of(of_run))}")
        if printing.returncode != 0:
            raise CchcError(f"pg_restore failed: {_end(_all_of(of_script))}")


def _pass_on(printing: subprocess.Popen[bytes], running: subprocess.Popen[bytes]) -> None:
    """Give psql what pg_restore prints; end it where pg_restore fails, before it takes the end of the script for the end of its work."""
    script, taken = _pipe(printing.stdout), _pipe(running.stdin)
    for line in without_marks(script):
        taken.write(line)
    if printing.wait() != 0:
        running.kill()
        running.wait()
    taken.close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("the program was started without a pipe")
    return stream


def without_marks(script: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a script of pg_restore without the marks of columns; rows of tables are passed on as they are."""
    is_data = False
    for line in script:
        if is_data:
            is_data = line != DATA_END
        elif DATA.match(line):
            is_data = True
        elif (found := OPTIONS.match(line)) and MARK.search(found[2]):
            kept = [each for each in found[2].split(b", ") if not MARK.fullmatch(each)]
            if not kept:
                continue
            line = found[1] + b", ".join(kept) + found[3]
        yield line


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _end(said: bytes) -> str:
    return said.decode("utf-8", "replace").strip()[-1500:]
