"""Pieces of the page as HTML. Every title and every text goes through `esc`: none of it is ever markup."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from elm._text.printed import escaped
from elm.serve._answers import Edit, Neighbour, Path, Place, Ranked, Text


def esc(text: object) -> str:
    """A text of others as HTML, with marks that turn or hide text written out.

    >>> esc('<b onclick="x">\\u202e')
    '&lt;b onclick=&quot;x&quot;&gt;\\\\u202e'
    """
    return html.escape("\n".join(escaped(line) for line in str(text).split("\n")), quote=True)


def note(text: str, kind: str = "note") -> str:
    """A remark in a box of its own."""
    return f'<p class="elm-{kind}" role="status">{esc(text)}</p>'


def prose(text: str) -> str:
    """A text with its line breaks."""
    return f'<div class="elm-text">{esc(text)}</div>'


def places(title: str, found: Sequence[Place], marks: Mapping[str, str]) -> str:
    """A list under a title; marks: item -> what is said beside it, such as "new"."""
    rows = []
    for place in found:
        mark = marks.get(place.item, "")
        kind = "came" if mark.startswith("new") else "went" if mark.startswith("gone") else "stays"
        said = f' <span class="elm-mark">{esc(mark)}</span>' if mark else ""
        rows.append(f'<li value="{place.place}" class="elm-{kind}">{esc(place.title)}{said}</li>')
    return f"<section><h2>{esc(title)}</h2><ol>{''.join(rows)}</ol></section>"


def two_lists(before: Ranked, after: Ranked) -> str:
    """Both lists side by side, with what came, what went, what moved, and which part brought it."""
    old = {place.item: place.place for place in before.items}
    new = {place.item: place.place for place in after.items}
    by = {title: part for part, titles in after.brought.items() for title in titles}
    marks_old = {item: "gone" for item in old if item not in new}
    marks_new = {}
    for place in after.items:
        if place.item not in old:
            why = by.get(place.title)
            marks_new[place.item] = f"new, by {why}" if why else "new, by the profile"
        elif old[place.item] != place.place:
            arrow = "↑" if place.place < old[place.item] else "↓"
            marks_new[place.item] = f"{arrow} from {old[place.item]}"
    left = places("Before: as first written", before.items, marks_old)
    right = places("After: as it stands now", after.items, marks_new)
    out = [
        f"<li>{esc(part)} keeps out {esc(', '.join(titles))}</li>" for part, titles in after.left_out.items() if titles
    ]
    said = [note(remark) for remark in after.remarks]
    count = sum(item not in old for item in new)
    told = f'<p role="status">{count} of {len(new)} places are new.</p>'
    return (
        f'{told}<div class="elm-two">{left}{right}</div>' + (f"<ul>{''.join(out)}</ul>" if out else "") + "".join(said)
    )


def edit(found: Edit) -> str:
    """The sentences that were changed, coloured by their share of the change."""
    if not found.parts:
        return note("The profile is as it was first written: no sentence has changed.")
    rows = []
    for part in sorted(found.parts, key=lambda part: -abs(part.share)):
        strength = min(1.0, abs(part.share))
        kind = "with" if part.share >= 0 else "against"
        old = f"<del>{esc(part.before.lstrip('-* '))}</del> " if part.before else ""
        new = f"<ins>{esc(part.after.lstrip('-* '))}</ins>" if part.after else "<em>(taken out)</em>"
        rows.append(
            f'<li class="elm-share elm-{kind}" style="--share:{strength:.2f}"><b>{part.share:+.0%}</b> {old}{new}</li>'
        )
    said = "".join(note(remark) for remark in found.remarks)
    return f"<h2>What moved the list</h2><ul class='elm-shares'>{''.join(rows)}</ul>{said}"


def certificate(found: Mapping[str, Any]) -> str:
    """How far a text may be trusted, in a line and its evidence."""
    verdict = esc(found["verdict"])
    against = f" The vector does not seem to hold: {esc(', '.join(found['against']))}." if found["against"] else ""
    return (
        f'<p class="elm-verdict elm-{verdict}" role="status"><b>{esc(found["reason"])}</b><br>'
        f"text against vector {found['sc']:.2f}; the neighbour's text {found['sc_nearest']:.2f}, "
        f"others' texts {found['sc_others']:.2f}.{against}</p>"
    )


def nearest(found: Sequence[Neighbour]) -> str:
    """Neighbours with how near they are."""
    rows = [f"<li>{esc(one.title)} <small>{esc(one.id)} · {one.similarity:.2f}</small></li>" for one in found]
    return f"<ol>{''.join(rows)}</ol>"


def described(name: str, text: Text) -> str:
    """A text with its scores, the other texts that were drawn, and neighbours."""
    parts = [f"<h2>{esc(name)}</h2>", prose(text.text)]
    if text.outside:
        parts.append(note("This vector lies far outside what the model learned on: the text is a guess.", "warn"))
    if text.score is not None:
        control = "" if text.control is None else f"; the text about its nearest neighbour: {text.control:.2f}"
        parts.append(f"<p>text against vector (cosine): <b>{text.score:.2f}</b>{control}</p>")
    if text.drawn:
        pairs = sorted(zip(text.scores, text.drawn, strict=True), reverse=True)
        rows = "".join(f"<li>{score:.2f} {esc(one)}</li>" for score, one in pairs)
        parts.append(f"<details><summary>all {len(pairs)} texts</summary><ol>{rows}</ol></details>")
    if text.neighbours:
        parts.append("<h3>Nearest</h3>" + nearest(text.neighbours))
    return f'<article class="elm-card">{"".join(parts)}</article>'


def path(found: Path) -> str:
    """Texts and lists along a way, a card a point."""
    cards = []
    for point in found.points:
        scores = ", ".join(f"{name} {score:+.1f}" for name, score in point.concepts.items())
        said = prose(point.text) if point.text is not None else ""
        far = note("outside the data: a guess", "warn") if point.outside else ""
        cards.append(
            f'<article class="elm-card"><h2>{point.share:.0%} of the way</h2><p>{esc(scores)}</p>{said}{far}'
            f"{nearest(point.items)}</article>"
        )
    return f'<div class="elm-path">{"".join(cards)}</div>'


CSS = """
.elm-two, .elm-path { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); }
.elm-text { white-space: pre-wrap; overflow-wrap: anywhere; }
.elm-card { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: .8rem; margin: .4rem 0; }
.elm-two ol, .elm-card ol { padding-left: 2rem; margin: 0; list-style: decimal; }
.elm-two li, .elm-card li { overflow-wrap: anywhere; }
.elm-came { font-weight: 600; } .elm-went { text-decoration: line-through; }
.elm-mark { font-weight: 400; font-size: .85em; border: 1px solid currentColor; border-radius: 6px; padding: 0 .3rem;
  display: inline-block; }
.elm-shares { list-style: none; padding: 0; }
.elm-share { padding: .3rem .5rem; margin: .2rem 0; border-radius: 6px; border-left: .5rem solid; }
.elm-share.elm-with { background: rgb(0 114 178 / calc(var(--share) * .35)); border-color: #0072b2; }
.elm-share.elm-against { background: rgb(213 94 0 / calc(var(--share) * .35)); border-color: #d55e00; }
.elm-share del { text-decoration: line-through; } .elm-share ins { text-decoration: none; font-weight: 600; }
.elm-note, .elm-warn, .elm-verdict { border-left: 4px solid #0072b2; padding: .3rem .6rem; margin: .4rem 0; }
.elm-warn, .elm-doubt { border-color: #d55e00; } .elm-abstain { border-color: #888; }
.elm-map { width: 100%; height: min(70vh, 40rem); min-height: 20rem; }
.elm-card h2, section h2, h2 { font-size: 1.05rem; margin: .4rem 0; } h3 { margin: .4rem 0; }
[data-testid=min-value], [data-testid=max-value] { color: var(--body-text-color) !important; }
iframe.elm-report { width: 100%; height: 75vh; border: 1px solid var(--border-color-primary); background: white; }
"""
