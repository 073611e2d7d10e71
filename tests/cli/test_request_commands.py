"""`elm wishes`, and requests in `elm recommend`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elm.data import load
from elm.recommend import BackboneRecommender, FactJudge, HeldOut, SteeredRecommender, cards_of, fit_backbone

HISTORY = "f1:5,f2:4,f3:5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = load("demo")
    data = data.restrict(users=list(data.users.index[:40]), items=list(data.items.index[:150]))
    ratings = data.ratings_matrix()
    base = BackboneRecommender(
        fit_backbone("popularity", ratings, HeldOut.fold_in(ratings)), data.items.index, data.items["title"]
    )
    place = tmp_path_factory.mktemp("steered") / "rec"
    SteeredRecommender(base, FactJudge(cards_of(data))).save(place)
    return place


def test_wishes_are_added_listed_edited_and_removed(elm: Any, tmp_path: Path) -> None:
    file = tmp_path / "wishes.json"
    assert elm("wishes", "add", file, "never war films")[0] == 0
    assert elm("wishes", "add", file, "no horror after eight")[0] == 0
    code, out, _ = elm("wishes", "edit", file, 1, "I always want horror", "--json")
    assert code == 0
    told = json.loads(out)
    assert [(one["number"], one["when"]) for one in told["wishes"]] == [(2, "from 20:00"), (1, "always")]
    assert "wins over wish 2" in told["remarks"][0]
    assert elm("wishes", "remove", file, 2)[0] == 0
    _, out, _ = elm("wishes", "list", file)
    assert "I always want horror" in out
    assert "eight" not in out
    code, _, err = elm("wishes", "remove", file, 9)
    assert (code, "unknown standing wish" in err) == (2, True)


@pytest.mark.slow
def test_a_request_a_wish_and_a_concept_bend_the_list_and_are_explained(elm: Any, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "wishes.json"
    elm("wishes", "add", file, "no comedies after eight")
    genres = load("demo").items["genres"]

    def listed(*words: object) -> list[str]:
        code, out, err = elm("recommend", folder, "--history", HISTORY, "--k", 10, "--json", *words)
        assert code == 0, err
        return [place["item"] for place in json.loads(out)["items"]]

    assert all("War" in genres[item] for item in listed("--request", "war films", "--w-control", 1)[:5])
    evening = listed("--wishes", file, "--at", "2026-11-28T21:00")
    assert not any("Comedy" in genres[item] for item in evening)
    assert listed("--wishes", file, "--at", "2026-11-28T09:00") == listed()
    code, out, _ = elm("recommend", folder, "--history", HISTORY, "--request", "war films", "--k", 3, "--explain")
    assert code == 0
    assert "without request" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--request", ""), "hold a word"),
        (("--request", "war", "--w-control", "2"), "between 0 and 1"),
        (("--concept", "dark"), "NAME=AMOUNT"),
        (("--concept", "dark=1"), "unknown concept"),
        (("--at", "noon"), "give --wishes"),
        (("--explain",), "give one of them"),
    ],
)
def test_wrong_options_say_what_to_do(elm: Any, folder: Path, words: tuple[str, ...], told: str) -> None:
    code, out, err = elm("recommend", folder, "--history", HISTORY, *words)
    assert (code, out) == (2, "")
    assert told in err


def test_scores_of_a_loaded_folder_are_finite(folder: Path) -> None:
    from elm.recommend import load as load_recommender

    rec = load_recommender(folder)
    assert np.isfinite([place.score for place in rec.recommend({"f1": 5.0}, k=10)]).all()
