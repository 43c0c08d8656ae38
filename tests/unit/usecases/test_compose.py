"""How the sender appears: from the options, else from the account; what is changed is a warning."""

from typing import Any

import pytest

from builders import rows
from customers import Enter, OpenHouse, Order
from depesche.store import schema

pytestmark = pytest.mark.anyio

SMS, MAIL = 1, 2
OWN, SECOND = "+493023125100", "+493023125200"

ACCOUNT: dict[str, Any] = {
    "name": "Müller GmbH",
    "mail_from": "info@firma.de",
    "mail_subject": "Nachricht",
    "sms_from": "Firma",
    "sender_addresses": ["zwei@firma.de"],
}

DEFAULTS = {
    "station_id": "Mueller GmbH",
    "fax_header": OWN,
    "caller_number": OWN,
    "sender": "Firma",
    "subject": "Nachricht",
    "flash": False,
    "status_url": "",
    "tell_each": False,
    "duplex": False,
}


async def composed(opened: OpenHouse, enter: Enter, order: Order) -> tuple[dict[str, Any], int]:
    """What differs from the account's own, and how many warnings there were but for switches of another job type."""
    customer = enter("10001", OWN, SECOND, **ACCOUNT)
    assert (await customer.send(order)).code == 0
    (job,) = opened.house.database.read_here(lambda connection: rows(connection, schema.job))
    changes = {name: value for name, value in job["sending"].items() if DEFAULTS[name] != value}
    return changes, sum("it is for" not in warning for warning in job["warnings"])


@pytest.mark.parametrize(
    ("options", "changes", "warnings"),
    [
        ("", {}, 0),
        ("STATIONID=Filiale", {"station_id": "Filiale"}, 0),
        ("STATIONID=Filiale Süd", {"station_id": "Filiale Sued"}, 1),
        ("STATIONID=123456789012345678901", {"station_id": "12345678901234567890"}, 1),
        ("STATIONID=", {}, 0),
        ("FAXHEADER=" + "x" * 30, {"fax_header": "x" * 30}, 0),
        ("FAXHEADER=" + "x" * 31, {"fax_header": "x" * 30}, 1),
        ("CALLERID=030 23125200", {"caller_number": SECOND}, 0),
        ("ISDNABS=+493023125200", {"caller_number": SECOND}, 0),
        ("CALLERID=+493023125200;ISDNABS=1", {"caller_number": SECOND}, 1),
        ("CALLERID=+4940123456", {}, 1),
        ("CALLERID=anonymous", {}, 1),
        ("FLASHSMS", {"flash": True}, 0),
        ("SMSFROM=Filiale", {"sender": "Filiale"}, 0),
        ("SMSFROM=12345678901", {"sender": "12345678901"}, 0),
        ("SMSFROM=1234567890123456", {"sender": "1234567890123456"}, 0),
        ("SMSFROM=+491713920000", {"sender": "+491713920000"}, 0),
        ("SMSFROM=12345678901234567", {}, 1),
        ("SMSFROM=Elf Zeichen", {"sender": "Elf Zeichen"}, 0),
        ("SMSFROM=Zwoelf Zeich", {}, 1),
        ("SMSFROM=Süd", {}, 1),
        ("SMSFROM=١٢٣", {}, 1),
        ("STATURL=http://firma.de/?j=$JID", {"status_url": "http://firma.de/?j=$JID"}, 0),
        ("STATURL=HTTPS://firma.de/", {"status_url": "HTTPS://firma.de/"}, 0),
        ("STATURL=www.firma.de/status &J=$JID", {"status_url": "http://www.firma.de/status&J=$JID"}, 0),
        ("STATURL=ftp://firma.de/", {}, 1),
        ("STATURL=file:///etc/passwd", {}, 1),
        ("STATURL=http://firma.de/" + "x" * 2032, {"status_url": "http://firma.de/" + "x" * 2032}, 0),
        ("STATURL=http://firma.de/" + "x" * 2033, {}, 1),
    ],
)
async def test_an_sms_appears_as_its_options_say(
    opened: OpenHouse, enter: Enter, options: str, changes: dict[str, Any], warnings: int
) -> None:
    assert await composed(opened, enter, Order(SMS, options=options)) == (changes, warnings)


@pytest.mark.parametrize(
    ("options", "sender"),
    [
        ("", "info@firma.de"),
        ("MAILFROM=zwei@firma.de", "zwei@firma.de"),
        ("MAILFROM=Info@Firma.DE", "Info@Firma.DE"),
        ("FLASHSMS;SMSFROM=Filiale", "info@firma.de"),
    ],
)
async def test_a_mail_comes_from_an_address_of_the_account(
    opened: OpenHouse, enter: Enter, options: str, sender: str
) -> None:
    changes, _ = await composed(opened, enter, Order(MAIL, "kunde@firma.de", options=options))
    assert changes == {"sender": sender}
