"""What a plot is about, in single words: what a small model can learn to say where it cannot learn to retell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from elm._errors import CallError

_COMMON, _RARE = 0.15, 6  # words in more than this share of plots say nothing; those in fewer plots are names


def plot_themes(plots: Mapping[str, str], learn_from: Iterable[str], most: int = 6) -> dict[str, tuple[str, ...]]:
    """The `most` words of each plot that tell it best from the others (tf-idf), in alphabetical order.

    plots: id -> text. learn_from: the ids (training films) whose plots decide which words count and how much; a word
    has to come up in at least six of them, which leaves out nearly all names. A plot without such a word gives ().

    Raises `CallError` where no word is common enough.

    >>> plots = {str(n): text for n, text in enumerate(["war at sea", "sea and love", "love and war"] * 6)}
    >>> plot_themes(plots, plots, most=2)["0"]
    ('sea', 'war')
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    common = _COMMON if len(plots) >= 200 else 1.0
    vectorizer = TfidfVectorizer(
        stop_words="english", min_df=_RARE, max_df=common, token_pattern=r"(?u)\b[^\W\d_]{3,}\b"
    )
    try:
        vectorizer.fit([plots[i] for i in learn_from])
    except ValueError as error:
        raise CallError(f"themes need plots that share words: none comes up in {_RARE} of them ({error})") from error
    words = vectorizer.get_feature_names_out()
    weights = vectorizer.transform(list(plots.values()))  # (n, words), sparse
    found = {}
    for row, item in enumerate(plots):
        line = weights[row]
        best = line.indices[np.argsort(-line.data, kind="stable")[:most]]
        found[item] = tuple(sorted(words[best].tolist()))
    return found
