"""Wrong passwords are counted and slowed down, and a stranger who guesses elsewhere cannot keep a person out."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cchc.airflow.browsers import Browsers
from cchc.airflow.guesses import ADDRESS, LIMITS, LONGEST_WAIT, NAME, PAIR, Guesses
from cchc.airflow.proxies import Proxies
from cchc.errors import NotConfigured


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_each_wrong_password_after_the_tenth_waits_longer(tmp_path: Path) -> None:
    clock = Clock()
    guesses = Guesses(tmp_path, clock)
    reached = [guesses.begin("thu", "10.0.0.1").reached for _ in range(LIMITS[PAIR])]
    assert reached == [()] * 9 + [(PAIR,)], "told once, when it begins to wait"
    waits = []
    for _ in range(7):
        waits.append(guesses.begin("thu", "10.0.0.1").wait)
        clock.now += waits[-1]
        assert guesses.begin("thu", "10.0.0.1").wait == 0, "and then one more is looked at"
    assert waits == [61, 121, 241, 481, 901, 901, 901]
    assert stat.S_IMODE(guesses.path.stat().st_mode) == 0o600
    clock.now += 3601
    assert [guesses.begin("thu", "10.0.0.1").wait for _ in range(10)] == [0] * 10, "forgotten after an hour"


def test_many_at_once_do_not_pass_together(tmp_path: Path) -> None:
    def guess(_: int) -> bool:
        return Guesses(tmp_path).begin("thu", "10.0.0.1").wait == 0

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(guess, range(64))) == LIMITS[PAIR]


def test_a_person_is_not_kept_out_by_a_stranger(tmp_path: Path) -> None:
    guesses = Guesses(tmp_path, Clock())
    guesses.begin("thu", "10.0.0.1")
    guesses.right("thu", "10.0.0.1")
    told = [guesses.begin("thu", f"10.0.9.{host}").reached for host in range(60)]
    assert told.count((NAME,)) == 1
    assert guesses.begin("thu", "10.0.9.61").wait > 0, "the name waits, from wherever it is guessed"
    assert guesses.begin("thu", "10.0.0.1").wait == 0, "where the person was let in before, it still is"
    assert guesses.begin("binh", "10.0.9.61").wait == 0


def test_one_password_tried_with_many_names(tmp_path: Path) -> None:
    guesses = Guesses(tmp_path, Clock())
    told = [guesses.begin(f"name{number}", "10.0.9.1").reached for number in range(60)]
    assert told.count((ADDRESS,)) == 1
    assert guesses.begin("thu", "10.0.9.1").wait > 0
    assert guesses.begin("thu", "10.0.0.1").wait == 0


def test_a_right_password_forgets_its_own_mistakes_alone(tmp_path: Path) -> None:
    guesses = Guesses(tmp_path, Clock())
    for _ in range(LIMITS[PAIR] - 1):
        guesses.begin("thu", "10.0.0.1")
    guesses.begin("binh", "10.0.0.1")
    guesses.right("binh", "10.0.0.1")
    assert guesses.begin("thu", "10.0.0.1").reached == (PAIR,), "a guesser with an account of its own starts nothing anew"
    assert guesses.begin("thu", "10.0.0.1").wait > 0


@pytest.mark.parametrize("text", ["{", "[]", '{"wrong": {"a": 1}, "known": {}}', '{"wrong": null}'])
def test_a_file_that_is_damaged_is_told_and_written_anew(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    guesses = Guesses(tmp_path)
    guesses.path.write_text(text)
    assert guesses.begin("thu", "10.0.0.1").wait == 0
    assert f"{guesses.path} cannot be read" in caplog.text
    for _ in range(LIMITS[PAIR] - 1):
        guesses.begin("thu", "10.0.0.1")
    assert guesses.begin("thu", "10.0.0.1").wait > 0


def test_a_file_that_cannot_be_written_keeps_nobody_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "guesses.json").mkdir()
    guesses = Guesses(tmp_path)
    assert [guesses.begin("thu", "10.0.0.1").wait for _ in range(20)] == [0] * 20
    assert "not slowed down" in caplog.text


def test_nobody_waits_because_the_clock_was_set_back(tmp_path: Path) -> None:
    clock = Clock()
    guesses = Guesses(tmp_path, clock)
    for _ in range(LIMITS[PAIR]):
        guesses.begin("thu", "10.0.0.1")
    assert 0 < guesses.begin("thu", "10.0.0.1").wait <= LONGEST_WAIT + 1
    clock.now -= 86400
    assert guesses.begin("thu", "10.0.0.1").wait == 0


@pytest.mark.parametrize(
    ("setting", "client", "forwarded", "address"),
    [
        ("", "8.8.4.4", None, "8.8.4.4"),
        ("", "172.20.0.5", "10.0.0.1", "172.20.0.5"),  # somebody of the local network says it: nobody is trusted
        ("", "127.0.0.1", "10.0.0.1", "127.0.0.1"),
        ("172.20.0.5", "172.20.0.6", "10.0.0.1", "172.20.0.6"),  # not the proxy, but beside it
        ("172.20.0.5", "172.20.0.5", "8.8.4.4", "8.8.4.4"),
        ("172.20.0.0/30, 127.0.0.1", "127.0.0.1", "6.6.6.6, 8.8.4.4", "8.8.4.4"),  # the last one is what the proxy saw
        ("172.20.0.0/30, 127.0.0.1", "172.20.0.3", "8.8.4.4", "8.8.4.4"),
        ("172.20.0.0/30, 127.0.0.1", "172.20.0.4", "8.8.4.4", "172.20.0.4"),
        ("127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.4.4", "8.8.4.4"),
        ("fd00::/64", "fd00::5", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "127.0.0.1", "6.6.6.6, rubbish\r\nx", "an unknown address"),
        ("127.0.0.1", "127.0.0.1", None, "127.0.0.1"),
        ("localhost", "127.0.0.1", "8.8.4.4", "8.8.4.4"),
        ("no-such-machine.invalid", "127.0.0.1", "8.8.4.4", "127.0.0.1"),
        ("127.0.0.1", None, "8.8.4.4", "an unknown address"),
    ],
)
def test_from_where_somebody_asks(setting: str, client: str | None, forwarded: str | None, address: str) -> None:
    assert Proxies(setting).address_of((client, 1) if client else None, forwarded) == address


def test_a_proxy_that_is_not_trusted_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    proxies = Proxies("")
    for _ in range(3):
        proxies.address_of(("172.20.0.5", 1), "8.8.4.4")
    (told,) = caplog.messages
    assert told.startswith("172.20.0.5 names the address of whoever asks") and "CCHC_TRUSTED_PROXIES does not name it" in told


def test_a_name_is_looked_up_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container of the proxy that is started anew has another address; a request does not wait for its name each time."""
    clock, at, asked = Clock(), {"address": "127.0.0.5"}, []

    def found(name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(name)
        return [(0, 0, 0, "", (at["address"], 0))]

    monkeypatch.setattr("socket.getaddrinfo", found)
    proxies = Proxies("proxy-inside", clock)
    assert [proxies.address_of(("127.0.0.5", 1), "8.8.4.4") for _ in range(3)] == ["8.8.4.4"] * 3
    at["address"] = "127.0.0.6"
    clock.now += 61
    assert proxies.address_of(("127.0.0.5", 1), "8.8.4.4") == "127.0.0.5"
    assert proxies.address_of(("127.0.0.6", 1), "8.8.4.4") == "8.8.4.4"
    assert asked == ["proxy-inside"] * 2


@pytest.mark.parametrize("word", ["10.0.0.1/24", "10.0.0.0/33", "10.0.0", "http://proxy", "a b", "-x", "*"])
def test_a_word_that_is_no_proxy_is_named(word: str) -> None:
    with pytest.raises(NotConfigured, match=f"CCHC_TRUSTED_PROXIES: '{re.escape(word)}' is no address"):
        Proxies(f"10.0.0.5, {word}")


@pytest.mark.parametrize(
    ("headers", "is_foreign"),
    [
        ({"host": "cchc.vn", "origin": "https://cchc.vn"}, False),
        ({"host": "CCHC.vn:8443", "origin": "https://cchc.VN:8443"}, False),
        ({"host": "api-server:8080", "origin": "https://ours.vn"}, False),  # base_url, behind a proxy that changes the host
        ({"host": "api-server:8080", "x-forwarded-host": "cchc.vn", "origin": "https://cchc.vn"}, False),
        ({"host": "cchc.vn"}, False),  # a program
        ({"host": "cchc.vn", "sec-fetch-site": "same-origin"}, False),
        ({"host": "cchc.vn", "sec-fetch-site": "cross-site"}, True),
        ({"host": "cchc.vn", "sec-fetch-site": "same-site"}, True),
        ({"host": "cchc.vn", "origin": "null"}, True),
        ({"host": "cchc.vn", "origin": ""}, True),
        ({"host": "cchc.vn", "origin": "https://evil.example"}, True),
        ({"host": "cchc.vn", "origin": "https://cchc.vn.evil.example"}, True),
        ({"host": "cchc.vn", "origin": "https://cchc.vn:8088"}, True),  # Superset of the same server
        ({"host": "", "origin": "null"}, True),
    ],
)
def test_which_page_asks(headers: dict[str, str], is_foreign: bool) -> None:
    async def nothing(*_: object) -> None: ...

    assert Browsers(nothing, ["https://ours.vn", ""], lambda: "/", Proxies("")).is_foreign(headers) == is_foreign


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"host": "cchc.vn", "sec-fetch-site": "same-origin"}, True),  # the button of Airflow's page
        ({"host": "cchc.vn", "sec-fetch-site": "none"}, False),  # typed, or a link in an e-mail, to us or to a page that sends here
        ({"host": "cchc.vn", "sec-fetch-site": "cross-site", "referer": "https://cchc.vn/"}, False),
        ({"host": "cchc.vn", "sec-fetch-site": "same-site"}, False),
        ({"host": "cchc.vn", "referer": "http://cchc.vn/dags"}, True),  # an open line: no browser says from where
        ({"host": "api-server:8080", "referer": "https://ours.vn/"}, True),
        ({"host": "cchc.vn", "referer": "http://evil.example/cchc.vn"}, False),
        ({"host": "cchc.vn"}, False),
        ({"host": "", "referer": "about:blank"}, False),
    ],
)
def test_which_page_leads_to_the_logout(headers: dict[str, str], is_own: bool) -> None:
    async def nothing(*_: object) -> None: ...

    assert Browsers(nothing, ["https://ours.vn", ""], lambda: "/", Proxies("")).is_own_link(headers) == is_own
