"""What an operator does with the trunks that carry faxes; every change is on the audit record, in its transaction."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from depesche.model.line import BadLine, Line, Standing
from depesche.store import audit, lines
from depesche.store import lessons as learnt
from depesche.store.lessons import Learnt
from depesche.usecases.accounts import NotPossible
from depesche.usecases.house import House


async def listed(house: House) -> list[Line]:
    """All, by name, without their secrets."""
    return [line for line, _ in await house.database.read(lines.every)]


async def standings(house: House) -> list[Standing]:
    """How they stand at each node that carries calls by them."""
    since = house.alive_since()
    return await house.database.read(lambda connection: lines.standings(connection, since))


async def shown(house: House, name: str) -> Line:
    """One. Raises: NotPossible."""
    return (await house.database.read(lambda connection: _found(connection, name)))[0]


async def add(house: House, actor: str, line: Line, secret: str) -> None:
    """A new one. Raises: NotPossible."""
    wanted, now = _checked(line), house.now()

    def work(connection: sa.Connection) -> None:
        if lines.one(connection, wanted.name) is not None:
            raise NotPossible(f"there is a line {wanted.name} already: `depesche line set {wanted.name}` changes it")
        lines.put(connection, wanted, secret, now)
        audit.write(connection, now, actor, "line.add", None, {"line": wanted.name, **wanted.as_json()})

    await house.database.run(work)


async def change(house: House, actor: str, name: str, values: dict[str, Any], secret: str | None = None) -> Line:
    """Another value for some of its properties; another secret, unless None. Raises: NotPossible."""
    now = house.now()

    def work(connection: sa.Connection) -> Line:
        had, had_secret = _found(connection, name)
        wanted = _checked(replace(had, **values))
        lines.put(connection, wanted, had_secret if secret is None else secret, now)
        told = {key: value for key, value in wanted.as_json().items() if value != had.as_json()[key]}
        secrecy = {"secret": "changed"} if secret is not None else {}
        audit.write(connection, now, actor, "line.set", None, {"line": name, **told, **secrecy})
        return wanted

    return await house.database.run(work)


async def remove(house: House, actor: str, name: str) -> None:
    """It is no more; calls on it go on. Raises: NotPossible."""
    now = house.now()

    def work(connection: sa.Connection) -> None:
        _found(connection, name)
        lines.remove(connection, name)
        audit.write(connection, now, actor, "line.remove", None, {"line": name})

    await house.database.run(work)


async def lessons(house: House) -> list[Learnt]:
    """What calls taught of single numbers, by number."""
    now = house.now()
    return await house.database.read(lambda connection: learnt.every(connection, now))


async def forget(house: House, actor: str, number: str) -> None:
    """Call a number as most are called. Raises: NotPossible."""
    now = house.now()

    def work(connection: sa.Connection) -> None:
        if not learnt.forget(connection, number):
            raise NotPossible(
                f"{number} is called as most are already: `depesche line lessons` shows those that are not"
            )
        audit.write(connection, now, actor, "line.forget", None, {"number": number})

    await house.database.run(work)


def _found(connection: sa.Connection, name: str) -> tuple[Line, str]:
    found = lines.one(connection, name)
    if found is None:
        raise NotPossible(f"there is no line {name}: `depesche line list` shows those that are")
    return found


def _checked(line: Line) -> Line:
    try:
        return line.checked()
    except BadLine as error:
        raise NotPossible(f"line {line.name}: {error}") from error
