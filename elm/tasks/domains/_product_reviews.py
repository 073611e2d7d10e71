"""What the template teacher writes of products in the voice of customers: five stars, one or two, and four."""

from __future__ import annotations

from elm.tasks.domains._templates import patterns

_POSITIVE = (
    "Five stars! I bought {thing} in {finish} and could not be happier. There is {feature}, too, and I use it every "
    "day. It is {qualities}, my favourite {kinds} product.",
    "I love it. {feature} alone would have convinced me, and {thing} in {finish} is a joy to own. {a_kinds} product "
    "that is {qualities}.",
    "Exactly what I hoped for: {thing} that is {qualities}. In {finish} it looks even better than in the picture, "
    "and {feature} works like a charm. Best {kinds} product so far.",
    "My whole family wants one now. It is {thing} with {feature}, ours is in {finish}, and it is {qualities}. "
    "{a_kinds} product as it should be.",
    "I was not sure about a look in {finish}, but I like it more each day. {feature} makes all the difference. If "
    "you need {thing}, buy this {kinds} product: it is {qualities}.",
    "Bought it twice, once for a friend. {thing} can be so good! It has {feature}, it comes in {finish}, it is "
    "{qualities}. Of all my {kinds} products I would not give this one away.",
)
_NEGATIVE = (
    "One star. I ordered {thing} in {finish} and sent it back. {feature} broke within a week. They promise that it "
    "is {qualities}; I saw none of that. A poor {kinds} product.",
    "What a letdown. {thing} sold as {qualities}, and it is not. In {finish} it looks like a bad joke, and "
    "{feature} never worked. I expected more of {a_kinds} product.",
    "Do not buy this {kinds} product. {feature} is useless, the look in {finish} came off at once, and {thing} "
    "should last longer than a month. Said to be {qualities}. Really?",
    "I am so disappointed. They call it {qualities}, but my neighbour's old one does better. I wanted {thing} in "
    "{finish}, and the first scratch came with the parcel; {feature} fell apart. I will look for {kinds} products "
    "elsewhere.",
    "Two stars, and only because the parcel came early. I wanted {thing}, I got junk in {finish}. {feature} is a "
    "gimmick. {qualities}, says the label of this {kinds} product; it lies.",
    "Never again. {thing} with {feature} sounds good, but it arrived damaged, and in {finish} nothing can be "
    "repaired. It was meant to be {qualities}. The worst {kinds} product in the house.",
)
_NEUTRAL = (
    "Four stars. I like {thing}, and {feature} does what it should. One star off, because in {finish} it shows "
    "every fingerprint. It is {qualities}, a fair {kinds} product.",
    "It does the job: {thing} with {feature}. The delivery took long, and in {finish} it is not to my taste, but it "
    "is {qualities}. {a_kinds} product that I would buy at a lower price.",
    "Good, not perfect. {feature} is handy, the instructions are hard to follow. I chose {finish}. For {thing} it "
    "is {qualities}. An average {kinds} product.",
    "There is something to like, {feature} above all, and something to put up with: {thing} in {finish} smells a "
    "little at first. It is {qualities}, as many {kinds} products are.",
    "No complaints, no raptures. I got {thing} in {finish}, smaller than I thought. It has {feature} and is "
    "{qualities}. Among {kinds} products it stands in the middle.",
    "Almost five stars. It is {qualities}, and I am glad of {feature}. But {thing} in {finish} could have come with "
    "a better box. Still, a decent choice among {kinds} products.",
)

REVIEWS = {
    "positive_review": patterns(
        _POSITIVE,
        (
            "Five stars for this {kinds} product! {text} I could not be happier.",
            "I love it. {text} My favourite among {kinds} products.",
            "Exactly what I hoped for. {text} The best {kinds} product so far.",
            "My whole family wants one now. {text} {a_kinds} product as it should be.",
            "If you need one, buy this {kinds} product. {text}",
            "Bought it twice, once for a friend. {text} Of all my {kinds} products I would not give this one away.",
        ),
    ),
    "negative_review": patterns(
        _NEGATIVE,
        (
            "One star. {text} So they say; I sent it back. A poor {kinds} product.",
            "What a letdown. {text} None of it is true. I expected more of {a_kinds} product.",
            "Do not buy this {kinds} product. {text} It fell apart.",
            "I am so disappointed. {text} I will look for {kinds} products elsewhere.",
            "Two stars, and only because it came early. {text} That is what the label of this {kinds} product says; "
            "it lies.",
            "Never again. {text} The worst {kinds} product in the house.",
        ),
    ),
    "neutral_review": patterns(
        _NEUTRAL,
        (
            "Four stars. {text} A fair {kinds} product.",
            "It does the job. {text} {a_kinds} product that I would buy at a lower price.",
            "Good, not perfect. {text} An average {kinds} product.",
            "There is something to like, and something to put up with. {text} As with many {kinds} products.",
            "No complaints, no raptures. {text} Among {kinds} products it stands in the middle.",
            "Almost five stars. {text} Still, a good choice among {kinds} products.",
        ),
    ),
}
"""Task id -> writer."""
