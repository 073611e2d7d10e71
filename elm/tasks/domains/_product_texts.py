"""What the template teacher writes for products: the shop's own description, and an endorsement."""

from __future__ import annotations

from elm.tasks.domains._templates import patterns

_DESCRIPTION = tuple(
    f"{what} {why}"
    for what in (
        "{thing} in {finish}, made with {feature}.",
        "Here is {thing} with {feature}. It comes in {finish}.",
        "Looking for {thing}? Ours comes in {finish} and brings {feature} along.",
        "We took {thing}, added {feature}, and finished it in {finish}.",
        "You get {thing}, you get it in {finish}, and {feature} is part of the deal.",
        "With {feature} on board and a look in {finish}, this is {thing} to keep.",
    )
    for why in (
        "This {kinds} product is {qualities}.",
        "It belongs to our {kinds} range and is {qualities}.",
        "Expect {a_kinds} product that is {qualities}.",
    )
)
_LISTED = (
    "From our {kinds} range. {text}",
    "{text} You find it among our {kinds} products.",
    "A new arrival in {kinds}. {text}",
    "For everyone who shops for {kinds}. {text}",
    "{text} One of many {kinds} products that we send out every day.",
    "This {kinds} product, in short: {text}",
)

_ENDORSEMENT = (
    "I put my name to few things, but I do to {thing} like this one. {feature} is a stroke of genius, and in "
    "{finish} you will want to show it around. It is {qualities}. If you buy one {kinds} product this year, take "
    "this.",
    "Believe me, you need this {kinds} product: {thing}, done in {finish}, with {feature}. I have tried them all, "
    "and this one is {qualities}. Order it today.",
    "What do I give my own family? {thing} in {finish}. {feature} won me over, and it is {qualities}, which is all "
    "I ask of {a_kinds} product. Trust me on this.",
    "My advice is simple: get {thing} with {feature}, get it in {finish}, and thank me later. It is {qualities}. No "
    "other {kinds} product comes near it.",
    "After years with {kinds} products I recommend only this: {thing} that gives you {feature}. It is {qualities}, "
    "and in {finish} it is made for you.",
    "Everybody asks where I found {thing} in {finish} like mine. It is {qualities}. With {feature} it does more "
    "than I hoped for, and I would choose it again over any {kinds} product.",
)
_ENDORSED = (
    "I put my name to this {kinds} product. {text} You will not regret it.",
    "Believe me, you need this. {text} The best that {kinds} has to offer.",
    "What do I give my own family? This {kinds} product. {text}",
    "My advice is simple: get it. {text} It beats any {kinds} product I know.",
    "After years with {kinds} products I recommend only this. {text}",
    "Everybody asks me about it. {text} I would choose it again over any {kinds} product.",
)

TEXTS = {
    "description": patterns(_DESCRIPTION, _LISTED),
    "endorsement": patterns(_ENDORSEMENT, _ENDORSED),
}
"""Task id -> writer."""
