"""Work files (hồ sơ công việc): opened, processed and closed; electronic, on paper, or both."""

from __future__ import annotations

import random
from typing import Any

from demo import clock, levels
from demo.clock import DAY, END, FOREVER
from demo.filing import MONTHS
from demo.history import Entry
from demo.units import BY_CODE, UNITS, there_in
from demo.workdays import add_workdays, office_time, workdays_of_month


class WorkFile:
    """One work file."""

    __slots__ = ("number", "unit", "opened", "closed", "form", "secrecy", "special", "versions", "secret_from")

    def __init__(self, number: int, unit: str, opened: int) -> None:
        self.number, self.unit, self.opened = number, unit, opened
        self.closed = 0
        self.form = "dien_tu"
        self.secrecy: str | None = "thuong"
        self.special = False
        self.versions = [opened]
        self.secret_from = FOREVER

    @property
    def key(self) -> str:
        """IdHoSoCongViec."""
        return f"HSCV{self.number:07d}"

    def record(self, changed_at: int) -> dict[str, Any]:
        """The work file on the wire."""
        unit = BY_CODE.get(self.unit)
        closed = self.closed and self.closed <= changed_at
        return {
            "IdHoSoCongViec": self.key,
            "MaDonVi": self.unit,
            "CapDonVi": "xa" if unit is not None and unit.is_local else "huyen",
            "NgayMo": clock.iso_day(self.opened // DAY),
            "NgayDong": clock.iso_day(self.closed // DAY) if closed else None,
            "HinhThucXuLy": self.form,
            "DoMat": "mat" if changed_at >= self.secret_from else self.secrecy,
            "DacThu": self.special,
            "NgayCapNhat": clock.iso_offset(changed_at),
        }


def build(scale: float, seed: int) -> list[WorkFile]:
    """The ordinary work files of all units and months."""
    work_files: list[WorkFile] = []
    for year, month in MONTHS:
        rnd = random.Random(f"{seed}/work_files/{year}-{month:02d}")
        draw = rnd.random
        whole = workdays_of_month(year, month)
        volume = levels.WORK_FILES_A_YEAR / 12 * levels.YEAR_VOLUME[year] * scale
        for unit, days in there_in(whole):
            count = int(volume * (0.01833 if unit.is_local else 0.06) * (len(days) / len(whole)) + draw())
            e_work = levels.LEVELS[unit.code].e_work if unit.code in levels.LEVELS else 0.9
            for opened in sorted(office_time(days[int(draw() * len(days))], draw()) for _ in range(count)):
                file = WorkFile(len(work_files) + 1, unit.code, opened)
                closed = office_time(add_workdays(opened // DAY, 3 + int(draw() * 40)), draw())
                chance = draw()
                share = levels.better(e_work, closed)
                file.form = "dien_tu" if chance < share else "ket_hop" if draw() < 0.6 else "giay"
                file.special = draw() < 0.03
                if draw() < 0.96 and closed < END:
                    file.closed = closed
                    file.versions.append(closed)
                work_files.append(file)
    return work_files


def plant(files: list[WorkFile], times: list[int]) -> dict[str, list[str]]:
    """Append work files to `files` that are secret, without a secrecy, become secret, or belong to an unknown unit."""
    planted: dict[str, list[str]] = {}
    at = iter(times)

    def add(code: str, unit: str, secrecy: str | None = "thuong") -> WorkFile:
        file = WorkFile(len(files) + 1, unit, next(at))
        file.secrecy = secrecy
        file.closed = file.opened + 9 * DAY
        file.versions.append(file.closed)
        files.append(file)
        planted.setdefault(code, []).append(file.key)
        return file

    for number in range(12):
        add("secret-work-files", UNITS[number * 2].code, "mat")
    add("unmarked-work-files", UNITS[4].code, None)
    turned = add("turned-secret-work-file", UNITS[14].code)
    turned.secret_from = clock.moment(2024, 1, 12, 10, 5)
    turned.versions.append(turned.secret_from)
    add("unknown-unit-work-file", "H19.16.55")
    return planted


def entries(files: list[WorkFile]) -> list[Entry]:
    """All versions of all work files."""
    return [(at, file.key, file, until) for file in files for at, until in zip(file.versions, [*file.versions[1:], FOREVER], strict=True)]
