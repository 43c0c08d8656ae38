"""``python -m depesche``."""

from depesche.cli.main import run

run()
