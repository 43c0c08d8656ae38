"""A subject in the first line of a text."""

_WORDS = ("betreff:", "subject:")


def split_subject(text: str, default: str) -> tuple[str, str]:
    """Subject and body: a first line ``Betreff: …`` or ``Subject: …`` is the subject, else the account's default is."""
    first, _, rest = text.partition("\n")
    word, colon, subject = first.partition(":")
    if f"{word}{colon}".strip().lower() in _WORDS:
        return subject.strip() or default, rest.lstrip("\r\n")
    return default, text
