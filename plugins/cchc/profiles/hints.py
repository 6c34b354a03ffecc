"""What vendors call the fields that fill the columns of the models: the names in the project's own profiles, and more by column."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

from cchc.errors import NotConfigured
from cchc.near import plain
from cchc.sources.profile import list_profiles, load_profile

LEAST = 0.8
PART = 0.85
SHORTEST = 5  # a shorter word is no hint where it is only a part of a name
# by column: names without blanks, accents and punctuation
WORDS: dict[str, tuple[str, ...]] = {
    "dossier_code": (
        "mahoso",
        "sohoso",
        "mahs",
        "sobiennhan",
        "dossier",
        "caseid",
        "caseconceptname",
        "casenumber",
        "requestid",
        "applicationnumber",
        "permitnumber",
        "casereference",
        "expediente",
        "numexpediente",
        "numerodossier",
        "iddossier",
        "aktenzeichen",
        "zaaknummer",
    ),
    "received_at": (
        "ngaynhan",
        "ngaytiepnhan",
        "thoigiantiepnhan",
        "tiepnhan",
        "received",
        "receivedat",
        "opened",
        "startdate",
        "opendate",
        "receiveddate",
        "datereceived",
        "applicationdate",
        "fechadesolicitud",
        "fechasolicitud",
        "fechadeentrada",
        "datedepot",
        "datededepot",
        "datereception",
        "eingangsdatum",
    ),
    "submitted_at": ("ngaynop", "thoigiannop", "submitted", "submittedat"),
    "due_at": (
        "ngayhentra",
        "hantra",
        "hanxuly",
        "henxong",
        "due",
        "duedate",
        "deadline",
        "target",
        "slatarget",
        "fechalimite",
        "datelimite",
        "dateecheance",
        "frist",
    ),
    "processed_at": (
        "ngayketthuc",
        "ngayxong",
        "ngayhoanthanh",
        "closed",
        "closedat",
        "completed",
        "finished",
        "enddate",
        "resolved",
        "decisiondate",
        "datedecision",
        "datededecision",
        "fechaderesolucion",
        "fecharesolucion",
        "datecloture",
    ),
    "returned_at": ("ngaytra", "ngaytraketqua", "returned", "handedover"),
    "unit_code": ("donvi", "madonvi", "coquan", "phongban", "donvixuly", "unit", "department", "office", "agency"),
    "unit_name": ("tendonvi", "tencoquan", "unitname", "departmentname"),
    "channel_code": ("kenh", "hinhthucnop", "kenhtiepnhan", "channel"),
    "status_code": ("trangthai", "tinhtrang", "status", "state"),
    "result_kind_code": ("loaiketqua", "ketqua", "result", "outcome"),
    "procedure_code": ("mathutuc", "matthc", "procedurecode"),
    "procedure_name": ("tenthutuc", "thutuc", "procedure", "subject"),
    "applicant_key": ("cccd", "socccd", "cmnd", "sodinhdanh", "nationalid"),
    "step_code": ("mabuoc", "idbuoc", "taskid", "stepid", "eventid"),
    "action_name": ("conceptname", "hanhdong", "congviec", "buoc", "activity", "action", "task"),
    "done_at": ("timetimestamp", "thoigian", "luc", "ngayhoanthanh", "timestamp", "doneat", "completedat"),
    "document_code": ("mavanban", "idvanban", "documentid"),
    "document_sign": ("sokyhieu", "sovanban", "reference"),
    "issued_date": ("ngaybanhanh", "ngayky", "issued", "issuedate"),
    "deleted_at": ("ngayxoa", "thoigianxoa", "ngayhuy", "deletedon", "deletedat", "deleteddate", "removedat", "removedon"),
    "amount_vnd": ("sotien", "tongtien", "amount", "total"),
    "paid_at": ("ngaythanhtoan", "thoigianthanhtoan", "paidat", "paymentdate"),
}
CHANGED = (
    "ultimamodificacion",
    "fechamodificacion",
    "datemodification",
    "datemaj",
    "misajour",
    "updateddate",
    "lastupdate",
    "ngaysua",
    "ngaysuacuoi",
    "ngaycapnhat",
    "thoigiancapnhat",
    "updated",
    "updatedat",
    "modified",
    "lastmodified",
    "changedat",
)


def letters(name: str) -> str:
    """A name without case, accents, blanks and punctuation."""
    return "".join(letter for letter in plain(name) if letter.isalnum())


def vendor_words(sources_dir: Path, model: str) -> dict[str, set[str]]:
    """By column of a model: the names under which it may be delivered. Profiles that cannot be read give none."""
    words = {column: set(names) for column, names in WORDS.items()}
    for source in list_profiles(sources_dir):
        try:
            profile = load_profile(sources_dir, source)
        except NotConfigured:
            continue
        for entity in profile.entities.values():
            for column in entity.columns if entity.model == model else ():
                if column.source is not None:
                    words.setdefault(column.name, set()).add(letters(column.source))
    return words


def likeness(field: str, column: str, words: set[str]) -> float:
    """How near the name of a field is to a column and its words: 1 for an equal name, 0 where nothing is near."""
    name = letters(field)
    best = 0.0
    for word in (letters(column), *words):
        if name == word:
            return 1.0
        is_part = (len(word) >= SHORTEST and word in name) or (len(name) >= SHORTEST and name in word)
        ratio = SequenceMatcher(None, name, word).ratio()
        best = max(best, PART if is_part else 0.0, ratio if ratio >= LEAST else 0.0)
    return best
