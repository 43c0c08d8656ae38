"""The interface in words has a word for everything that there is."""

from depesche.model import contract, options, statusfile, statusurl
from depesche.model.codes import SendJobCode
from depesche.model.result import Result


def test_every_code_of_an_order_is_yielded_by_something() -> None:
    assert {situation.code for situation in contract.OPERATIONS["SendJob"]} == set(SendJobCode)


def test_every_result_column_and_placeholder_has_its_meaning() -> None:
    assert list(contract.RESULTS) == list(Result)
    assert list(contract.STATUS_FILE) == list(statusfile.COLUMNS)
    assert list(contract.PLACEHOLDERS) == list(statusurl.PLACEHOLDERS)


def test_every_switch_of_the_interface_has_its_line() -> None:
    assert {switch.name for switch in options.SWITCHES} == {
        "ISDNABS",
        "CALLERID",
        "STATIONID",
        "FAXHEADER",
        "FAXRETRY",
        "RESOLUTION",
        "MAILFROM",
        "FLASHSMS",
        "SMSFROM",
        "STATURL",
    }
    assert {switch.name for switch in options.SWITCHES if not switch.valued} == {"FLASHSMS"}
