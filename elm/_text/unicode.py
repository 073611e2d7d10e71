"""What counts as a text at the doors where a person or a file hands one in."""

from __future__ import annotations

from elm._errors import CallError


def require_unicode(text: str, what: str) -> None:
    """Raise `CallError` for half of a surrogate pair, as JSON that was cut off holds it: no file and no tokenizer takes
    it.

    >>> require_unicode("a film 🎬", "the question")
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CallError(
            f"{what} must be valid Unicode, but its character {error.start} is half of a surrogate pair "
            f"({text[error.start]!r}): drop it, or repair the text with text.encode('utf-16', 'surrogatepass')"
            ".decode('utf-16', 'replace')"
        ) from error
