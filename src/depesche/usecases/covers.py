"""How an account's sheets in front of a fax look: shown, and changed by an operator."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from depesche.model.account import Account
from depesche.model.cover import (
    FIELDS,
    FOOTER_LINE,
    LARGEST_LOGO,
    LONGEST_FOOTER,
    LONGEST_HTML,
    MOST_FOOTER_LINES,
    Cover,
    fields,
)
from depesche.render.errors import RenderError
from depesche.store import audit, covers
from depesche.usecases.accounts import NotPossible, found
from depesche.usecases.compose import GERMAN, heading
from depesche.usecases.house import House

_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_SVG = "image/svg+xml"

SAMPLES = {
    True: "Betreff: Muster\n\nSehr geehrte Damen und Herren,\n\nso sieht das erste Blatt aus.\n\n"
    "Mit freundlichen Grüßen",
    False: "Subject: Sample\n\nDear Sir or Madam,\n\nthis is what the first sheet looks like.\n\nYours faithfully",
}
"""For who writes German, and for who does not."""


def sample(account: Account) -> str:
    """A text in the language of the account."""
    return SAMPLES[account.country in GERMAN]


async def show(house: House, number: str) -> tuple[Account, Cover]:
    """Raises: NotPossible."""

    def look(connection: sa.Connection) -> tuple[Account, Cover]:
        account = found(connection, number)
        return account, covers.of(connection, account.id)

    return await house.database.read(look)


async def change(
    house: House, actor: str, number: str, *, logo: bytes | None = None, footer: str | None = None,
    html: str | None = None,
) -> Cover:  # fmt: skip
    """Change what is given, and take away what is given as empty. It is set once before it is kept.

    Raises: NotPossible: it cannot be set, or something of it would be left out.
    """
    account, now_there = await show(house, number)
    wanted = now_there
    if logo is not None:
        wanted = replace(wanted, logo=as_address(logo) if logo else "")
    if footer is not None:
        wanted = replace(wanted, footer=_checked_footer(footer))
    if html is not None:
        wanted = replace(wanted, html=_checked_html(html) if html else "")
    await _try(house, account, wanted)
    now = house.now()

    def work(connection: sa.Connection) -> Cover:
        covers.put(connection, account.id, wanted, now)
        told = {"footer": wanted.footer, "logo": _sum(wanted.logo), "html": _sum(wanted.html)}
        audit.write(connection, now, actor, "account.cover", account.id, told)
        return wanted

    return await house.database.run(work)


def as_address(picture: bytes) -> str:
    """A logo as a ``data:`` address. Raises: NotPossible."""
    if len(picture) > LARGEST_LOGO:
        raise NotPossible(f"the logo has {len(picture)} bytes: {LARGEST_LOGO} are the most")
    kind = next((kind for mark, kind in _KINDS.items() if picture.startswith(mark)), "")
    if not kind and b"<svg" in picture[:4096]:
        kind = _SVG
    if not kind:
        raise NotPossible("the logo is neither PNG nor JPEG nor SVG")
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def _checked_footer(footer: str) -> str:
    if len(footer) > LONGEST_FOOTER:
        raise NotPossible(f"the footer has {len(footer)} characters: {LONGEST_FOOTER} are the most")
    kept = "".join(c for c in footer if c.isprintable() or c == "\n").strip("\n")
    lines = sum(max(1, -(-len(line) // FOOTER_LINE)) for line in kept.split("\n"))
    if lines > MOST_FOOTER_LINES:
        raise NotPossible(f"the footer has {lines} lines: {MOST_FOOTER_LINES} are the most")
    return kept


def _checked_html(html: str) -> str:
    if len(html) > LONGEST_HTML:
        raise NotPossible(f"the template has {len(html)} characters: {LONGEST_HTML} are the most")
    if "\0" in html:
        raise NotPossible("the template is no text")
    named = fields(html)
    unknown = sorted(named - set(FIELDS))
    if unknown:
        raise NotPossible(f"there is no field {unknown[0]}: there are {', '.join(FIELDS)}")
    if "text" not in named:
        raise NotPossible("the template has no field {{text}}: what customers write would be lost")
    return html


async def _try(house: House, account: Account, cover: Cover) -> None:
    """Set it with a sample. Raises: NotPossible."""
    page = heading(house, account, sample(account), house.now(), cover)
    try:
        async with house.blobs.workplace() as folder:
            made = await house.renderer.fax(page, [], Path(folder) / "cover.tif", account=account.id)
    except RenderError as error:
        raise NotPossible(f"the sheet cannot be set: {error}") from error
    if made.warnings:
        raise NotPossible(f"the sheet cannot be set as it is meant: {made.warnings[0]}")


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
