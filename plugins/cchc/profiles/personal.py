"""Which fields of a source look like personal data, by their names and the shapes of their values. No value is ever repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cchc.near import plain

LEAST, SHARE = 3, 0.3  # so many values, and this share of them, must have the shape
LONGEST = 30
# what a field about a person is called, in small letters without accents, blanks and punctuation; a part of the name is enough
NAMES = {
    "name of a person": (
        "hoten", "hovaten", "tennguoi", "nguoinop", "tenchuhoso", "chuhoso", "nguoidaidien", "fullname", "applicantname", "firstname",
        "lastname", "surname", "applicant", "solicitante", "apellido", "nombrey", "demandeur", "nomdu", "prenom", "petitionnaire",
        "vorname",
        "nachname", "antragsteller", "richiedente", "aanvrager", "requerente",
    ),
    "identity number": ("cccd", "cmnd", "sogiayto", "sodinhdanh", "hochieu", "passport", "identitynumber", "idnumber", "nationalid",
        "dninif", "numerodni", "codicefiscale", "burgerservicenummer",
    ),
    "telephone number": ("dienthoai", "sodt", "sdt", "didong", "phone", "mobile", "telefon", "telephone"),
    "e-mail": ("email", "thudientu", "correoelectronico", "courriel"),
    "address": ("diachi", "thuongtru", "tamtru", "address", "street", "direccion", "domicilio", "adresse", "indirizzo"),
    "day of birth": ("ngaysinh", "namsinh", "birth"),
    "account": ("taikhoannganhang", "sotaikhoan", "accountnumber", "iban"),
}  # fmt: skip
# an identity number of 12 digits begins with the code of a province, 0xx; one of 9 digits that ends in 000 is rather an amount
SHAPES = {
    "identity number": re.compile(r"0\d{11}|\d{6}(?!000)\d{3}"),
    "telephone number": re.compile(r"(?:\+84|0)[ .]?\d(?:[ .]?\d){8,9}"),
    "e-mail": re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"),
    "name of a person": re.compile(
        r"(?:Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý)(?: [^\W\d_]+){1,5}", re.IGNORECASE
    ),
    "address": re.compile(
        r"(?:số )?\d+\S*,? .*\b(?:đường|thôn|ấp|khu phố|tổ dân phố|street|road)\b.*|.*\b(?:thôn|ấp) \d+.*", re.IGNORECASE
    ),
}


def kind_by_name(field: str) -> str | None:
    """The kind of personal data that a field's name speaks of; None where it speaks of none."""
    letters = "".join(letter for letter in plain(field) if letter.isalnum())
    return next((kind for kind, words in NAMES.items() if any(word in letters for word in words)), None)


def kind_by_values(values: Iterable[object]) -> str | None:
    """The kind of personal data whose shape many of these values have; None where they have no such shape."""
    texts = [str(value).strip() for value in values if value not in (None, "")]
    for kind, shape in SHAPES.items():
        met = sum(shape.fullmatch(text) is not None for text in texts)
        if met >= LEAST and met >= SHARE * len(texts):
            return kind
    return None


def is_personal(value: str) -> bool:
    """Whether one value has the shape of personal data."""
    return any(shape.fullmatch(value.strip()) for shape in SHAPES.values())


def shape_of(value: object) -> str:
    """The shape of a value: 9 for a digit, a or A for a letter, other signs as they are; cut off after 30 signs."""
    signs = ("9" if sign.isdigit() else "A" if sign.isupper() else "a" if sign.isalpha() else sign for sign in str(value)[: LONGEST + 1])
    shape = "".join(signs)
    return shape if len(shape) <= LONGEST else f"{shape[:LONGEST]}…"
