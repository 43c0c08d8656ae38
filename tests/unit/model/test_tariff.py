"""What sending costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.jobtype import JobType
from depesche.model.tariff import FREE, Price, amount, quote

LINES = (
    Price(JobType.FAX, "", Decimal("0.10"), Decimal("0.20")),
    Price(JobType.FAX, "+49", Decimal("0.02"), Decimal("0.05")),
    Price(JobType.FAX, "+493023125", Decimal("0.01"), Decimal("0.03333")),
    Price(JobType.SMS, "+49171", Decimal(0), Decimal("0.0795")),
    Price(JobType.MAIL, "", Decimal("0.005"), Decimal("0.01")),
    Price(JobType.LETTER, "", Decimal("0.85"), Decimal("0.12")),
    Price(JobType.LETTER_COLOUR, "", Decimal("0.85"), Decimal("0.25")),
    Price(JobType.QSIGN, "", Decimal(0), Decimal("0.30")),
)


@pytest.mark.parametrize(
    ("job_type", "units", "address", "cost"),
    [
        (JobType.FAX, 1, "+4312345678", "0.30"),
        (JobType.FAX, 2, "+4312345678", "0.50"),
        (JobType.FAX, 1, "+49401234560", "0.07"),
        (JobType.FAX, 3, "+49401234560", "0.17"),
        (JobType.FAX, 1, "+493023125000", "0.0433"),
        (JobType.FAX, 3, "+493023125000", "0.11"),
        (JobType.FAX, 1, "+49302312", "0.07"),
        (JobType.FAX, 1, "+4", "0.30"),
        (JobType.SMS, 2, "+491713920000", "0.159"),
        (JobType.SMS, 2, "+491603920000", "0"),
        (JobType.MAIL, 1, "a@firma.de", "0.015"),
        (JobType.MAIL, 99, "a@firma.de", "0.015"),
        (JobType.LETTER, 2, "Muster, Hamburg", "1.09"),
        (JobType.LETTER, 2, "", "1.09"),
        (JobType.LETTER_COLOUR, 2, "", "1.35"),
        (JobType.QSIGN, 5, "a@firma.de", "0.30"),
    ],
)
def test_base_and_units_by_the_longest_prefix(job_type: JobType, units: int, address: str, cost: str) -> None:
    assert quote(LINES, job_type, units).of(address) == Decimal(cost)


def test_without_a_line_all_is_free() -> None:
    assert FREE.of("+4940123456") == quote((), JobType.FAX, 5).of("+4940123456") == 0


@pytest.mark.parametrize(
    ("value", "booked"),
    [("0.00005", "0.0001"), ("0.00004999", "0"), ("0.12345", "0.1235"), ("-0.00005", "-0.0001"), ("7", "7")],
)
def test_amounts_are_booked_to_the_ten_thousandth(value: str, booked: str) -> None:
    assert amount(Decimal(value)) == Decimal(booked)
    assert amount(Decimal(value)).as_tuple().exponent == -4


PREFIXES = st.text("0123", max_size=4).map(lambda digits: f"+{digits}" if digits else "")


@given(st.dictionaries(PREFIXES, st.integers(0, 10_000)), st.text("0123", max_size=6))
def test_no_longer_prefix_would_have_fitted(prices: dict[str, int], digits: str) -> None:
    lines = [Price(JobType.SMS, prefix, Decimal(0), Decimal(unit)) for prefix, unit in prices.items()]
    address = f"+{digits}"
    fitting = [prefix for prefix in prices if address.startswith(prefix)]
    expected = prices[max(fitting, key=len)] if fitting else 0
    assert quote(lines, JobType.SMS, 1).of(address) == expected
