"""The simulator's file names."""

from dataclasses import replace

import pytest

from builders import START
from customers import Customer, Enter, Order
from depesche.blobs.store import Blob
from depesche.model.account import Account
from depesche.model.jobtype import JobType
from depesche.model.options import Options
from depesche.model.recipients import Given
from depesche.model.rules import Rule
from depesche.render.detect import Format
from depesche.usecases import simulate
from depesche.usecases.order import Order as Judged
from depesche.usecases.order import OrderFile, Submission
from depesche.usecases.refused import Refused

RULES = {
    "sandbox-damaged": Rule.DAMAGED,
    "sandbox-too-long": Rule.NOT_WHOLE,
    "sandbox-crash": Rule.CONVERTER,
    "sandbox-unsigned": Rule.SIGNING,
    "sandbox-store-full": Rule.STORE,
    "sandbox-server-error": Rule.SERVER,
}


@pytest.fixture
def account(customer: Customer) -> Account:
    assert customer.login.account is not None
    return customer.login.account


def order(*names: str) -> Judged:
    blob = Blob("key", 1, "sha")
    files = tuple(OrderFile(place, name, Format.PDF, blob) for place, name in enumerate(names, start=1))
    return Judged(Submission(0), JobType.FAX, (Given("1", ""),), files, Options(), START, "")


def test_the_documentation_names_these_and_no_others() -> None:
    assert {name.stem: name.rule for name in simulate.FILE_NAMES} == RULES


@pytest.mark.parametrize("stem", RULES)
@pytest.mark.parametrize("form", ["{}.pdf", "{}.PDF", "{}", "{}.tif", "ordner/{}.doc"])
def test_a_document_of_such_a_name_is_refused_as_if_it_had_happened(account: Account, stem: str, form: str) -> None:
    for name in (form.format(stem), form.format(stem.upper())):
        with pytest.raises(Refused) as refused:
            simulate.refuse(account, order("gut.pdf", name), frozenset(Rule))
        assert refused.value.rule is RULES[stem]
        assert "simulated" in refused.value.reason


@pytest.mark.parametrize("name", ["", "sandbox.pdf", "sandbox-damaged-2.pdf", "xsandbox-damaged.pdf", "damaged.pdf"])
def test_other_names_are_names(account: Account, name: str) -> None:
    simulate.refuse(account, order(name), frozenset(Rule))


def test_the_first_such_file_decides(account: Account) -> None:
    with pytest.raises(Refused) as refused:
        simulate.refuse(account, order("sandbox-crash.pdf", "sandbox-damaged.pdf"), frozenset(Rule))
    assert refused.value.rule is Rule.CONVERTER


def test_beyond_the_sandbox_nothing_is_simulated(account: Account) -> None:
    every = order(*[f"{stem}.pdf" for stem in RULES])
    simulate.refuse(replace(account, sandbox=False), every, frozenset(Rule))


@pytest.mark.parametrize("stem", RULES)
def test_documents_are_judged_before_the_money_and_all_else_behind_it(account: Account, stem: str) -> None:
    now, later = simulate.DOCUMENTS, simulate.AFTERWARDS
    if RULES[stem].row > Rule.BALANCE.row:
        now, later = later, now
    simulate.refuse(account, order(f"{stem}.pdf"), later)
    with pytest.raises(Refused):
        simulate.refuse(account, order(f"{stem}.pdf"), now)


@pytest.mark.anyio
async def test_what_the_contract_judges_before_is_told_before(enter: Enter) -> None:
    files = [("sandbox-server-error.pdf", b"%PDF-1.7 whatever")]
    customer = enter()
    assert (await customer.send(Order(2, "niemand", files=files))).code == 47
    assert (await customer.send(Order(2, "a@firma.de", files=files))).code == -4
