"""Text out of markup: entities, tags and scripts as shops leave them in their descriptions."""

from __future__ import annotations

import html
from html.parser import HTMLParser

_SILENT = {"script", "style"}
_INLINE = {"a", "b", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _SILENT
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    def _part(self, tag: str) -> None:
        """Blocks and line breaks part words; a tag inside a word does not."""
        if tag not in _INLINE:
            self.words.append(" ")


def plain_text(text: str) -> str:
    """The words of a text with markup in it, on one line.

    >>> plain_text("Soft &amp; w<b>ar</b>m<br/>5 < 6 inches <script>var x;</script>&amp;nbsp;new")
    'Soft & warm 5 < 6 inches new'
    """
    if "<" in text:
        reader = _Words()
        reader.feed(text.replace("<![", "<! ["))  # the parser knows few sections, and stops at the others
        reader.close()
        text = "".join(reader.words)
    return " ".join(html.unescape(html.unescape(text)).split())
