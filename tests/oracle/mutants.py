"""Mutation test: each mutant changes one rule of the reference implementation; test_mutants.py shows that a random world detects it."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.defects import planted

from . import indicators
from .words import BASES, parse_period
from .world import World

ORACLE = Path(indicators.__file__)


class Clause(NamedTuple):
    """One defect: its name, what stands in indicators.py, and what stands there instead."""

    name: str
    old: str
    new: str


CLAUSES = (
    ("due: < X", "version.changed < x]", "version.changed <= x]"),
    ("due: no rounds", "return max(moved) if moved else", "return"),
    ("due: a later one, not the greatest", "max(moved) if moved", "moved[0] if moved"),
    ("due: rounds from the version's time, open", "chosen.changed <= back < x", "chosen.changed < back < x"),
    ("due: rounds before X only", "chosen.changed <= back < x", "chosen.changed <= back"),
    ("due: all rounds", "chosen.changed <= back < x", "back < x"),
    ("due: newest version", "chosen = old[-1]", "chosen = self.good[-1]"),
    ("due: rounds of that version", "rounds = self.newest.rows", "rounds = (old or self.good)[-1].rows"),
    ("due: no NgayHenTraTruoc", "        if later:\n", "        if False:\n"),
    ("due: X is the finish", "x = midnight(local(self.finished) + timedelta(days=1)) if", "x = self.finished if"),
    ("due: X cut by J", "x = midnight(local(self.finished) + timedelta(days=1)) if", "x = min(j, midnight(local(self.finished) + timedelta(days=1))) if"),
    ("due: J for finished too", "x = midnight(local(self.finished) + timedelta(days=1)) if self.is_finished(j) else j", "x = j"),
    ("due: bad versions too", "old = [version for version in self.good", "old = [version for version in self.versions"),
    ("due: the last good with one", "moved else chosen.time(\"NgayHenTra\")", "moved else next((v.time('NgayHenTra') for v in reversed(old) if v.time('NgayHenTra')), None)"),
    ("first due: no NgayHenTraTruoc", "found += [", "[] and ["),
    ("first due: newest", "version.changed == having[0].changed][-1]", "True][-1]"),
    ("first due: oldest even if missing", "having = [version for version in self.good if version.time(\"NgayHenTra\")]", "having = self.good[:1]"),
    ("first due: bad versions too", "having = [version for version in self.good", "having = [version for version in self.versions"),
    ("finish: not NgayTra", " or version.time(\"NgayTra\")\n", "\n"),
    ("finish: not NgayTuChoi", "if own is None and status == \"3\":", "if False:"),
    ("finish: 8 from steps", "if own is not None or status == \"8\":", "if own is not None:"),
    ("finish: 7 by any step", "if status in (\"3\", \"7\") else self.first_step", "if status == '3' else self.first_step"),
    ("finish: 10 before 9", "self.first_step(\"9\", \"10\")", "self.first_step('10', '9')"),
    ("finish: no steps", "else self.first_step(\"9\", \"10\")", "else None"),
    ("finish: 4 too", "status not in (\"3\", \"7\",", "status not in ('4', \"3\", \"7\","),
    ("steps: hidden ones too", "if step.visible and step.at", "if step.at"),
    ("outcome: LoaiKetQua ignored", "self.newest.get(\"LoaiKetQua\") in (\"tra_lai\", \"xin_rut\") or", ""),
    ("outcome: stopped first", "return \"stopped\" if self.status == \"8\" else \"resolved\"", "return \"resolved\""),
    ("timing: by the second", "finish, limit = local(self.finished), local(due)", "finish, limit = self.finished, due"),
    ("pause: rounds received later do not cover", "(back is None or back >= j)", "back is None"),
    ("pause: no rounds", "begins.append(asked)", "pass"),
    ("pause: 6 alone", "run[0].status in (\"6\", \"8\")", "run[0].status == '6'"),
    ("pause: 8 alone", "run[0].status in (\"6\", \"8\")", "run[0].status == '8'"),
    ("pause: from the last step", "begins.append(run[0].at)", "begins.append(run[-1].at)"),
    ("pause: the latest", "local(min(begins))", "local(max(begins))"),
    ("pause: ignored", "(self.paused_since(j) or d)", "d"),
    ("pause: never past due", "due is not None and local(due) <", "due is not None and not self.paused_since(j) and local(due) <"),
    ("past due: on the day itself", "local(due) < (self.paused", "local(due) <= (self.paused"),
    ("repeats: kept", "and repeat not in seen:", "and True:"),
    ("repeats: whatever the status", "step.action, step.status)", "step.action)"),
    ("repeats: whatever the action", "step.action, step.status)", "step.status)"),
    ("steps without status count", "kept = [step for step in kept if step.status is not None]", "pass"),
    ("papers: deleted too", "text(p.get(\"IsDeleted\")) != \"1\" and", ""),
    ("papers: no path needed", " and _path(p.get(\"DuongDanTaiTepTin\"))\n", "\n"),
    ("results: the same path is good", " and path not in papers", ""),
    ("results: not among the visible papers", "papers = {_path(p.get(\"DuongDanTaiTepTin\")) for p in self.newest.rows(\"TaiLieuNop\")}",
     "papers = {_path(p.get(\"DuongDanTaiTepTin\")) for p in self.newest.rows(\"TaiLieuNop\") if text(p.get('IsDeleted')) != '1'}"),
    ("results: not stripped", "return (text(value) or \"\").strip()", "return (text(value) or \"\")"),
    ("results: not NFC", "return (text(value) or \"\").strip()", "return str(value or '').strip()"),
    ("results: unsigned too", "text(r.get(\"DaKySo\")) == \"1\" and", ""),
    ("procedure: the newest", "return before[-1] if before else", "return found[-1] if found else"),
    ("procedure: none before, none", "found[0] if found else None", "None"),
    ("procedure: whole code", "procedure_code(e.key[0]) == code and", "e.key[0] == self.newest.get('MaTTHC') and"),
    ("procedure: any unit", " and e.key[1] == self.unit]", "]"),
    ("lists: flags from the newest", "[wire for t, wire in self.seen if t <= j] or [self.seen[0][1]]", "[self.seen[-1][1]]"),
    ("lists: flags before J", "for t, wire in self.seen if t <= j", "for t, wire in self.seen if t < j"),
    ("lists: else the newest", "or [self.seen[0][1]]", "or [self.seen[-1][1]]"),
    ("lists: nothing vanishes", "gone = None if having[-1] == len(lists) - 1 else", "gone = None if True else"),
    ("lists: the vanished never were", "if unit in units() and units()[unit].valid(d) and since", "if not entry.vanished_on and unit in units() and units()[unit].valid(d) and since"),
    ("lists: end on the day itself", "local(lists[having[-1] + 1][0]) - timedelta(days=1)", "local(lists[having[-1] + 1][0])"),
    ("in force: bai_bo too", "text(entry.last.get(\"TrangThai\")) == \"bai_bo\" and", "False and"),
    ("in force: no bai_bo at all", "== \"bai_bo\" and day_of(entry.last.get(\"HieuLucDen\")) is None", "== \"bai_bo\""),
    ("in force: no end", "(until is None or d <= until):\n            out[unit, code]", "True:\n            out[unit, code]"),
    ("in force: the smallest", "out[unit, code] = entry", "out.setdefault((unit, code), entry)"),
    ("in force: any unit", "unit not in units() or not units()[unit].valid(d)", "unit not in units()"),
    ("update: 6 days", "working_day_after(decision_key[2], 5)", "working_day_after(decision_key[2], 6)"),
    ("update: 4 days", "working_day_after(decision_key[2], 5)", "working_day_after(decision_key[2], 4)"),
    ("update: pending count", "if dates or midnight(limit + timedelta(days=1)) <= at.t:", "if True:"),
    ("update: pending never", "if dates or midnight(limit + timedelta(days=1)) <= at.t:", "if dates:"),
    ("update: the last publication", "min(dates) <= limit", "max(dates) <= limit"),
    ("update: each version", "local(decision)), [])", "local(decision), entry.key), [])"),
    ("K1", "out.append(\"K1\")", "pass"), ("K2", "out.append(\"K2\")", "pass"), ("K3", "out.append(\"K3\")", "pass"), ("K4", "out.append(\"K4\")", "pass"),
    ("K5", "out.append(\"K5\")", "pass"), ("K6", "out.append(\"K6\")", "pass"), ("K7", "out.append(\"K7\")", "pass"),
    ("an earlier good version", "self.newest = versions[-1]", "self.newest = (self.good or versions)[-1]; self.faults[-1] = self.faults[-1] if not self.good else []"),
    ("deletion: not by absence", "self.deleted[ma] = \"absent from /keys\"", "pass"),
    ("deletion: not by /keys", "self.deleted[ma] = \"/keys\"", "pass"),
    ("deletion: never taken back", "self.deleted.pop(", "(lambda *_: 0)("),
    ("the first delivered wins", "return self.changed, self.delivery", "return self.changed, -self.delivery"),
    ("versions by delivery", "return self.changed, self.delivery", "return self.delivery"),
    ("window: no overlap", "changed >= since", "changed >= since + timedelta(hours=1)"),
    ("overall: the resolved", "            if due is not None:\n                count(\"dossier_in_time_overall", "            if due is not None and d.outcome == 'resolved':\n                count(\"dossier_in_time_overall"),
    ("e-certification: in the period", "if to_date.holds(d.finished)", "if at.holds(d.finished)"),
    ("e-certification: any procedure", "if text(flags.get(\"LaChungThuc\")) == \"1\" and", "if"),
    ("e-certification: Bình Hòa stays", "u.at(at.d).level == \"commune\" and u.valid(at.d)", "u.at(at.d).level == \"commune\""),
    ("payments: no 12-hour clock", "if at and local(at) != day:", "if False:"),
    ("payments: 12-hour rows are bad", "(shifted[0], None) if shifted else", "(at, \"ThoiGianGD\") if shifted else"),
    ("payments: the earlier day", "in_force[read.key] = read", "in_force.setdefault(read.key, read)"),
    ("payments: blocked files too", " or file.blocked()", ""),
    ("payments: files without manifest", "not file.complete_at or file.complete_at >", "file.arrives >"),
    ("payments: the latest to arrive", "best[file.day].revision < file.revision", "best[file.day].arrives < file.arrives"),
    ("payments: zero too", "and row.amount > 0", ""), ("payments: refunds too", "row.type == \"PAY\" and", ""),
    ("payments: pending too", "and row.status == \"1\"", "and row.status != '4'"), ("payments: bad rows", "if row.bad is None and row.type", "if row.type"),
    ("payments: a file of today", "or midnight(file.day) >= t", ""),
    ("files: secret", "and v.get(\"DoMat\") == \"thuong\" and v.wire", "and v.wire"), ("files: special", "v.wire.get(\"DacThu\") is False", "True"),
    ("files: null is ordinary", "v.wire.get(\"DacThu\") is False", "not v.wire.get(\"DacThu\")"),
    ("signatures: invalid", "if v.wire.get(\"HopLe\") is True and", "if"), ("leaders: DenNgay", "entry.until(\"DenNgay\")", "None"),
    ("assessments: empty too", "and v.get(\"DanhGia\") in valid and", "and v.get('DanhGia') in valid | {None} and"),
    ("assessments: the unknown", "and v.get(\"DanhGia\") in valid and", "and v.get('DanhGia') and"),
    ("micro: finish after J", "self.finished < j", "self.finished <= j"),
)  # fmt: skip


MUTANTS = [Clause(*each) for each in CLAUSES]
EVERYWHERE = ("deletion: never taken back",)  # where the clause stands twice


def changed(sound: str, mutant: Clause) -> str:
    """The text of indicators.py with the defect. Raises AssertionError where it no longer says what the defect changes."""
    broken = planted(sound, ORACLE.name, mutant.old, mutant.new)
    return sound.replace(mutant.old, mutant.new) if mutant.name in EVERYWHERE else broken


def module(mutant: Clause | None = None) -> Any:
    """The oracle, with one clause changed."""
    source = ORACLE.read_text(encoding="utf-8")
    made = types.ModuleType(f"{__package__}.mutant")
    made.__package__ = __package__
    sys.modules[made.__name__] = made
    exec(compile(changed(source, mutant) if mutant else source, "mutant", "exec"), made.__dict__)  # noqa: S102
    return made


def numbers(made: Any, world: World) -> dict[Any, Any]:
    """Every number of a world."""
    kn, out = made.Knowledge(world, world.ts, overlap=made.timedelta(hours=1)), {}
    for name in world.periods:
        kind, start = parse_period(name)
        for basis in BASES:
            for key, pair in made.evaluate(kn, kind, start, basis).items():
                if key[1] == "all" or key[1].startswith("level"):
                    out[name, basis, *key] = pair
    return out
