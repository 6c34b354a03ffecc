"""The part `http` of a profile: login, pages, windows, what a request and an answer look like. `profile_file.py` has the rest."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Discriminator, Field, model_validator

from cchc.sources.paths import is_broken, place
from cchc.typed import Fault, Typed

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
WORDS = ("entity", "from", "to", "page", "offset", "limit", "cursor")
LOGIN_WORDS = ("login", "password")
_NAMED_TIMES = ("iso", "day", "epoch", "epoch_ms", "sequence")


def _check_path(path: str) -> str:
    if "{entity}" not in path:
        raise Fault(f"'path' must contain {{entity}}, found {path!r}.")
    return path


def _check_place(place: str) -> str:
    if is_broken(place):
        raise Fault(f"{place!r} begins with $ and is not a JSONPath, such as $.result.items[*].")
    return place


def _check_times(times: str) -> str:
    if times in _NAMED_TIMES:
        return times
    if "%" not in times or not all(sign in times for sign in ("%d", "%m")) or not ("%Y" in times or "%y" in times):
        raise Fault(
            f"times {times!r} is neither of {', '.join(_NAMED_TIMES)} nor a pattern of strftime with a whole day, such as %d/%m/%Y."
        )
    return times


Place = Annotated[str, AfterValidator(_check_place)]
TimesOf = Annotated[str, AfterValidator(_check_times)]
NO_PATH = "A key, or a JSONPath such as `result.items`."
TIMES = (
    "How the window is written: `iso`, `day` (YYYY-MM-DD), `epoch` (seconds), `epoch_ms`, a pattern of strftime such as `%d/%m/%Y`, or "
    "`sequence`: `from` is the number of a change (`sequence` of the entity), and `to` is not sent."
)


class OAuthFile(Typed):
    """A token is asked for with the connection's client id and secret."""

    kind: Literal["oauth_client_credentials"] = Field(description="OAuth 2 client credentials.")
    path: str = Field("/token", description="Where the token is.")


class ApiKeyFile(Typed):
    """The connection's password is sent as a key."""

    kind: Literal["api_key"] = Field(description="A key in a header of each request, or with `parameter` in its query.")
    header: str = Field("X-API-Key", description="The header.")
    parameter: str | None = Field(None, description="The parameter of the query that has the key, in place of a header.")


class NoneFile(Typed):
    """Everybody may ask; the connection needs no login."""

    kind: Literal["none"] = Field(description="No authentication.")


class BasicFile(Typed):
    """The connection's login and password are sent with each request."""

    kind: Literal["basic"] = Field(description="HTTP basic authentication.")


class BearerFile(Typed):
    """The connection's password is a token that does not change."""

    kind: Literal["bearer"] = Field(description="`Authorization: Bearer` and the password of the connection.")


class LoginFile(Typed):
    """A request with the connection's login and password is answered by a token; it is asked for anew where the token expires."""

    kind: Literal["login"] = Field(description="A login request that answers a token.")
    path: str = Field(description="Where the login is.")
    body: dict[str, Any] = Field(
        {"username": "{login}", "password": "{password}"},
        description='The JSON of the request. `"{login}"` and `"{password}"` stand for those of the connection; no secret stands here.',
    )
    token: Place = Field("token", description=f"Where the token stands in the answer. {NO_PATH}")
    header: str = Field("Authorization", description="The header that has the token in each request.")
    scheme: str = Field("Bearer", description='The word before the token; `""` for none.')

    @model_validator(mode="after")
    def _rules(self) -> LoginFile:
        check_words(self.body, LOGIN_WORDS, "body")
        return self


class WsSecurityFile(Typed):
    """The connection's login and password stand in a UsernameToken of WS-Security in the header of each envelope of SOAP (`body`)."""

    kind: Literal["ws_security"] = Field(description="WS-Security UsernameToken, with a nonce and a time of its own in each request.")
    form: Literal["digest", "text"] = Field(
        "digest",
        description="Whether the password is sent as a digest (SHA-1 with nonce and time, as the standard says) or as a text, which only "
        "TLS keeps secret.",
    )
    timestamp_seconds: int | None = Field(
        None, ge=1, le=86400, description="After how many seconds the request expires, in a Timestamp beside the token; without it none."
    )
    must_understand: bool = Field(True, description="Whether a server that does not know the header must refuse the request.")


class PagesFile(Typed):
    """What every paginator has."""

    nulls: ClassVar = {"data": "", "total": ""}

    beginning: date | None = Field(
        None, description="The first day of the window where everything is asked for; without it the window is then left out."
    )
    end: Literal["included", "excluded"] | None = Field(
        None, description="Whether the source takes the window's end as belonging to it; without it `included` for days, else `excluded`."
    )
    total_header: str | None = Field(None, description="The header with the number of records in the whole window, in place of `total`.")
    read_twice: bool = Field(
        False, description="Read the window until a second reading brings nothing new. For a source without a total that removes records."
    )


class NewPagesFile(PagesFile):
    """What the paginators have whose names are all free."""

    from_parameter: str | None = Field(None, alias="from", description="The parameter of the window's start; without it no window is sent.")
    to_parameter: str | None = Field(None, alias="to", description="The parameter of the window's end.")
    times: TimesOf = Field("iso", description=TIMES)
    data: Place = Field("", description=f"Where the records are in the answer; without it the answer is the list. {NO_PATH}")
    total: Place = Field("", description=f"Where their number in the whole window is; without it the end is found by the pages. {NO_PATH}")


class CursorFile(PagesFile):
    """Pages by an opaque cursor; the window is half-open and of instants."""

    kind: Literal["cursor"] = Field(description="Each page names the next one.")
    limit: int = Field(ge=1, description="Records in a page.")
    from_parameter: str = Field("changed_from", alias="from", description='The parameter of the window\'s start; `""`: none.')
    to_parameter: str = Field("changed_to", alias="to", description='The parameter of the window\'s end; `""`: none.')
    times: TimesOf = Field("iso", description=TIMES)
    data: Place = Field("data", description='The key of the records in the answer, or a path; `""`: the answer is the list.')
    total: Place = Field("total", description='The key of their number in the whole window, or a path; `""`: the source tells none.')
    next: Place = Field("next_cursor", description="The key of the next cursor, or a path.")
    next_header: str | None = Field(None, description="The header of the next cursor, in place of `next`.")
    cursor_parameter: str = Field("cursor", description="The parameter of the cursor.")
    limit_parameter: str = Field("limit", description='The parameter of `limit`; `""`: it is not sent.')
    absent_at_end: bool = Field(False, description="Without a total: whether the last page lacks the next cursor, instead of null.")


class PageNumberFile(PagesFile):
    """Pages by number; the window is of local days, both ends included, where `times` does not say otherwise."""

    kind: Literal["page_number"] = Field(description="Pages are asked for by number.")
    size: int = Field(ge=1, description="Records in a page.")
    from_parameter: str = Field("from", alias="from", description='The parameter of the window\'s first day; `""`: none.')
    to_parameter: str = Field("to", alias="to", description='The parameter of the window\'s last day; `""`: none.')
    times: TimesOf = Field("day", description=TIMES)
    data: Place = Field("content", description='The key of the records in the answer, or a path; `""`: the answer is the list.')
    total: Place = Field(
        "totalElements", description='The key of their number in the whole window, or a path; `""`: the source tells none.'
    )
    page_parameter: str = Field("page", description="The parameter of the page's number.")
    size_parameter: str = Field("size", description='The parameter of `size`; `""`: it is not sent.')
    first: Literal[0, 1] = Field(0, description="The number of the first page.")
    full_pages: bool = Field(False, description="Without a total: every page but the last is full, so a shorter page is the last one.")


class OffsetFile(NewPagesFile):
    """Pages by the number of records before them."""

    kind: Literal["offset"] = Field(description="Pages are asked for by offset and limit.")
    limit: int = Field(ge=1, description="Records in a page.")
    offset_parameter: str = Field("offset", description="The parameter of the offset.")
    limit_parameter: str = Field("limit", description='The parameter of `limit`; `""`: it is not sent.')
    full_pages: bool = Field(False, description="Without a total: every page but the last is full, so a shorter page is the last one.")


class LinkFile(NewPagesFile):
    """Each page names the address of the next one in its header `Link` (rel=next). Only the connection's own host is asked."""

    kind: Literal["link_header"] = Field(description="The header `Link` has the next page.")
    size: int | None = Field(None, ge=1, description="Records in a page.")
    size_parameter: str = Field("per_page", description="The parameter of `size`.")


class NextUrlFile(NewPagesFile):
    """Each page names the address of the next one in its body. Only the connection's own host is asked."""

    kind: Literal["next_url"] = Field(description="The body has the address of the next page.")
    next: Place = Field(description=f"Where the address of the next page is. {NO_PATH}")
    size: int | None = Field(None, ge=1, description="Records in a page.")
    size_parameter: str = Field("limit", description="The parameter of `size`.")
    absent_at_end: bool = Field(False, description="Without a total: whether the last page lacks the address, instead of null.")


class SingleFile(NewPagesFile):
    """One answer has everything."""

    kind: Literal["single"] = Field(description="There are no pages.")


AuthFile = Annotated[
    OAuthFile | ApiKeyFile | NoneFile | BasicFile | BearerFile | LoginFile | WsSecurityFile,
    Discriminator("kind"),
]
PaginatorFile = Annotated[
    CursorFile | PageNumberFile | OffsetFile | LinkFile | NextUrlFile | SingleFile,
    Discriminator("kind"),
]


class HttpFile(Typed):
    """How the source answers over HTTP."""

    auth: AuthFile = Field(description="How it knows who asks.")
    path: Annotated[str, AfterValidator(_check_path)] = Field(description="The path of an entity, with `{entity}` for its name.")
    paginator: PaginatorFile = Field(description="How a long answer is cut into pages.")
    timeout_seconds: float = Field(60.0, gt=0, le=3600, description="Seconds that one request may take.")
    retries: int = Field(6, ge=0, le=100, description="How often a request that failed is tried again.")
    parameters: dict[str, str] = Field({}, description="Parameters that every request of records has: name → value. No secret stands here.")
    headers: dict[str, str] = Field({}, description="Headers that every request of records has: name → value. No secret stands here.")
    body: dict[str, Any] | str | None = Field(
        None,
        description="The JSON of a request by POST, or, as a text, its XML (SOAP). `{from}`, `{to}`, `{page}`, `{offset}`, `{limit}`, "
        "`{cursor}` and `{entity}` in it stand for the window and the page; in JSON a key whose value is one of them alone is left out "
        "where there is none, and in XML nothing stands there.",
    )
    answers: Literal["json", "xml"] = Field(
        "json",
        description="What the answers are. With `xml` the places of `paginator` are names of elements from the outermost one on, `*` for "
        "any one (`Envelope.Body.*.items.item`), and a fault of SOAP is an error.",
    )
    requests_per_second: float | None = Field(None, gt=0, le=1000, description="No more requests than these are sent in a second.")

    @model_validator(mode="after")
    def _rules(self) -> HttpFile:
        if self.paginator.times == "sequence" and self.paginator.to_parameter:
            raise Fault("'times: sequence' has no end, so 'to' is \"\" there.", "paginator")
        if self.answers == "xml":
            _check_elements(self.paginator.data)
        self._check_envelope()
        if self.body is None:
            return self
        used = check_words(self.body, WORDS, "body")
        needed = {"page_number": "page", "offset": "offset", "cursor": "cursor"}.get(self.paginator.kind)
        if needed is not None and needed not in used:
            raise Fault(f"'body' never says {{{needed}}}, so every request would bring the same page.", "body")
        if isinstance(self.body, str):
            _check_xml(self.body)
        return self

    def _check_envelope(self) -> None:
        """Raise Fault for a token of WS-Security without an envelope to put it in."""
        if self.auth.kind != "ws_security":
            return
        from cchc.sources.ws_security import is_envelope  # it brings what sends requests

        if self.answers != "xml" or not isinstance(self.body, str):
            raise Fault(
                "'ws_security' is a header of SOAP: it goes with 'answers: xml' and a 'body' that is an envelope as a text.", "auth"
            )
        _check_xml(self.body)
        if not is_envelope(PLACEHOLDER.sub("x", self.body)):
            raise Fault("'ws_security' needs an envelope of SOAP 1.1 or 1.2, and 'body' is another XML.", "body")


def _check_elements(data: str) -> None:
    steps = place(data) if data else None
    if steps is None or any(type(step) is int for step in steps) or not any(type(step) is str for step in steps):
        raise Fault(
            f"'data' is {data!r}; with answers: xml it must be the names of elements from the outermost one to the records, such as "
            "Envelope.Body.*.items.item.",
            "paginator",
        )


def _check_xml(template: str) -> None:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        fromstring(PLACEHOLDER.sub("x", template).encode())
    except (DefusedXmlException, ParseError, LookupError, ValueError):
        raise Fault("'body' is a text and no XML; JSON is written as keys and values.", "body") from None


def check_words(template: Any, words: tuple[str, ...], place: str) -> set[str]:
    """The placeholders in the texts of a template. Raises Fault for one that is not in `words`."""
    used: set[str] = set()
    for text in _texts(template):
        used |= set(PLACEHOLDER.findall(text))
    for word in sorted(used - set(words)):
        raise Fault(f"{{{word}}} stands for nothing; there are {', '.join('{' + each + '}' for each in words)}.", place)
    return used


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
