"""The words of a message, in Vietnamese and English: what, where, since when, who must act, what to do, and where to look.

A message is about one event, and about everything of it that a recipient has to be told at that moment. It says nothing of a person: only
codes, units, sources, counts, and messages that the package itself wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cchc.links import Links, View
from cchc.notices.state import ENDED, REMINDER, Waiting
from cchc.notices.trouble import Trouble
from cchc.period import ZONE

MOST_ITEMS = 20
MOST_CHARACTERS = 1000  # of a reason
Facts = Mapping[str, Any]
COVERAGES = {
    "dossiers": ("hồ sơ", "dossiers"),
    "assessments": ("đánh giá sự hài lòng", "assessments"),
    "feedback": ("phản ánh, kiến nghị", "feedback"),
    "payments": ("thanh toán", "payments"),
    "signatures": ("chữ ký số", "signatures"),
    "work_files": ("hồ sơ công việc", "work files"),
}


@dataclass(frozen=True)
class Words:
    """The words of one event in one language. `what` and `where` are made from the facts; `who` is said where the facts name nobody."""

    title: str
    what: Callable[[Facts], str]
    where: Callable[[Facts], str]
    who: str
    do: str


@dataclass(frozen=True)
class Language:
    """The words that all messages of a language share."""

    mark: str
    reminder: str
    ended: str
    where: str
    since: str
    until: str
    who: str
    do: str
    link: str
    more: str
    no_link: str


VI = Language(
    mark="[Số liệu CCHC]",
    reminder="Nhắc lại",
    ended="Đã ổn",
    where="Ở đâu",
    since="Từ khi nào",
    until="đến",
    who="Ai xử lý",
    do="Cần làm",
    link="Xem tại",
    more="… và {n} mục khác: {where}",
    no_link="`cchc alerts`",
)
EN = Language(
    mark="[Reform figures]",
    reminder="Reminder",
    ended="Well again",
    where="Where",
    since="Since",
    until="to",
    who="Who must act",
    do="What to do",
    link="See",
    more="… and {n} more: {where}",
    no_link="`cchc alerts`",
)
LANGUAGES = {"vi": VI, "en": EN}


def _moment(iso: str) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(ZONE):%d/%m/%Y %H:%M}"


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}"


def _number(value: float | None, language: str, kind: str = "flow") -> str:
    if value is None:
        return "—"
    text = f"{value:.0f}" if kind == "count" else f"{value:.2f}" if kind == "score" else f"{value:.2f} %"
    return text.replace(".", ",") if language == "vi" else text


def _reason(facts: Facts, label: str) -> str:
    text = " ".join(str(facts.get("reason") or "").split())
    cut = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"
    return f" {label}: {cut}" if cut else ""


def _source(facts: Facts) -> str:
    return f"{facts['source_name']} ({facts['source']})"


def _lacking_vi(facts: Facts) -> str:
    head = f"Kỳ {facts['period_name']}, chốt ngày {_day(facts['closes'])}: "
    if facts["lacking"] == "source":
        return f"{head}nguồn {_source(facts)} mới có số liệu đến {_moment(facts['known_at'])}, chưa đến hết kỳ"
    if facts["lacking"] == "gap":
        return head + str(facts["gap"])
    return f"{head}{facts['unit_name']} chưa có số liệu {COVERAGES.get(facts['coverage'], (facts['coverage'],))[0]}"


def _lacking_en(facts: Facts) -> str:
    head = f"Period {facts['period']}, closed on {facts['closes']}: "
    if facts["lacking"] == "source":
        return f"{head}source {_source(facts)} is known only until {_moment(facts['known_at'])}, not to the end of the period"
    if facts["lacking"] == "gap":
        return f"{head}data are missing ({facts['gap']})"
    return f"{head}{facts['unit_name']} has sent no {COVERAGES.get(facts['coverage'], ('', facts['coverage']))[1]}"


def _column_vi(facts: Facts) -> str:
    blocked = "; tệp bị chặn, không có số liệu nào được nạp" if facts["is_blocked"] else "; số liệu vẫn được nạp, các giá trị này để trống"
    return f"Cột {facts['fields']} không còn trong lần gửi mới nhất của {facts['what']}{blocked}"


def _column_en(facts: Facts) -> str:
    blocked = "; it is blocked, nothing of it was loaded" if facts["is_blocked"] else "; it was loaded, and these values are empty"
    return f"The column {facts['fields']} is gone from the newest delivery of {facts['what']}{blocked}"


def _target_vi(facts: Facts) -> str:
    value, met, target = (_number(facts[key], "vi", facts["kind"]) for key in ("value", "met_value", "target"))
    status = "chậm tiến độ" if facts["status"] == "behind" else "chưa đạt"
    lacking = f", còn thiếu {facts['gap_count']}" if facts["gap_count"] else ""
    before = f"; kỳ {facts['met_period']} còn đạt, {met}" if facts["met_period"] else ""
    return (
        f"Chỉ tiêu {facts['target_no']} {facts['name_vi']}: {status}, {value} (mục tiêu {target}{lacking}), lũy kế đến {facts['period']}"
        f"{before}"
    )


def _target_en(facts: Facts) -> str:
    value, met, target = (_number(facts[key], "en", facts["kind"]) for key in ("value", "met_value", "target"))
    lacking = f", {facts['gap_count']} missing" if facts["gap_count"] else ""
    before = f"; it was met in {facts['met_period']} with {met}" if facts["met_period"] else ""
    return (
        f"Target {facts['target_no']} {facts['name_en']} is {facts['status']}: {value} (target {target}{lacking}), year to date "
        f"{facts['period']}{before}"
    )


def _outlook_vi(facts: Facts) -> str:
    expected, target = _number(facts["expected"], "vi"), _number(facts["target"], "vi")
    words = f"{facts['words_vi'][0].lower()}{facts['words_vi'][1:]}"
    return (
        f"Chỉ tiêu {facts['target_no']} {facts['name_vi']}: {words} năm {facts['year']}; dự báo cuối năm {expected}, mục tiêu {target} "
        f"(theo số liệu đến {facts['period']})"
    )


def _outlook_en(facts: Facts) -> str:
    expected, target = _number(facts["expected"], "en"), _number(facts["target"], "en")
    return (
        f"Target {facts['target_no']} {facts['name_en']} will probably be missed in {facts['year']}: expected {expected}, target {target}, "
        f"probability of reaching it {facts['probability']:.0%} (by the data to {facts['period']})"
    )


def _late_vi(facts: Facts) -> str:
    late = f"Lượt chạy chưa xong sau {facts['hours']:g} giờ (hạn {_moment(facts['deadline'])})"
    return f"{late}, đang ở trạng thái {facts['state']}; vẫn chạy tiếp"


def _late_en(facts: Facts) -> str:
    return (
        f"The run is {facts['state']} and not done {facts['hours']:g} hours after it was queued (deadline {_moment(facts['deadline'])}). "
        "It goes on"
    )


def _restarted_vi(facts: Facts) -> str:
    if facts["reason"]:
        return f"{facts['process']} đã dừng và không khởi động lại được." + _reason(facts, "Lý do")
    span = f"lúc {_moment(facts['last'])}"
    if facts["count"] > 1:
        span = f"{facts['count']} lần từ {_moment(facts['first'])} đến {_moment(facts['last'])}"
    return f"{facts['process']} tự dừng và đã được khởi động lại {span}; trong bảy ngày qua: {facts['in_a_week']} lần"


def _restarted_en(facts: Facts) -> str:
    if facts["reason"]:
        return f"{facts['process']} has ended and cannot be started again." + _reason(facts, "Reason")
    span = f"at {_moment(facts['last'])}"
    if facts["count"] > 1:
        span = f"{facts['count']} times from {_moment(facts['first'])} to {_moment(facts['last'])}"
    return f"{facts['process']} had ended by itself and was started again {span}; in the last seven days: {facts['in_a_week']}"


def _unit(facts: Facts) -> str:
    return f"{facts['unit_name']} ({facts['unit']})"


def _run(facts: Facts) -> str:
    return f"{facts['dag_id']}, {facts['run_id']}"


def _place(facts: Facts) -> str:
    return _unit(facts) if "unit" in facts else _source(facts)


APPROVER_VI, APPROVER_EN = "người phê duyệt số liệu", "the person who approves the figures"
OPERATOR_VI, OPERATOR_EN = "người vận hành hệ thống", "the operators"
WORDS: dict[str, dict[str, Words]] = {
    "load_blocked": {
        "vi": Words(
            "Tệp hoặc lần nạp bị chặn",
            lambda f: f"{f['what']} bị chặn, không có số liệu nào của nó được nạp." + _reason(f, "Lý do"),
            _source,
            OPERATOR_VI,
            "Nơi gửi sửa theo lý do đã nêu và gửi lại; cách làm: docs/runbooks/load_blocked.md.",
        ),
        "en": Words(
            "Load or file blocked",
            lambda f: f"{f['what']} is blocked, nothing of it was loaded." + _reason(f, "Reason"),
            _source,
            OPERATOR_EN,
            "The sender mends what the reason names and sends it again: docs/runbooks/load_blocked.md.",
        ),
    },
    "column_gone": {
        "vi": Words(
            "Mất cột số liệu", _column_vi, _source, OPERATOR_VI,
            "Hỏi nhà cung cấp cột đã đổi tên hay đã bỏ, hoặc sửa hồ sơ nguồn: docs/runbooks/load_blocked.md.",
        ),
        "en": Words(
            "Column gone", _column_en, _source, OPERATOR_EN,
            "Ask the vendor whether the column was renamed or removed, or mend the profile of the source: docs/runbooks/load_blocked.md.",
        ),
    },
    "source_late": {
        "vi": Words(
            "Nguồn gửi trễ",
            lambda f: f"Số liệu mới nhất đến {_moment(f['known_at'])}, cũ hơn lịch của nguồn cho phép." + _reason(f, "Lần chạy gần nhất"),
            _source, OPERATOR_VI,
            "Thử kết nối bằng `cchc doctor {source}`; lần chạy sau sẽ lấy lại phần còn thiếu: docs/runbooks/source_away.md.",
        ),
        "en": Words(
            "Source late",
            lambda f: f"The newest data are of {_moment(f['known_at'])}, older than the schedule allows." + _reason(f, "The last run"),
            _source, OPERATOR_EN,
            "Try the connection with `cchc doctor {source}`; the next run asks for all that was missed: docs/runbooks/source_away.md.",
        ),
    },
    "coverage_missing": {
        "vi": Words(
            "Thiếu số liệu trước ngày chốt", _lacking_vi, _place, OPERATOR_VI,
            "Gửi số liệu còn thiếu trước ngày chốt; nếu không, kỳ được công bố khi chưa đủ: docs/runbooks/missing.md.",
        ),
        "en": Words(
            "Data missing before the closing day", _lacking_en, _place, OPERATOR_EN,
            "Send what is missing before the closing day, or the period is published without it: docs/runbooks/missing.md.",
        ),
    },
    "target_missed": {
        "vi": Words(
            "Chỉ tiêu chuyển từ đạt sang chưa đạt", _target_vi, _unit, OPERATOR_VI,
            "Xem các hồ sơ làm chỉ tiêu chưa đạt và chỉ đạo xử lý.",
        ),
        "en": Words(
            "Target turned from met to missed", _target_en, _unit, OPERATOR_EN, "Look at the dossiers behind the figure, and decide.",
        ),
    },
    "outlook_miss": {
        "vi": Words(
            "Dự báo không đạt chỉ tiêu năm", _outlook_vi, _unit, OPERATOR_VI,
            "Rà soát kế hoạch các tháng còn lại; cách tính: docs/guides/forms_findings_outlook.md.",
        ),
        "en": Words(
            "A target of the year will probably be missed", _outlook_en, _unit, OPERATOR_EN,
            "Review what is planned for the remaining months; the method: docs/guides/forms_findings_outlook.md.",
        ),
    },
    "restatement": {
        "vi": Words(
            "Số liệu đã công bố có thay đổi",
            lambda f: f"{f['count']} số liệu khác với lần công bố {f['edition']}",
            lambda f: f"kỳ {f['period_name']}",
            APPROVER_VI,
            "Xem `cchc restatements KỲ --items` và phê duyệt điều chỉnh, hoặc giữ nguyên: docs/guides/publication.md.",
        ),
        "en": Words(
            "Published figures have changed",
            lambda f: f"{f['count']} figures differ from edition {f['edition']}",
            lambda f: f"period {f['period']}",
            APPROVER_EN,
            "See `cchc restatements PERIOD --items`, and approve the restatement or leave it: docs/guides/publication.md.",
        ),
    },
    "approval_waiting": {
        "vi": Words(
            "Chờ phê duyệt công bố",
            lambda f: f"Kỳ {f['period_name']} chờ phê duyệt để công bố",
            _run,
            APPROVER_VI,
            "Mở Airflow, đọc nội dung của bước approval rồi chọn Approve hoặc Reject: docs/guides/publication.md.",
        ),
        "en": Words(
            "Publication waits for approval",
            lambda f: f"Period {f['period']} waits to be approved",
            _run,
            APPROVER_EN,
            "Open Airflow, read what the task approval shows, and choose Approve or Reject: docs/guides/publication.md.",
        ),
    },
    "deadline_passed": {
        "vi": Words(
            "Quá hạn hoàn thành",
            _late_vi,
            _run,
            OPERATOR_VI,
            "Xem trong Airflow bước nào đang chờ hoặc đang chạy: docs/runbooks/airflow.md.",
        ),
        "en": Words(
            "Deadline passed",
            _late_en,
            _run,
            OPERATOR_EN,
            "See in Airflow which task of it waits or runs: docs/runbooks/airflow.md.",
        ),
    },
    "run_failed": {
        "vi": Words(
            "Lượt chạy bị lỗi",
            lambda f: f"Bước {f['task']} bị lỗi." + _reason(f, "Lý do"),
            _run,
            OPERATOR_VI,
            "Đọc nhật ký của bước trong Airflow, chạy `cchc doctor`; khi đã khắc phục thì chạy lại: docs/runbooks/airflow.md.",
        ),
        "en": Words(
            "Run failed",
            lambda f: f"The task {f['task']} has failed." + _reason(f, "Reason"),
            _run,
            OPERATOR_EN,
            "Read the log of the task in Airflow, run `cchc doctor`, and when the cause is mended run it again: docs/runbooks/airflow.md.",
        ),
    },
    "process_restarted": {
        "vi": Words(
            "Tiến trình tự dừng",
            _restarted_vi,
            lambda f: f"nhật ký {f['log']}",
            OPERATOR_VI,
            "Nếu xảy ra nhiều lần: đọc nhật ký đã nêu, kiểm tra bộ nhớ và ổ đĩa; `cchc doctor`: docs/runbooks/stopped.md.",
        ),
        "en": Words(
            "A process had ended by itself",
            _restarted_en,
            lambda f: f"log {f['log']}",
            OPERATOR_EN,
            "Where it happens often, read the log that is named, look at memory and disk, and ask `cchc doctor`: docs/runbooks/stopped.md.",
        ),
    },
    "published": {
        "vi": Words("Đã công bố", lambda f: f["text"], lambda f: f"kỳ {f['period_name']}", APPROVER_VI, "Không phải làm gì."),
        "en": Words("Published", lambda f: f["text"], lambda f: f"period {f['period']}", APPROVER_EN, "Nothing."),
    },
    "undelivered": {
        "vi": Words(
            "Không gửi được thông báo",
            lambda f: f"{f['count']} nội dung chưa gửi được." + _reason(f, "Lý do"),
            lambda f: f"người nhận {f['recipient']} ({f['channel']})",
            OPERATOR_VI,
            "Kiểm tra kết nối của người nhận; lần gửi sau sẽ thử lại: docs/runbooks/alerts.md.",
        ),
        "en": Words(
            "Messages could not be delivered",
            lambda f: f"{f['count']} messages wait." + _reason(f, "Reason"),
            lambda f: f"recipient {f['recipient']} ({f['channel']})",
            OPERATOR_EN,
            "Check the connection of the recipient; the next sending tries again: docs/runbooks/alerts.md.",
        ),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """A message, rendered."""

    subject: str
    text: str


def render(items: Sequence[Waiting], language: str, links: Links | None) -> Message:
    """The message about some things of one event and one kind (opened, reminder, ended).

    `links`: the addresses of the dashboard; None: a message has no links to it.
    """
    common = LANGUAGES[language]
    first = items[0]
    words = WORDS[first.event][language]
    prefix = {ENDED: f"{common.ended}: ", REMINDER: f"{common.reminder}: "}.get(first.kind, "")
    count = f" ({len(items)})" if len(items) > 1 else ""
    lines = []
    for number, item in enumerate(items[:MOST_ITEMS], 1):
        lines += _item(item, words, common, links, f"{number}. " if len(items) > 1 else "")
    if len(items) > MOST_ITEMS:
        where = links.health() if links else common.no_link
        lines += [common.more.format(n=len(items) - MOST_ITEMS, where=where), ""]
    if first.kind != ENDED:
        lines.append(f"{common.do}: {first.trouble.facts.get(f'do_{language}') or _filled(words.do, items)}")
    return Message(f"{common.mark} {prefix}{words.title}{count}", "\n".join(lines).rstrip() + "\n")


def what_and_where(trouble: Trouble, language: str) -> str:
    """One line about a trouble."""
    words = WORDS[trouble.event][language]
    return f"{words.where(trouble.facts)}: {words.what(trouble.facts)}"


def since(trouble: Trouble) -> str:
    """Since when it has been so, for people."""
    return f"{trouble.since.astimezone(ZONE):%d/%m/%Y %H:%M}"


def _item(item: Waiting, words: Words, common: Language, links: Links | None, number: str) -> list[str]:
    facts = item.trouble.facts
    span = since(item.trouble)
    if item.ended_at is not None:
        span += f" {common.until} {item.ended_at.astimezone(ZONE):%d/%m/%Y %H:%M}"
    lines = [f"{number}{words.what(facts)}", f"{common.where}: {words.where(facts)}", f"{common.since}: {span}"]
    if item.kind != ENDED:
        lines.append(f"{common.who}: {facts.get('who') or words.who}")
    address = link(item.trouble, links)
    if address:
        lines.append(f"{common.link}: {address}")
    return [*lines, ""]


def _filled(text: str, items: Sequence[Waiting]) -> str:
    sources = sorted({item.trouble.source for item in items if item.trouble.source})
    return text.replace("{source}", " ".join(sources) or "SOURCE")


def link(trouble: Trouble, links: Links | None) -> str | None:
    """Where to look: the page of the dashboard, or the run in Airflow; None where no address is known."""
    facts = trouble.facts
    if facts.get("url"):
        return str(facts["url"])
    if links is None:
        return None
    if trouble.event in ("load_blocked", "column_gone"):
        return links.load(facts["load_id"]) if facts["load_id"] is not None else links.health()
    if trouble.event in ("target_missed", "outlook_miss"):
        return links.indicator(facts["indicator"], View(period=facts["period"], scope=facts["unit"]))
    if trouble.event == "coverage_missing":
        return links.health(View(period=facts["period"]))
    if trouble.event == "restatement":
        return links.publication(facts["publication_id"])
    if trouble.event in ("approval_waiting", "published"):
        return links.publications()
    return links.health()
