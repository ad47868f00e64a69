"""What a campaign says: the rules that its words keep, where its link may lead, and its fields filled in.

Words appear on lock screens, in front of whoever holds the phone. So they carry nobody's numbers, nothing that cannot
be seen, and no address but the city's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from core import taiwan
from core.errors import FieldError
from core.text import Text
from notify.campaigns.errors import CampaignRefused

MOST_TITLE_COLUMNS = 48
"""One line of a lock screen; a Han character takes two columns (Unicode TR11)."""
MOST_BODY_COLUMNS = 300
MOST_FIELDS = 10
DEFAULT_DOMAINS = ("kcg.gov.tw", "gov.tw")

_FIELD = re.compile(r"\{([a-z][a-z0-9_]{0,29})\}")
_APP_PATH = re.compile(r"/app(/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/?#-]*)?")
_HTTPS = re.compile(r"https://(?P<host>(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})(?:/[!-~]*)?")
_PARAMETERS = re.compile(r"(?i)[?#;=&]|%(?:3f|23|3b|3d|26)")
_DOMAIN = re.compile(r"(?i)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
# Beside the names in ASCII: any letters before a top level that is one of many (RFC 5890), and a bare IPv4 address.
_TOP_LEVELS = (
    "com|net|org|info|biz|xyz|top|site|shop|club|online|app|io|cc|me|tw|cn|hk|jp|kr|ru|台灣|台湾|臺灣|中国|中國|香港"
)
_FOREIGN_DOMAIN = re.compile(rf"(?i)[\w-]*[^\W\d_a-z][\w-]*\.(?:[\w-]+\.)*(?:{_TOP_LEVELS}|xn--[a-z0-9-]+)(?![\w-])")
_PUNYCODE = re.compile(r"(?i)(?<![a-z0-9-])xn--[a-z0-9-]+")
_IPV4 = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9])")
# Browsers read these as the dot between the labels of a name (UTS #46 §2.3).
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_CODED_TURN = re.compile(r"(?i)%(?:2e|2f|5c|25|00)")
_PERSON_NUMBER = re.compile(r"(?<![A-Z0-9])[A-Z][1289A-D][0-9]{8}(?![0-9])")
_BILL_NUMBER = re.compile(r"(?<![A-Z0-9])[A-Z]{1,3}[0-9]{7,}|[0-9]{12,}")
_TOKEN = re.compile(r"(?<![A-Z0-9-])[A-Z0-9]{2,4}-?[A-Z0-9]{2,4}(?![A-Z0-9-])")
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
# Fillers that are drawn as nothing although their category says letter or symbol, and the soft joiner.
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
_MOST_MARKS = 2
_LONG_VALUE = "1,234,567"


@dataclass(frozen=True, slots=True)
class Content:
    """The words of a campaign with `{fields}`, the link, and what a field reads where nobody fills it in."""

    title: Text
    body: Text
    link: str
    fields: Mapping[str, str]


def read_content(document: Mapping[str, Any], *, known_fields: Collection[str], domains: Collection[str]) -> Content:
    """The content of a JSON document.

    `known_fields` are filled in by the campaign's event, beside the document's own; a link (and any address in the
    words) leads to a path under /app or to one of `domains` by https. Raises CampaignRefused, naming every member that
    is wrong.
    """
    errors: list[FieldError] = []
    content = as_content(document)
    if len(content.fields) > MOST_FIELDS:
        errors.append(FieldError("/content/fields", f"has more than {MOST_FIELDS} fields"))
    for name, value in content.fields.items():
        pointer = f"/content/fields/{name}"
        if not _FIELD.fullmatch(f"{{{name}}}"):
            errors.append(FieldError("/content/fields", f"{name!r} is no name of a field: a to z, 0 to 9 and _"))
        errors += [FieldError(pointer, reason) for reason in what_is_wrong(value, domains=domains)]
    names = {*content.fields, *known_fields}
    samples = dict.fromkeys(known_fields, _LONG_VALUE) | dict(content.fields)
    for language, title, body in (
        ("zh", content.title.zh, content.body.zh),
        ("en", content.title.en, content.body.en),
    ):
        parts = (("title", title, MOST_TITLE_COLUMNS), ("body", body, MOST_BODY_COLUMNS))
        for part, words, most in parts:
            pointer = f"/content/{language}/{part}"
            errors += [FieldError(pointer, reason) for reason in _wrong_fields(words, names)]
            reasons = what_is_wrong(filled(words, samples), domains=domains, most_columns=most, lines=part == "body")
            errors += [FieldError(pointer, reason) for reason in reasons]
            if not _is_of(language, words):
                errors.append(FieldError(pointer, f"has no words in {'Chinese' if language == 'zh' else 'English'}"))
    if not may_lead_to(content.link, domains):
        reason = "leads neither to a path under /app nor by https to an address of the city or the state"
        errors.append(FieldError("/content/link", reason))
    if errors:
        raise CampaignRefused(errors=errors)
    return content


def as_content(document: Mapping[str, Any]) -> Content:
    """The content in a document whose members have the right form; nothing else is checked."""
    zh, en = document["zh"], document["en"]
    return Content(
        Text(_tidy(zh["title"]), _tidy(en["title"])),
        Text(_tidy(zh["body"]), _tidy(en["body"])),
        document["link"],
        {name: _tidy(value) for name, value in (document.get("fields") or {}).items()},
    )


def as_document(content: Content) -> dict[str, Any]:
    """The content as JSON."""
    return {
        "zh": {"title": content.title.zh, "body": content.body.zh},
        "en": {"title": content.title.en, "body": content.body.en},
        "link": content.link,
        "fields": dict(content.fields),
    }


def what_is_wrong(
    words: str, *, domains: Collection[str], most_columns: int = MOST_BODY_COLUMNS, lines: bool = False
) -> list[str]:
    """Every rule that these words break, in English; nothing where they may be shown on a lock screen."""
    found = []
    if not words:
        found.append("is empty")
    if columns(words) > most_columns:
        found.append(f"is longer than {most_columns} columns (a Han character takes two)")
    if hides_something(words, lines=lines):
        found.append("has a character that cannot be seen, or that turns the direction of what is read")
    as_typed = taiwan.normalise(words).upper()
    if _PERSON_NUMBER.search(re.sub(r"[\s-]", "", as_typed)) or _PERSON_NUMBER.search(as_typed):
        found.append("has what looks like somebody's ID number")
    if any(map(_is_plate, _TOKEN.findall(_with_hyphens(as_typed)))):
        found.append("has what looks like the plate of a vehicle")
    if _BILL_NUMBER.search(re.sub(r"(?<=[0-9])[ -](?=[0-9])", "", as_typed)):
        found.append("has what looks like the number of a bill")
    if _has_address(as_typed, domains) or _has_address(unicodedata.normalize("NFKC", words).translate(_DOTS), domains):
        found.append("has an address in it: give it as the link, which leads to the city or the state")
    return found


def checked_reason(reason: str) -> str:
    """Why something is taken back, as its recipients read it. Raises CampaignRefused."""
    tidy = _tidy(reason)
    wrong = what_is_wrong(tidy, domains=DEFAULT_DOMAINS, lines=True)
    if wrong:
        raise CampaignRefused(errors=[FieldError("/reason", each) for each in wrong])
    return tidy


def may_lead_to(link: str, domains: Collection[str]) -> bool:
    """Whether a campaign's link may be this: a path of the app, or https to one of the domains or below it."""
    if _APP_PATH.fullmatch(link):
        return ".." not in link and not _CODED_TURN.search(link.partition("?")[0])
    match = _HTTPS.fullmatch(link)
    path = link.partition("?")[0]
    return match is not None and "\\" not in link and not _CODED_TURN.search(path) and _is_among(match["host"], domains)


def names_only_a_page(link: str) -> bool:
    """Whether a campaign's link says nothing but which page: a path of the app, or an address without query, fragment
    and parameters, by which another site could be told whom the link was made for."""
    return bool(_APP_PATH.fullmatch(link)) or not _PARAMETERS.search(link)


def filled(words: str, values: Mapping[str, object]) -> str:
    """`words` with each `{field}` replaced by its value; a field without one stays as it is."""
    return _FIELD.sub(lambda match: str(values.get(match[1], match[0])), words)


def columns(words: str) -> int:
    """How many columns the words take where a Han character takes two (Unicode TR11: wide and full-width)."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in words)


def _tidy(words: str) -> str:
    return unicodedata.normalize("NFC", words).strip()


def _wrong_fields(words: str, known: Collection[str]) -> list[str]:
    unknown = sorted({name for name in _FIELD.findall(words) if name not in known})
    found = [f"{{{name}}} is not a field of this campaign" for name in unknown]
    if re.search("[{}]", _FIELD.sub("", words)):
        found.append("has a brace that is not part of a {field}")
    return found


def hides_something(words: str, *, lines: bool = False) -> bool:
    """Whether a character is not seen, turns the direction, or piles up marks; so is a line break unless `lines`."""
    marks = 0
    for character in words:
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        is_break = lines and character == "\n"
        if (category in _UNSEEN_CATEGORIES and not is_break) or character in _UNSEEN or marks > _MOST_MARKS:
            return True
    return False


def _has_address(words: str, domains: Collection[str]) -> bool:
    hosts = _DOMAIN.findall(words)
    if any(not _is_among(host.lower(), domains) for host in hosts) or "://" in words:
        return True
    return any(pattern.search(words) for pattern in (_FOREIGN_DOMAIN, _PUNYCODE, _IPV4))


def _is_of(language: str, words: str) -> bool:
    own = _FIELD.sub("", words)
    return bool(re.search("[\u3400-\u9fff]", own) if language == "zh" else re.search("[A-Za-z]{2}", own))


def _is_plate(token: str) -> bool:
    return taiwan.plate_valid(token) or (len(token) >= 6 and taiwan.plate_is_ambiguous(token))


def _with_hyphens(words: str) -> str:
    return re.sub(r"\s*-\s*", "-", taiwan.plate_normalise(words))


def _is_among(host: str, domains: Collection[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
