"""Words in times: the names of months and weekdays and the halves of a day, in small letters.

Months have their names in English, Vietnamese, German, French, Spanish, Italian, Dutch and Portuguese: no word is one month in one of these
languages and another in another one (tests/values/test_dates.py). Weekdays and halves of a day are in English and Vietnamese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ENGLISH = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
# of other languages the names of the months, and how they are shortened, each also with a point
_OTHERS = (
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "jänner feber mrz",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "jan fev mar abr mai jun jul ago set out nov dez",
)
_VIETNAMESE = ("một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "mười một", "mười hai")
LONGEST_SHORT = 5
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MONTHS: dict[str, int] = (
    {name: number for number, name in enumerate(_ENGLISH, 1)}
    | {name[:3]: number for number, name in enumerate(_ENGLISH, 1)}
    | {f"tháng {name}": number for number, name in enumerate(_VIETNAMESE, 1)}
    | {f"{word}{number:{width}}": number for number in range(1, 13) for width in ("d", "02d") for word in ("tháng ", "thg ", "th", "t")}
    | {"sept": 9, "tháng giêng": 1, "tháng bốn": 4, "tháng chạp": 12}
    | {name: number for names in _OTHERS for number, name in enumerate(names.split(), 1)}
    | {f"{name}.": number for names in _OTHERS for number, name in enumerate(names.split(), 1) if len(name) <= LONGEST_SHORT}
)
WEEKDAYS: dict[str, int] = (
    {name: number for number, name in enumerate(_DAYS)}
    | {name[:3]: number for number, name in enumerate(_DAYS)}
    | {f"thứ {name}": number for number, name in enumerate(("hai", "ba", "tư", "năm", "sáu", "bảy"))}
    | {f"{word}{number}": number - 2 for number in range(2, 8) for word in ("thứ ", "t")}
    | {"chủ nhật": 6, "cn": 6}
)
HALVES: dict[str, bool] = {"am": False, "a.m.": False, "sa": False, "sáng": False, "pm": True, "p.m.": True, "ch": True, "chiều": True}

MONTHS_WRITTEN = {"MMM": [name[:3].title() for name in _ENGLISH], "MMMM": [name.title() for name in _ENGLISH]}
WEEKDAYS_WRITTEN = {"EEE": [name[:3].title() for name in _DAYS], "EEEE": [name.title() for name in _DAYS]}


def word(found: str) -> str:
    """A word of a text as it stands in the lists: in small letters, with single blanks."""
    return " ".join(found.lower().split())


def alternatives(words: Iterable[str]) -> str:
    """A regular expression that matches each of the words, the longest first, with any blanks between their parts."""
    return "|".join(r"\s+".join(re.escape(part) for part in name.split(" ")) for name in sorted(words, key=len, reverse=True))
