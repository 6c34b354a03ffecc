"""The encodings of text files: the old ones of Vietnamese letter by letter, the choice for each file, and what is refused by name."""

from __future__ import annotations

import io
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc.errors import NotConfigured
from cchc.sources.delivered import Unfinished, Unreadable
from cchc.sources.text_encodings import Recoded, choose
from cchc.sources.vietnamese_letters import encode, is_syllable
from tests.sources.conftest import records
from tests.sources.table_reading import Read, blocked, codes, with_layout
from tests.support.table_reports import profile_with

# the same words as people see them in a program that knows nothing of the encoding
KNOWN = {
    "tcvn3": ("Cộng hòa xã hội chủ nghĩa Việt Nam – đất ở", "Céng hßa x· héi chñ nghÜa ViÖt Nam – ®Êt ë"),
    "vni": (
        "CỘNG hòa xã hội chủ nghĩa Việt Nam, Ở Đồng Tỵ; bắc bằng thẳng sẵn đặc năm, phẩm mẫu thật ấy về, sử nữa thứ từ tư, giờ đỡ mới hợp ơn, "
        "chỉ thị chí gì, kỳ kỷ mỹ ý, phổ ngỗng tốt cô",
        "COÄNG hoøa xaõ hoäi chuû nghóa Vieät Nam, ÔÛ Ñoàng Tî; baéc baèng thaúng saün ñaëc naêm, phaåm maãu thaät aáy veà, söû nöõa thöù töø tö, "
        "giôø ñôõ môùi hôïp ôn, chæ thò chí gì, kyø kyû myõ yù, phoå ngoãng toát coâ",
    ),
}
SMALL = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
LETTERS = {"tcvn3": SMALL + "ABCĂÂÊÔƠƯĐXYZ", "vni": SMALL + SMALL.upper(), "windows-1258": SMALL + SMALL.upper()}
LINE = "Mã hồ sơ;Đơn vị;Thời gian / Tiếp nhận;Thời gian / Hẹn trả;Thời gian / Trả kết quả;Hình thức\n"
ROW = "BB-1;Phòng Mẫu;03/01/2023;10/01/2023;;Trực tuyến\n"
KEY = "layout.encodings"


def encoded(text: str, name: str) -> bytes:
    """A text in one of the encodings, as a sender writes it."""
    if name in ("tcvn3", "vni"):
        return encode(text, name)
    if name == "windows-1258":
        return b"".join(_in_1258(letter) for letter in normalize("NFC", text))
    return text.encode(name)


def _in_1258(letter: str) -> bytes:
    """A letter in windows-1258: whole, or with its tone as a letter of its own."""
    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        apart = normalize("NFD", letter)
        tone = next(mark for mark in "\u0300\u0309\u0303\u0301\u0323" if mark in apart)
        return (normalize("NFC", apart.replace(tone, "")) + tone).encode("cp1258")


@pytest.mark.parametrize("name", KNOWN)
def test_known_words(name: str) -> None:
    words, seen = KNOWN[name]
    assert encode(words, name) == seen.encode("cp1252")
    assert Recoded(io.BytesIO(seen.encode("cp1252")), name).readall() == words.encode()


@pytest.mark.parametrize("name", LETTERS)
@given(data=st.data())
def test_every_text_comes_back_whatever_the_pieces(name: str, data: st.DataObject) -> None:
    text = data.draw(st.text(LETTERS[name] + " ,;\n12", max_size=60))
    size = data.draw(st.integers(1, 7))
    stream = Recoded(_Pieces(encoded(text, name), size), name)
    assert stream.readall() == text.encode()


class _Pieces(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._size)


@pytest.mark.parametrize("name", ["tcvn3", "vni"])
def test_a_letter_that_an_encoding_lacks_is_an_error(name: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        encode("Müller", name)
    with pytest.raises(UnicodeEncodeError):
        encode("Ế", "tcvn3")
    with pytest.raises(UnicodeDecodeError):
        Recoded(io.BytesIO({"tcvn3": b"a\xc0", "vni": b"t\xf9"}[name]), name).readall()


def test_syllables() -> None:
    words = [
        "nghiêng",
        "quyền",
        "giếng",
        "khuỷu",
        "thuở",
        "ươm",
        "yêu",
        "Nguyễn",
        "đường",
        "gì",
        "của",
        "hoặc",
        "xoong",
        "huỳnh",
        "oai",
        "tỵ",
    ]
    assert [word for word in words if not is_syllable(word)] == []
    assert [word for word in ("Müller", "Tiáº¿p", "nhËn", "hßa", "Vieọt", "aợ", "ñöôïc") if is_syllable(word)] == []


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "windows-1258", "vni", "tcvn3"]
ALLOWED = ["utf-8", "utf-16", "windows-1258", "vni", "tcvn3"]


@pytest.mark.parametrize("name", ENCODINGS)
def test_each_file_is_read_in_its_own_encoding(read: Read, name: str) -> None:
    data = encoded(LINE + ROW, name)
    change = with_layout(encodings=ALLOWED, header_rows=None, below_header=None, end=None)
    load = read(data, change, "bao_cao_1.csv")
    assert (codes(load), load.manifest["encoding"]) == (["BB-1"], name.removesuffix("-sig"))
    assert load.manifest["fields"]["present"] == dict.fromkeys(LINE.strip().split(";"), 1)


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("told", ALLOWED)
def test_a_file_of_another_encoding_is_refused_by_name(name: str, told: str) -> None:
    if name.removesuffix("-sig") == told:
        assert choose(io.BytesIO(encoded(ROW, name)), [told], KEY) == told
        return
    with pytest.raises(Unreadable, match=f"not {told}: |by its byte order mark, which is not among {told}") as refused:
        choose(io.BytesIO(encoded(ROW, name)), [told], KEY)
    assert refused.value.keys == (KEY,)
    assert "Mẫu" not in str(refused.value)


def test_what_is_utf8_is_nothing_else() -> None:
    """Read as windows-1258 these words would be syllables, too."""
    with pytest.raises(Unreadable, match="not windows-1258: it is UTF-8"):
        choose(io.BytesIO("Hà, bà, xà".encode()), ["windows-1258"], KEY)
    assert choose(io.BytesIO(b"Ha, ba, xa"), ["windows-1258", "utf-8"], KEY) == "windows-1258", "without marks they are the same"


def test_a_file_of_none_of_them_is_blocked_with_the_reasons(read: Read) -> None:
    change = with_layout(encodings=["utf-8", "tcvn3"], header_rows=None, below_header=None, end=None)
    told = blocked(read(encoded(LINE + ROW, "vni"), change, "bao_cao_1.csv"))
    assert "it has none of the encodings that are allowed: not utf-8: byte 0x" in told
    assert "not tcvn3: " in told
    assert "look at entities.dossiers.layout.encodings in the profile table_files.yaml" in told
    load = read(encoded(LINE + ROW, "utf-8")[:10], change, "bao_cao_1.csv")
    assert load.status == "waiting"


def test_half_a_letter_at_the_end_waits() -> None:
    with pytest.raises(Unfinished, match="ends within a letter"):
        choose(io.BytesIO("Phòng Mẫ".encode()[:-1]), ["utf-8"], KEY)
    with pytest.raises(Unreadable, match=r"it has no byte order mark \(for such files say utf-16-le"):
        choose(io.BytesIO(ROW.encode("utf-16-le")), ["utf-16"], KEY)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"encodings": ["vn-1"]}, "encoding 'vn-1' is not known"),
        ({"delimiter": ";;"}, "a delimiter is one character"),
        ({"quote": "''"}, "'quote' is one character, or nothing"),
        ({"quote": ";", "delimiter": ";"}, "'quote' and 'delimiter' are the same character"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Any, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        profile_with(tmp_path, with_layout(**keys))


@pytest.mark.parametrize(
    ("keys", "row", "expected"),
    [
        ({"delimiter": "^"}, 'BB-1^"Phòng Mẫu"^03/01/2023^10/01/2023^^"Trực^tuyến"', ("BB-1", "Phòng Mẫu", "Trực^tuyến")),
        ({"delimiter": "|", "quote": "'"}, "BB-1|'Phòng Mẫu'|03/01/2023|10/01/2023||'Trực|tuyến'", ("BB-1", "Phòng Mẫu", "Trực|tuyến")),
        ({"quote": ""}, 'BB-1;"Phòng Mẫu;03/01/2023;10/01/2023;;x', ("BB-1", '"Phòng Mẫu', "x")),
    ],
)
def test_delimiter_and_quote(read: Read, keys: dict[str, Any], row: str, expected: tuple[str, ...]) -> None:
    separator = keys.get("delimiter", ";")
    data = (LINE.replace(";", separator) + row + "\n").encode()
    plain: dict[str, Any] = {"header_rows": None, "below_header": None, "end": None}
    (record,) = records(read(data, with_layout(**plain, **keys), "bao_cao_1.csv"))
    assert (record["Mã hồ sơ"], record["Đơn vị"], record["Hình thức"]) == expected
    load = read(data, with_layout(**plain), "bao_cao_1.csv")
    assert load.status != "landed" or records(load) == [None]
