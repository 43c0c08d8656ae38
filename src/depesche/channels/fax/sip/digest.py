"""Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760), both sides of it."""

import hashlib
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Self
from urllib.parse import quote, unquote

from depesche.channels.fax.sip import grammar
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.grammar import BLANK, TOKEN
from depesche.channels.fax.sip.message import Request, Response

MOST_REALMS = 8
"""Whose challenges one `Authenticator` remembers."""

MOST_RENEWALS = 3
"""Nonces in a row that may be called stale before one was believed."""

NONCES_KEPT = 256
"""The last that were believed. More requests than that are hardly under way at once."""

_AUTH = "auth"
_AUTH_INT = "auth-int"
_SESSION = "-sess"


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha512_256(data: bytes) -> str:
    return hashlib.new("sha512_256", data).hexdigest()


_HASHES: dict[str, Callable[[bytes], str]] = {"sha-512-256": _sha512_256, "sha-256": _sha256, "md5": _md5}
"""The strongest first."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are."""

    user: str
    password: str = field(repr=False)
    realm: str = ""
    """Who may ask for them; empty: anybody."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The value of WWW-Authenticate or Proxy-Authenticate."""

    realm: str
    nonce: str
    algorithm: str = ""
    """As it is written; empty: not told, and so MD5."""

    qop: tuple[str, ...] = ()
    """In lower case; empty: as RFC 2069 had it."""

    opaque: str | None = None
    stale: bool = False
    """The nonce of the request was too old; its password was not looked at, or right."""

    utf8: bool = False
    """``charset=UTF-8``"""

    userhash: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: Malformed, also if it is none of Digest, or more than one."""
        [(scheme, given)] = _sole(_schemes(text))
        return cls._read(scheme, given)

    @classmethod
    def parse_list(cls, text: str) -> list[Self]:
        """Those of Digest among all that stand in one line, though SIP wants a line each. Raises: Malformed."""
        return [cls._read(scheme, given) for scheme, given in _schemes(text) if scheme == "digest"]

    @classmethod
    def _read(cls, scheme: str, given: dict[str, str]) -> Self:
        if scheme != "digest" or "realm" not in given or not given.get("nonce"):
            raise Malformed("the challenge is none of Digest")
        return cls(
            realm=given["realm"],
            nonce=given["nonce"],
            algorithm=given.get("algorithm", ""),
            qop=tuple(filter(None, (word.strip(BLANK).lower() for word in given.get("qop", "").split(",")))),
            opaque=given.get("opaque"),
            stale=given.get("stale", "").lower() == "true",
            utf8=given.get("charset", "").upper() == "UTF-8",
            userhash=given.get("userhash", "").lower() == "true",
        )

    def __str__(self) -> str:
        parts = [f"realm={grammar.quoted(self.realm)}", f"nonce={grammar.quoted(self.nonce)}"]
        parts += [f"opaque={grammar.quoted(self.opaque)}"] if self.opaque is not None else []
        parts += ["stale=true"] if self.stale else []
        plain = TOKEN.fullmatch(self.algorithm) is not None
        parts += [f"algorithm={self.algorithm if plain else grammar.quoted(self.algorithm)}"] if self.algorithm else []
        parts += [f"qop={grammar.quoted(','.join(self.qop))}"] if self.qop else []
        parts += ["charset=UTF-8"] if self.utf8 else []
        parts += ["userhash=true"] if self.userhash else []
        return f"Digest {', '.join(parts)}"

    @property
    def strength(self) -> int | None:
        """The less the stronger; None if it cannot be answered."""
        known = list(_HASHES)
        if _name(self.algorithm) not in known or (self.qop and self.protection == ""):
            return None
        return 2 * known.index(_name(self.algorithm)) + _is_session(self.algorithm)

    @property
    def protection(self) -> str:
        """The qop to answer with. Where there is a choice it is without the body, which some proxies change."""
        return next((word for word in (_AUTH, _AUTH_INT) if word in self.qop), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of Authorization or Proxy-Authorization."""

    user: str
    """With `userhash` not the name but its hash."""

    realm: str
    nonce: str
    uri: str
    response: str = ""
    algorithm: str = ""
    """As the challenge writes it."""

    cnonce: str = ""
    opaque: str | None = None
    qop: str = ""
    count: int = 0
    """How often the nonce was used, this time included; 0 without qop."""

    utf8: bool = False
    """Whether a name beyond ASCII is written as RFC 8187 has it."""

    userhash: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: Malformed."""
        [(scheme, given)] = _sole(_schemes(text))
        if scheme != "digest" or not given.keys() >= {"realm", "nonce", "uri", "response"}:
            raise Malformed("the credentials are none of Digest")
        count = given.get("nc", "")
        if count and not _COUNT.fullmatch(count):
            raise Malformed("nc is no count")
        charset, _, name = given.get("username*", "").partition("''")
        return cls(
            user=given.get("username", unquote(name) if charset.upper() == "UTF-8" else ""),
            realm=given["realm"],
            nonce=given["nonce"],
            uri=given["uri"],
            response=given["response"].lower(),
            algorithm=given.get("algorithm", ""),
            cnonce=given.get("cnonce", ""),
            opaque=given.get("opaque"),
            qop=given.get("qop", "").lower(),
            count=int(count or "0", 16),
            utf8="username*" in given,
            userhash=given.get("userhash", "").lower() == "true",
        )

    def __str__(self) -> str:
        extended = self.utf8 and not self.user.isascii()
        user = f"username*=UTF-8''{quote(self.user)}" if extended else f"username={grammar.quoted(self.user)}"
        parts = [user, f"realm={grammar.quoted(self.realm)}", f"nonce={grammar.quoted(self.nonce)}"]
        parts += [f"uri={grammar.quoted(self.uri)}", f'response="{self.response}"']
        parts += [f"algorithm={self.algorithm}"] if self.algorithm else []
        parts += [f"cnonce={grammar.quoted(self.cnonce)}"] if self.cnonce else []
        parts += [f"opaque={grammar.quoted(self.opaque)}"] if self.opaque is not None else []
        parts += [f"qop={self.qop}", f"nc={self.count:08x}"] if self.qop else []
        parts += ["userhash=true"] if self.userhash else []
        return f"Digest {', '.join(parts)}"

    def worked_out(self, credentials: Credentials, method: str, body: bytes) -> str:
        """What `response` has to be (RFC 7616 §3.4.1). Raises: KeyError, if the algorithm is not known."""
        digest = _HASHES[_name(self.algorithm)]
        secret = digest(_octets(_composed(credentials.user), self.realm, _composed(credentials.password)))
        if _is_session(self.algorithm):
            secret = digest(_octets(secret, self.nonce, self.cnonce))
        asked = [method, self.uri] + ([digest(body)] if self.qop == _AUTH_INT else [])
        used = [f"{self.count:08x}", self.cnonce, self.qop] if self.qop else []
        return digest(_octets(secret, self.nonce, *used, digest(_octets(*asked))))


def authorization(
    challenges: Sequence[str],
    credentials: Credentials,
    method: str,
    uri: str,
    body: bytes,
    cnonce: str,
    count: int = 1,
) -> str | None:
    """The value of (Proxy-)Authorization that answers the strongest of these challenges; None: there is none we can.

    Args:
        uri: the Request-URI as it is sent.
        cnonce: a random word of ours. With an algorithm of sessions the same as long as the nonce is the same.
        count: how often the nonce is used, this time included.
    """
    chosen = strongest(one for one in _readable(challenges) if credentials.realm in (one.realm, ""))
    return None if chosen is None else str(answer(chosen, credentials, method, uri, body, cnonce, count))


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """The first of those with the strongest algorithm (RFC 8760 §2.4 lets us choose); None: none can be answered."""
    known = [one for one in challenges if one.strength is not None]
    return min(known, key=lambda one: one.strength or 0, default=None)


def answer(
    challenge: Challenge, credentials: Credentials, method: str, uri: str, body: bytes, cnonce: str, count: int
) -> Answer:
    """As `authorization`, for one challenge whose algorithm is known."""
    user = _composed(credentials.user)
    if challenge.userhash:
        user = _HASHES[_name(challenge.algorithm)](_octets(user, challenge.realm))
    qop = challenge.protection
    bare = Answer(
        user=user,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        algorithm=challenge.algorithm,
        cnonce=cnonce if qop or _is_session(challenge.algorithm) else "",
        opaque=challenge.opaque,
        qop=qop,
        count=count if qop else 0,
        utf8=challenge.utf8,
        userhash=challenge.userhash,
    )
    return replace(bare, response=bare.worked_out(credentials, method, body))


def verify(given: str, challenge: Challenge, credentials: Credentials, method: str, body: bytes = b"") -> bool:
    """Whether these credentials answer the challenge. Takes as long for a wrong password as for the right one.

    Whether `Answer.count` is above the last one, and `Answer.uri` the one asked for, is for the caller to judge.
    """
    try:
        told = Answer.parse(given)
    except Malformed:
        return False
    as_asked = (told.realm, told.nonce, told.opaque, told.algorithm.lower() or "md5", bool(told.qop)) == (
        challenge.realm,
        challenge.nonce,
        challenge.opaque,
        challenge.algorithm.lower() or "md5",
        bool(challenge.qop),
    )
    if not as_asked or (told.qop and told.qop not in challenge.qop) or challenge.strength is None:
        return False
    user = _composed(credentials.user)
    if told.userhash:
        user = _HASHES[_name(told.algorithm)](_octets(user, told.realm))
    expected = told.worked_out(credentials, method, body)
    return _same(expected, told.response) & _same(user, told.user)


def _same(ours: str, theirs: str) -> bool:
    return compare_digest(_octets(ours), _octets(theirs))


@dataclass(slots=True)
class _Asked:
    """The last challenge of a realm."""

    challenge: Challenge
    credentials: Credentials
    count: int = 0
    cnonce: str = ""
    renewals: int = 0


_HEADERS = {"WWW-Authenticate": "Authorization", "Proxy-Authenticate": "Proxy-Authorization"}


class Authenticator:
    """Our credentials at one peer, and what was asked last: later requests bring their answer along."""

    def __init__(self, *credentials: Credentials) -> None:
        self._credentials = credentials
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._believed: deque[str] = deque(maxlen=NONCES_KEPT)

    def challenged(self, request: Request, response: Response) -> bool:
        """Note what a final response says; every one is wanted, since those that do not ask say who was believed.

        Returns: whether to `authorize` the request and send it again. No, if it asks for nothing that can be answered,
        or if it was answered and refused: then the password is wrong. That a nonce is refused which was believed before
        says nothing about that, whether the peer calls it stale or not.
        """
        answerable = False
        for question, reply in _HEADERS.items():
            asked = _readable(response.headers.every(question))
            given = {one.realm: one for one in _answers(request.headers.every(reply))}
            realms = dict.fromkeys(one.realm for one in asked)
            passed = {one.nonce for one in given.values() if one.realm not in realms}
            self._believed.extend(passed.difference(self._believed))
            for realm in realms:
                chosen = strongest(one for one in asked if one.realm == realm)
                credentials = self._of(realm)
                if chosen is None or credentials is None:
                    continue
                if not self._note((reply, realm), chosen, credentials, given.get(realm)):
                    return False
                answerable = True
        return answerable

    def authorize(self, request: Request, cnonce: str) -> None:
        """Put the answer to every challenge that is remembered into a request, in place of what stood there.

        Args:
            cnonce: a random word, another one each time.
        """
        for reply in _HEADERS.values():
            request.headers.remove(reply)
        for (reply, _), asked in self._asked.items():
            asked.count += 1
            if not asked.cnonce or not _is_session(asked.challenge.algorithm):
                asked.cnonce = cnonce
            value = answer(
                asked.challenge,
                asked.credentials,
                request.method,
                str(request.uri),
                request.body,
                asked.cnonce,
                asked.count,
            )
            request.headers.add(reply, str(value))

    def _of(self, realm: str) -> Credentials | None:
        """Those for exactly this realm before those for any."""
        fitting = [one for one in self._credentials if one.realm in (realm, "")]
        return max(fitting, key=lambda one: one.realm != "", default=None)

    def _note(self, key: tuple[str, str], challenge: Challenge, credentials: Credentials, given: Answer | None) -> bool:
        """Remember a challenge. Returns: False, if the answer to the one before is why it came."""
        before = self._asked.pop(key, None)
        renewals = 0
        if given is not None and given.nonce not in self._believed:
            renewals = 1 if before is None else before.renewals + 1
            if not challenge.stale or renewals > MOST_RENEWALS:
                return False
        if given is not None and given.nonce == challenge.nonce:
            return False
        while len(self._asked) >= MOST_REALMS:
            del self._asked[next(iter(self._asked))]
        self._asked[key] = _Asked(challenge, credentials, renewals=renewals)
        return True


_TOKEN = grammar.TOKEN.pattern
_PARAMETER = re.compile(
    rf"[ \t,]*(?:(?P<scheme>{_TOKEN})[ \t]+)?(?P<name>{_TOKEN})[ \t]*=[ \t]*"
    rf"(?P<value>{grammar.QUOTED.pattern}|[^ \t,\"]*)[ \t]*(?=,|\Z)",
    re.DOTALL,
)
_COUNT = re.compile("[0-9A-Fa-f]{8}")


def _schemes(text: str) -> list[tuple[str, dict[str, str]]]:
    """Each scheme in lower case with its parameters; the first of two equal ones counts. Raises: Malformed."""
    found: list[tuple[str, dict[str, str]]] = []
    text = text.rstrip(" \t,")
    position = 0
    while position < len(text):
        part = _PARAMETER.match(text, position)
        if part is None or not (found or part["scheme"]):
            raise Malformed("the challenge or the credentials have no form that we know")
        if part["scheme"]:
            found.append((part["scheme"].lower(), {}))
        found[-1][1].setdefault(part["name"].lower(), grammar.unquoted(part["value"]))
        position = part.end()
    return found


def _sole(found: list[tuple[str, dict[str, str]]]) -> list[tuple[str, dict[str, str]]]:
    if len(found) != 1:
        raise Malformed("there is no challenge, or more than one")
    return found


def _readable(values: Iterable[str]) -> list[Challenge]:
    """What cannot be read is passed over."""
    found: list[Challenge] = []
    for value in values:
        try:
            found += Challenge.parse_list(value)
        except Malformed:
            continue
    return found


def _answers(values: Iterable[str]) -> list[Answer]:
    """Those that we wrote ourselves; others are passed over."""
    found: list[Answer] = []
    for value in values:
        try:
            found.append(Answer.parse(value))
        except Malformed:
            continue
    return found


def _name(algorithm: str) -> str:
    return algorithm.lower().removesuffix(_SESSION) or "md5"


def _is_session(algorithm: str) -> bool:
    return algorithm.lower().endswith(_SESSION)


def _composed(text: str) -> str:
    """A name or a password with an ü as one character (RFC 7616 §4). Not what strangers sent: it may take long."""
    return unicodedata.normalize("NFC", text)


def _octets(*parts: str) -> bytes:
    """Joined by colons, as UTF-8."""
    return ":".join(parts).encode(errors="replace")
