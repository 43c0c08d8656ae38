"""What a benchmark gives: a table, with what was measured and with what."""

from dataclasses import dataclass

from rich.table import Table as RichTable


@dataclass(frozen=True, slots=True)
class Table:
    """The result of one benchmark; one section of docs/reference/benchmarks.md."""

    title: str
    columns: tuple[str, ...]
    """Headings with their units. The first column names who was measured, the others are figures."""

    rows: tuple[tuple[str, ...], ...]
    versions: dict[str, str]
    """Of what was measured: ``{"Ghostscript": "10.00.0"}``. Depesche, Python and the machine go without saying."""

    notes: tuple[str, ...] = ()
    """Sentences: how it was measured, what each peer does and does not do."""

    def rich(self) -> RichTable:
        """For the terminal."""
        table = RichTable(title=self.title, caption="\n".join(self.notes) or None, caption_justify="left")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """For the page: table and notes, without the heading."""
        ruler = ["---", *("---:" for _ in self.columns[1:])]
        lines = [_line(self.columns), _line(ruler), *map(_line, self.rows)]
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)]).rstrip() + "\n"


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"
