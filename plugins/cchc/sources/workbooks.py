"""Read workbooks in a process of their own, so that no file can take the memory of this process or end it."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import orjson

from cchc.errors import CchcError
from cchc.sources.files import LacksColumns, Tally, Unfinished, Unreadable
from cchc.sources.limits import Limits
from cchc.sources.profile import Entity, Files, Profile
from cchc.sources.records import Problem
from cchc.sources.unread import NotJudged

# how a library ends its process over a file; whatever else ends it may come from outside, or from a broken installation
BY_THE_FILE = (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGTRAP)
# how somebody ends a run with all its processes; a machine without memory kills
BY_A_PERSON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Workbooks:
    """A reader of workbooks. Its process starts with the first one, serves the next ones too, and is started anew when one has ended it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Workbooks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def read(
        self, data: bytes, name: str, entity: Entity, profile: Profile, files: Files, tally: Tally
    ) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
        """Yield (row, record) for each record of a workbook, with a Problem in place of a row that is no record.

        Raises Unfinished if the file is not a complete workbook, and Unreadable if it breaks its contract, asks for more memory or time
        than the limits allow, or ends the process that reads it. Raises CchcError, which ends the run, where somebody ends that process.
        """
        process = self._started()
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(self._limits.seconds, stop)
        clock.daemon = True
        clock.start()
        done = False
        try:
            request = pickle.dumps((data, name, entity, profile, files))
            assert process.stdin is not None and process.stdout is not None  # noqa: S101  # both are pipes
            try:
                process.stdin.write(len(request).to_bytes(8, "big") + request)
                process.stdin.flush()
            except BrokenPipeError:
                pass  # it has died; its end is told below
            for line in process.stdout:
                kind, *words = orjson.loads(line)
                if kind == "rows":
                    tally.read += len(line)
                    yield from ((number, Problem(record) if type(record) is str else record) for number, record in words[0])
                else:
                    done = kind != "memory"  # one that lacks memory is not asked again
                    self._end(kind, words, tally)
                    return
            if late.is_set():
                raise Unreadable(self._late())
            raise self._died(process.wait(), name)
        finally:
            clock.cancel()
            if not done:
                self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cchc.sources.workbook_process", str(self._limits.memory), str(self._limits.record)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what a library writes there may hold a cell
            )
        return self._process

    def _end(self, kind: str, words: list[Any], tally: Tally) -> None:
        """The end of an answer: the counts, or the error that the process told."""
        if kind == "end":
            tally.header, tally.rows, tally.other_sheets, left = words
            tally.left.add(left)
        elif kind == "unfinished":
            raise Unfinished(*words)
        elif kind == "lacks":
            raise LacksColumns(*words)
        elif kind == "unreadable":
            raise Unreadable(words[0], *words[1])
        elif kind == "failed":
            raise Unreadable(f"the library that reads workbooks cannot read it ({words[0]}); save it again with a spreadsheet program")
        elif kind == "memory":
            raise Unreadable(self._memory())
        elif kind == "machine":
            raise NotJudged(f"reading it failed on this machine ({words[0]})")
        else:
            raise CchcError(f"The process that reads workbooks answered {kind!r}, which is not known.")

    def _memory(self) -> str:
        return (
            f"reading it needs more than {self._limits.memory} MB of memory (CCHC_MAX_WORKBOOK_MEMORY_MB): it has too many cells, or cells "
            "far from its data; save the data alone as a new file, or as CSV"
        )

    def _late(self) -> str:
        return f"reading it took more than {self._limits.seconds} seconds (CCHC_MAX_SECONDS)"

    def _died(self, code: int, name: str) -> Unreadable | CchcError:
        """What it means that the process ended with an exit code; a negative one is the number of a signal.

        Whoever ends a run ends its processes, this one perhaps first. The run must not judge the file then: it would end well without it.
        """
        if -code in BY_A_PERSON:
            return CchcError(
                f"The process that reads {name} was ended by the signal {signal.Signals(-code).name}, as all processes of a run are when "
                "somebody ends it. Nothing of this run was loaded; run it again"
            )
        if -code in BY_THE_FILE:
            return Unreadable(f"it ends the process that reads it (code {code}), as a rule because {self._memory()}")
        how = f"by the signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        return NotJudged(
            f"the process that reads it ended {how}: a person or a machine without memory has killed it, the installation is broken, or "
            f"{self._memory()}"
        )
