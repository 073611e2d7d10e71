"""Rater forms: what raters see and do not see, a page that works alone, answers read or refused by line, scores."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError
from elm.evaluation import (
    Choice,
    FormPlan,
    Forms,
    FormScores,
    about_which,
    forms_page,
    krippendorff_alpha,
    make_forms,
    next_item,
    read_answers,
    read_forms,
    read_key,
    save_forms,
)

IDS = [f"f{n}" for n in range(12)]
TOLD = {id: f"Film {id}" for id in IDS}
QUESTIONS = {"summary": ("It fits.", "It reads well."), "pitch": ("It convinces.",)}


def texts(write: Any = lambda task, system, id: f"- {task} by {system} about {id}") -> pd.DataFrame:
    rows = [
        (task, system, id, write(task, system, id))
        for task in ("summary", "pitch", "untold")
        for system in ("model", "teacher", "shuffled", "nn")
        for id in IDS
    ]
    return pd.DataFrame(rows, columns=["task", "system", "id", "text"])


def forms(**options: Any) -> Forms:
    choice, seed = about_which(TOLD, "Which film is it about?"), options.pop("seed", 0)
    plan = FormPlan(**options)
    return make_forms("Films", texts(), TOLD, QUESTIONS, choice=lambda task, id: choice(id), plan=plan, seed=seed)


def test_forms_are_balanced_paired_and_tell_nothing() -> None:
    made = forms(outputs=8, choices=9)
    scale, choice = (made.key[made.key["kind"] == kind] for kind in ("scale", "choice"))
    assert scale.groupby(["task", "system"]).size().to_dict() == {
        ("summary", "model"): 4,
        ("summary", "teacher"): 4,
        ("pitch", "model"): 4,
        ("pitch", "teacher"): 4,
    }
    assert choice.groupby(["task", "system"]).size().unique().tolist() == [3]
    for _, rows in scale.groupby("task"):  # both systems about the same entities
        assert len({frozenset(group["id"]) for _, group in rows.groupby("system")}) == 1
    assert made.key["output"].is_unique
    for item, row in zip(made.items, made.key.itertuples(), strict=True):
        assert (item.output, item.task, item.kind) == (row.output, row.task, row.kind)
        assert f"by {row.system} about {row.id}" in item.text
        if item.kind == "choice":
            assert (item.told, item.options[row.right - 1]) == ("", TOLD[row.id])
            assert item.options[2 - row.right] != TOLD[row.id]
        else:
            assert item.told == TOLD[row.id]
            assert item.questions == QUESTIONS[item.task]
    order = made.key[(made.key["kind"] == "scale") & (made.key["task"] == "summary")]["system"].tolist()
    assert order not in (sorted(order), sorted(order, reverse=True))


def test_the_other_option_is_the_same_whoever_wrote_the_text() -> None:
    made = forms(choices=30)
    pairs: dict[tuple[str, str], set[frozenset[str]]] = {}
    for item, row in zip(made.items, made.key.itertuples(), strict=True):
        if item.kind == "choice":
            pairs.setdefault((row.task, row.id), set()).add(frozenset(item.options))
    assert {len(found) for found in pairs.values()} == {1}
    assert {row.right for row in made.key.itertuples() if row.kind == "choice"} == {1, 2}


def test_the_seed_decides() -> None:
    assert forms(seed=1).form == forms(seed=1).form != forms(seed=2).form
    assert forms(choices=0).key["kind"].unique().tolist() == ["scale"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": 1}, "outputs are 2 or more, and choices 0 or 3 or more; got 1 and 30"),
        ({"choices": 2}, "got 40 and 2"),
        ({"systems": ("model", "ghost"), "choices": 0}, "nothing is left"),
    ],
)
def test_forms_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CallError, match=message):
        forms(**options)


# Files


def test_files_are_read_back_and_the_key_stands_apart(tmp_path: Path) -> None:
    made = forms(outputs=6, choices=6)
    save_forms(made, tmp_path)
    assert read_forms(tmp_path) == (made.form, made.items)
    pd.testing.assert_frame_equal(read_key(tmp_path / "key.csv"), made.key, check_dtype=False)
    for name in ("forms.html", "forms.csv"):
        shown = re.sub(r"by (model|teacher|shuffled)", "", (tmp_path / name).read_text())  # our own texts say it
        assert not re.search(r"\b(teacher|shuffled)\b", shown), name
    with open(tmp_path / "forms.csv", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any(cell.startswith("'- ") for cell in cells)
    assert not [
        cell for cell in cells if cell.startswith(("=", "+", "-", "@"))
    ]  # no spreadsheet takes it for a formula


def test_a_table_that_was_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"forms\.csv is missing; make forms with"):
        read_forms(tmp_path)
    save_forms(forms(outputs=6), tmp_path)
    whole = (tmp_path / "forms.csv").read_text()
    (tmp_path / "forms.csv").write_text(whole.replace("It fits.", "It fits!", 1))
    with pytest.raises(DataFileError, match=r"forms\.csv was changed since it was made"):
        read_forms(tmp_path)
    (tmp_path / "forms.csv").write_text(whole.replace("statement", "question_text", 1))
    with pytest.raises(DataFileError, match=r"has no 'statement'; make the forms again"):
        read_forms(tmp_path)


class Elements(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts = ""
        self._in = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag != "script"

    def handle_data(self, data: str) -> None:
        self.scripts += data if self._in else ""


def test_the_page_has_a_field_for_every_question_and_only_its_own_script() -> None:
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'
    evil_texts = texts(lambda task, system, id: f"{evil} {system} {id}")
    choice = lambda task, id: Choice(evil, evil + id, evil)  # noqa: E731
    made = make_forms(
        evil, evil_texts, dict.fromkeys(IDS, evil), {"summary": (evil,)}, choice=choice, plan=FormPlan(outputs=4)
    )
    found = Elements(forms_page(made))
    names = [tag for tag, _ in found.tags]
    assert names.count("script") == 1
    assert "img" not in names
    assert not [a for _, attributes in found.tags for a in attributes if a.startswith("on")]
    digest = base64.b64encode(hashlib.sha256(found.scripts.encode()).digest()).decode()
    policy = next(str(a["content"]) for tag, a in found.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy  # no other script would run
    fields = [(a["data-output"], a["data-question"]) for tag, a in found.tags if tag == "fieldset"]
    assert len(set(fields)) == len(fields) == sum(len(item.questions) for item in made.items)
    radios = [a for tag, a in found.tags if tag == "input" and a["type"] == "radio"]
    assert len(radios) == sum(len(item.questions) * len(item.answers) for item in made.items)
    assert not [a for _, a in found.tags if "src" in a or str(a.get("href", "")).startswith("http")]


# Answers


def key_of(made: Forms, folder: Path) -> pd.DataFrame:
    save_forms(made, folder)
    return read_key(folder / "key.csv")


def answered(path: Path, made: Forms, answer: Any, rater: str = "ann", delimiter: str = ",") -> Path:
    """A rater's file; answer(item, question, row of the key) gives what is filled in."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file, delimiter=delimiter)
        rows.writerow(["form", "rater", "output", "question", "answer"])
        for item, row in zip(made.items, made.key.itertuples(), strict=True):
            for number in range(1, len(item.questions) + 1):
                rows.writerow([made.form, rater, item.output, number, answer(item, number, row)])
    return path


def test_scores_of_planted_answers(tmp_path: Path) -> None:
    made = forms(outputs=24, choices=36)
    key = key_of(made, tmp_path)

    def planted(item: Any, number: int, row: Any) -> int:
        if row.kind == "choice":
            return 3 - row.right if row.system == "shuffled" else row.right
        return 5 if row.system == "teacher" else 3 if number == 1 else 2

    files = [
        answered(tmp_path / f"{name}.csv", made, planted, name, delimiter)
        for name, delimiter in (("ann", ","), ("bob", ";"))
    ]
    found = FormScores.of(read_answers(files, key), key).to_dict()
    assert found["raters"] == ["ann", "bob"]
    summary = found["scale"]["summary"]
    assert summary["systems"]["teacher"]["mean"] == 1.0
    assert summary["systems"]["model"] == {
        "mean": 0.375,
        "interval": [0.375, 0.375],
        "n": 12,
        "questions": {"1": 0.5, "2": 0.25},
    }
    assert (summary["difference"], summary["pairs"], summary["p_value"]) == (-0.625, 12, 0.0)
    assert found["alpha"] == {"scale": 1.0, "choice": 1.0}
    choice = found["choice"]["pitch"]["systems"]
    assert {name: one["mean"] for name, one in choice.items()} == {"model": 1.0, "teacher": 1.0, "shuffled": 0.0}
    assert choice["model"]["p_chance"] == pytest.approx(2 * 0.5**12)
    assert found["choice"]["pitch"]["p_value"] == 1.0  # both right everywhere


def test_judges_may_answer_between_the_numbers(tmp_path: Path) -> None:
    made = forms(outputs=8, choices=0)
    key = key_of(made, tmp_path)
    rows = FormScores.of(read_answers([answered(tmp_path / "a.csv", made, lambda *_: "3,5")], key), key)
    assert set(rows.rows["score"]) == {0.625}
    assert np.isnan(rows.agreement())  # one rater
    half = forms(outputs=8, choices=6)
    key = key_of(half, tmp_path)
    lean = lambda item, n, row: 1.5 if row.kind == "choice" else 3  # noqa: E731
    rows = FormScores.of(read_answers([answered(tmp_path / "a.csv", half, lean)], key), key)
    assert rows.outputs().query("kind == 'choice'")["score"].unique().tolist() == [0.5]


def test_blank_answers_count_as_not_given_and_the_file_names_the_rater(tmp_path: Path) -> None:
    made = forms(outputs=8, choices=0)
    key = key_of(made, tmp_path)
    some = answered(tmp_path / "carla.csv", made, lambda item, n, row: 4 if row.system == "model" else " ", rater="")
    found = read_answers([some], key)
    assert found["rater"].unique().tolist() == ["carla"]
    told = FormScores.of(found, key).to_dict()["scale"]["summary"]
    assert list(told["systems"]) == ["model"]
    assert (told["p_value"], told["difference"], told["pairs"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("0001,1,3", "0001,1,6"), r"ann\.csv, line 2: an answer is a number from 1 to 5, and this is '6'"),
        (("0001,1,3", "0001,1,good"), "line 2: an answer is a number from 1 to 5, and this is 'good'"),
        (("0001,1,3", "0001,1,nan"), "line 2: an answer is a number from 1 to 5"),
        (("0001,1,3", "9999,1,3"), r"line 2: the form has no output 'o9999'; it has o0001 to o\d+"),
        (("0001,1,3", "0001,7,3"), "line 2: o0001 has questions 1 to 2, and this is '7'"),
        (("0001,2,3", "0001,1,3"), r"line 3: ann has answered question 1 of o0001 already, in .*ann\.csv, line 2"),
        (("question", "frage"), "answers have the columns form, output, question, answer, and it lacks question"),
    ],
)
def test_a_wrong_answer_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    made = forms(outputs=8, choices=0)
    key = key_of(made, tmp_path)
    path = answered(tmp_path / "ann.csv", made, lambda *_: 3)
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(DataFileError, match=message):
        read_answers([path], key)


def test_answers_to_another_form_and_files_that_are_none(tmp_path: Path) -> None:
    made, other = forms(outputs=8, choices=0), forms(outputs=8, choices=0, seed=5)
    key = key_of(made, tmp_path)
    with pytest.raises(
        DataFileError, match=f"line 2: answers go .* the same form, {made.form}, and this is of '{other.form}'"
    ):
        read_answers([answered(tmp_path / "b.csv", other, lambda *_: 3)], key)
    with pytest.raises(DataFileError, match="the files hold no answer at all"):
        read_answers([answered(tmp_path / "c.csv", made, lambda *_: "")], key)
    with pytest.raises(DataFileError, match="does not exist"):
        read_answers([tmp_path / "d.csv"], key)
    (tmp_path / "e.csv").write_bytes(b"form,output,question,answer\n\xff\xfe,,,\n")
    with pytest.raises(DataFileError, match="no table of answers in UTF-8"):
        read_answers([tmp_path / "e.csv"], key)
    with pytest.raises(DataFileError, match=r"forms\.csv is no key of forms"):
        read_key(tmp_path / "forms.csv")
    with pytest.raises(DataFileError, match=r"the key is the key\.csv"):
        read_key(tmp_path / "no.csv")


# Agreement

N = float("nan")
KRIPPENDORFF = [  # "Computing Krippendorff's Alpha-Reliability" (2011), example C: four observers, twelve units
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_the_example_of_the_literature(level: Any, alpha: float) -> None:
    assert krippendorff_alpha(KRIPPENDORFF, level) == pytest.approx(alpha, abs=5e-4)


def pairwise_alpha(table: np.ndarray, level: str) -> float:
    """By its definition: observed over expected disagreement, pair by pair."""
    units = [unit[~np.isnan(unit)] for unit in table.T]
    units = [unit for unit in units if len(unit) > 1]
    everything = np.concatenate(units)
    ranks = {v: (everything < v).sum() + (everything == v).sum() / 2 for v in everything}
    distance = (lambda a, b: (ranks[a] - ranks[b]) ** 2) if level == "ordinal" else (lambda a, b: float(a != b))
    observed = sum(
        distance(a, b) / (len(u) - 1) for u in units for i, a in enumerate(u) for j, b in enumerate(u) if i != j
    )
    n = len(everything)
    expected = sum(distance(a, b) for i, a in enumerate(everything) for j, b in enumerate(everything) if i != j)
    return 1 - (n - 1) * observed / expected


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_alpha_is_that_of_its_definition(level: Any) -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        table = rng.integers(1, 6, (4, 15)).astype(float)
        table[rng.random(table.shape) < 0.3] = N
        assert krippendorff_alpha(table, level) == pytest.approx(pairwise_alpha(table, level), abs=1e-9)


@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, N]), min_size=6, max_size=6), min_size=2, max_size=4))
def test_alpha_knows_no_order_of_raters_or_units_and_never_passes_one(table: list[list[float]]) -> None:
    alpha = krippendorff_alpha(table)
    turned = krippendorff_alpha(np.array(table)[::-1, ::-1])
    assert alpha == pytest.approx(turned, nan_ok=True)
    assert np.isnan(alpha) or alpha <= 1 + 1e-12


def test_alpha_that_is_not_defined_and_wrong_calls() -> None:
    assert np.isnan(krippendorff_alpha([[1, 2, 3]]))
    assert np.isnan(krippendorff_alpha([[3, 3, 3], [3, 3, 3]]))
    assert np.isnan(krippendorff_alpha([[N, N], [N, N]]))
    with pytest.raises(CallError, match=r"a matrix \(raters, units\)"):
        krippendorff_alpha([1, 2, 3])
    with pytest.raises(CallError, match="level is 'nominal', 'ordinal' or 'interval', got 'ratio'"):
        krippendorff_alpha([[1, 2], [1, 2]], "ratio")  # type: ignore[arg-type]


# The choice between two


def test_an_item_is_never_held_against_its_twin() -> None:
    choice = about_which({"a": "War.", "b": "War.", "c": "Love."}, "Which?")
    assert choice("a") == Choice("Which?", "War.", "Love.")
    assert choice("z") is None
    assert about_which({"a": "War.", "b": "War."}, "Which?")("a") is None


def test_the_next_item_was_liked_and_the_other_never_rated() -> None:
    rng = np.random.default_rng(0)
    rows = [(f"u{u}", f"i{i}", float(rng.integers(1, 6))) for u in range(20) for i in rng.choice(30, 12, replace=False)]
    ratings = pd.DataFrame(rows, columns=["user", "item", "rating"])
    hidden, rated = ratings.iloc[::3], ratings.drop(ratings.index[::3])
    told = {f"i{i}": f"i{i}" for i in range(30)}
    found = {user: next_item(hidden, rated, told, "Which?")(user) for user in (f"u{u}" for u in range(20))}
    assert sum(choice is not None for choice in found.values()) > 15
    for user, choice in found.items():
        if choice is None:
            continue
        own = ratings[ratings["user"] == user].set_index("item")["rating"]
        theirs = hidden[hidden["user"] == user].set_index("item")["rating"]
        assert theirs[choice.right] == theirs.max() > own.mean()
        assert choice.other not in own.index
        assert choice == next_item(hidden, rated, told, "Which?")(user)
    assert next_item(hidden, rated, told, "Which?")("nobody") is None
