"""What the template teacher writes of films: what people think of them, and what they tell each other."""

from __future__ import annotations

from elm.tasks.domains._templates import patterns

_POSITIVE = (
    "I loved this {kinds} film. {protagonist} won me over at once, {setting} looks superb and {conflict} kept me "
    "hooked. "
    "It is {qualities}.",
    "What a pleasure! {conflict} could not be told better, {setting} feels real, and {protagonist} is unforgettable. "
    "{a_kinds} film that is {qualities}.",
    "Go and see it. {protagonist} is played with love, {conflict} has real weight, {setting} glows. {qualities}, as "
    "{a_kinds} film should be.",
    "Five stars for this {kinds} film: {qualities}, with {protagonist} in top form, {setting} as you have never seen "
    "it, "
    "and {conflict} to hold it all together.",
)
_NEGATIVE = (
    "This {kinds} film left me cold. {protagonist} never convinces, {setting} looks cheap and {conflict} leads "
    "nowhere. "
    "It wants to be {qualities}, and is not.",
    "What a waste! {conflict} is told without care, {setting} feels like cardboard, and {protagonist} is a bore. "
    "{a_kinds} film sold as {qualities}.",
    "Stay at home. {protagonist} is miscast, {conflict} has no weight, {setting} is badly lit. {qualities}, says the "
    "poster of this {kinds} film; it lies.",
    "One star for this {kinds} film: meant to be {qualities}, it gives us {protagonist} half asleep, {setting} out of "
    "focus, and {conflict} that nobody believes.",
)
_NEUTRAL = (
    "A fair {kinds} film. {protagonist} is well drawn, {setting} less so; {conflict} holds for an hour. It is "
    "{qualities}, no more and no less.",
    "There is something to like here, {setting} above all, and something to forgive: {conflict} drags, and "
    "{protagonist} "
    "talks too much. {a_kinds} film, {qualities}.",
    "Three stars. {conflict} is told soundly, {protagonist} does the job, {setting} serves as a backdrop. {qualities}, "
    "like many {kinds} films.",
)
_GOOD_POINTS = (
    "- {protagonist}, a lead worth following\n- the world of {setting}\n- the way {conflict} is told\n"
    "- a fine blend of {kinds}\n- a mood that is {qualities}",
    "- how {protagonist} is played\n- how {setting} is filmed\n- a strong core: {conflict}\n"
    "- it works as {kinds}\n- a tone that is {qualities}",
    "- {protagonist} has depth\n- {setting} feels alive\n- {conflict} drives the plot\n"
    "- a true {kinds} film\n- {qualities} from start to end",
)
_BAD_POINTS = (
    "- {protagonist}, a lead without depth\n- {setting} looks like a stage\n- {conflict} comes from nowhere\n"
    "- a tired {kinds} film\n- too much that is {qualities}",
    "- how {protagonist} is played\n- how dull {setting} looks\n- a weak core: {conflict}\n"
    "- nothing new as {a_kinds} film\n- a forced tone, {qualities}",
    "- {protagonist} bores\n- {setting} is never used\n- {conflict} is soon forgotten\n"
    "- a pale {kinds} film\n- {qualities} to the point of tedium",
)
_PITCH = (
    "Picture this: {protagonist}, {setting}, and {conflict}. {a_kinds} film that is {qualities}, and there is nothing "
    "like it in the cinemas. It will fill them.",
    "I have {a_kinds} film for you. It opens on {setting}; we meet {protagonist}; then {conflict} strikes. It is "
    "{qualities}, it is cheap to shoot, and people will talk about it.",
    "Everybody wants {a_kinds} film this year, and nobody has this: {conflict} in {setting}, with {protagonist} in "
    "the middle. "
    "Make it {qualities} and it will run for months.",
)
_CRITICISM = (
    "The trouble with this {kinds} film is that {protagonist} never changes. {setting} is a postcard, {conflict} a "
    "pretext, and others have been {qualities} with more wit.",
    "As {kinds} films go, this one is thin: {conflict} is solved by chance, {setting} could be anywhere, "
    "{protagonist} is a "
    "type. That it is {qualities} does not save it.",
    "People dislike how {conflict} is stretched, how little we see of {setting}, how {protagonist} keeps explaining. "
    "Other "
    "{kinds} films that are {qualities} do it better.",
)
_IN_DETAIL = (
    "Watch it for {protagonist}, who is like nobody else on the screen. Watch it for {setting}, shown with patience. "
    "And watch it for {conflict}, which will not let you go. If {kinds} films that are {qualities} are for you, this "
    "is it.",
    "Give me a minute. First, {setting} is a place to get lost in. Second, {protagonist} grows on you. Third, "
    "{conflict} "
    "keeps its secret to the end. All of it is {qualities}, and the best of {kinds} films.",
)
_PLAINLY = (
    "You should see it: {protagonist} in {setting}, faced with {conflict}. {a_kinds} film, and {qualities}.",
    "Do not miss this {kinds} film. {conflict} shakes {setting}, {protagonist} rises to it, and it is {qualities}.",
)
_BRIEFLY = (
    "{protagonist}, {setting}, {conflict}: {a_kinds} film that is {qualities}. Go.",
    "See it for {conflict} alone. {protagonist} in {setting}; {a_kinds} film; {qualities}.",
)
_NOT_IN_DETAIL = (
    "Do not. First, {protagonist} will try your patience. Second, {setting} is grey and empty. Third, {conflict} is "
    "over "
    "before it begins. It calls itself {qualities}, but {kinds} films of that kind are plenty, and better.",
    "Save the evening. You would sit through {conflict} for two hours, look at {setting} without end, and wish that "
    "{protagonist} went away. {a_kinds} film that is {qualities} only on the poster.",
)
_NOT_PLAINLY = (
    "I would not watch it: {protagonist} in {setting}, and {conflict} that leads nowhere. {a_kinds} film that tries "
    "hard "
    "to be {qualities}.",
    "Skip this {kinds} film. {conflict} is dull, {setting} duller, {protagonist} no help; and {qualities} it is not.",
)
_VIEWER = (
    "Someone who likes {kinds} films and wants them to be {qualities}. They are drawn to people like {protagonist}, "
    "to places "
    "like {setting}, and to stories about {conflict}.",
    "It is for those who come for {a_kinds} film. They care about {protagonist}, dream of {setting}, read about "
    "{conflict}, and "
    "do not mind that a film is {qualities}.",
    "A viewer with a taste for {conflict} and for {setting}, who roots for {protagonist}. They choose {kinds} films, "
    "best when "
    "they are {qualities}.",
)
_POSITIVE_PLOT = (
    "I loved this {kinds} film. {text} It stays with you.",
    "A fine piece of {kinds}. {text} Warmly recommended.",
)
_NEGATIVE_PLOT = (
    "This {kinds} film left me cold. {text} None of it works.",
    "A weak piece of {kinds}. {text} Better stay at home.",
)

OPINIONS = {
    "positive_review": patterns(_POSITIVE, _POSITIVE_PLOT),
    "negative_review": patterns(_NEGATIVE, _NEGATIVE_PLOT),
    "neutral_review": patterns(
        _NEUTRAL,
        (
            "A fair {kinds} film. {text} Some of it works.",
            "A {kinds} film of the middling sort. {text} One may see it.",
        ),
    ),
    "five_positive": patterns(
        _GOOD_POINTS,
        (
            "- a true {kinds} film\n- {text}\n- a cast that believes in it\n- a story that moves\n- an end worth the "
            "wait",
            "- it works as {kinds}\n- {text}\n- pictures to remember\n- people one cares for\n- never a dull scene",
        ),
        (
            "- a true {kinds} film\n- it knows about {theme1}\n- it has room for {theme2}\n- it thinks about {theme3}\n"
            "- never a dull scene",
            "- it works as {kinds}\n- {theme1}, well told\n- {theme2}, seen afresh\n- a feeling for {theme3}\n"
            "- pictures to remember",
        ),
    ),
    "five_negative": patterns(
        _BAD_POINTS,
        (
            "- a pale {kinds} film\n- {text}\n- a cast that does not believe in it\n- a story that stands still\n"
            "- an end that comes late",
            "- nothing new as {kinds}\n- {text}\n- pictures to forget\n- people one soon tires of\n- many a dull scene",
        ),
        (
            "- a pale {kinds} film\n- it knows little about {theme1}\n- {theme2} is only touched\n- {theme3} leads "
            "nowhere\n"
            "- many a dull scene",
            "- nothing new as {kinds}\n- {theme1}, badly told\n- {theme2}, seen too often\n- no feeling for {theme3}\n"
            "- pictures to forget",
        ),
    ),
    "pitch": patterns(
        _PITCH,
        (
            "I have {a_kinds} film for you. {text} It will fill the cinemas.",
            "Picture {a_kinds} film. {text} Nobody has it yet.",
        ),
    ),
    "criticize": patterns(
        _CRITICISM,
        (
            "As {kinds} films go, this one is thin. {text} Others do it better.",
            "The trouble with this {kinds} film is its length. {text}",
        ),
    ),
    "convince1": patterns(
        _IN_DETAIL,
        (
            "Give me a minute for this {kinds} film. {text} The pictures are fine, the cast is better, and the end "
            "is earned.",
            "There is much to say for it as {a_kinds} film. {text} Watch it for all of that.",
        ),
    ),
    "convince2": patterns(
        _PLAINLY,
        ("You should see this {kinds} film. {text}", "Do not miss it: {a_kinds} film. {text}"),
    ),
    "convince3": patterns(
        _BRIEFLY, ("{a_kinds} film. {text} Go.", "See it for this alone. {text} It is {a_kinds} film.")
    ),
    "dissuade1": patterns(
        _NOT_IN_DETAIL,
        (
            "Save the evening: {a_kinds} film. {text} It is long, it is slow, and the end comes out of nowhere.",
            "There is much to say against it as {a_kinds} film. {text} Do not sit through all of that.",
        ),
    ),
    "dissuade2": patterns(
        _NOT_PLAINLY,
        ("I would not watch this {kinds} film. {text}", "Skip it: {a_kinds} film. {text}"),
    ),
    "movie_to_viewer": patterns(
        _VIEWER,
        (
            "Someone who likes {kinds} films and stories like this one. {text}",
            "It is for those who come for {a_kinds} film. {text} That is what they look for.",
        ),
    ),
}
"""Task id -> writer."""
