"""What the programs need is what ``make test`` installs."""

from pathlib import Path

from clients.customers import CUSTOMERS


def test_every_package_that_a_program_needs_is_installed_before_the_tests() -> None:
    lines = (Path(__file__).parent / "packages.txt").read_text().splitlines()
    installed = {line for line in lines if line and not line.startswith("#")}
    assert {package for customer in CUSTOMERS for package in customer.needs.values()} <= installed
