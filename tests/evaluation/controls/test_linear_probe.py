import numpy as np
import pytest

from elm.evaluation import LinearProbe
from elm.tasks import ItemFacts, TemplateTeacher


def test_reads_every_fact_where_vectors_are_linear_in_the_facts():
    rng = np.random.default_rng(0)
    places, leads, troubles = (["a", "b", "c"], ["d", "e"], ["f", "g", "h"])
    genres, moods = ["Comedy", "Drama", "War"], ["dark", "funny"]
    films, vectors = [], []
    for _ in range(240):
        place, lead, trouble = rng.integers(3), rng.integers(2), rng.integers(3)
        has = rng.random(3) < 0.5
        has[rng.integers(3)] = True
        mood, level = rng.integers(2), rng.integers(2)
        films.append(
            ItemFacts(
                tuple(g for g, h in zip(genres, has, strict=True) if h),
                {"setting": places[place], "protagonist": leads[lead], "conflict": troubles[trouble]},
                ((moods[mood], int(level)),),
            )
        )
        grade = np.eye(2)[mood] * (1.0, 0.5)[level]
        # A constant part keeps the length of all vectors alike, so that normalising them stays nearly linear.
        vectors.append(np.concatenate([np.eye(3)[place], np.eye(2)[lead], np.eye(3)[trouble], has, grade, [6.0]]))
    rows = np.array(vectors) @ np.linalg.qr(rng.normal(size=(14, 14)))[0]
    probe = LinearProbe.fit(rows[:200], films[:200])
    assert probe.read(rows[200:]) == films[200:]


def test_real_films_get_genres_and_the_nearest_plot():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(60, 5))
    films = [ItemFacts(("War",) if r[0] > 0 else ("Drama",), text=f"Plot {i}.") for i, r in enumerate(rows)]
    read = LinearProbe.fit(rows, films).read(rows[:3] * 2.0)
    assert [film.text for film in read] == ["Plot 0.", "Plot 1.", "Plot 2."]
    assert all(not film.aspects and len(film.kinds) >= 1 for film in read)


def test_real_films_get_the_nearest_themes_so_that_texts_have_the_teachers_form():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(60, 5))
    films = [
        ItemFacts(("War",), text=f"Plot {i}.", themes=tuple(f"word{i}n{n}" for n in range(6))) for i in range(len(rows))
    ]
    read = LinearProbe.fit(rows, films).read(rows[:3] * 2.0)
    assert read == films[:3]
    texts, lessons = (TemplateTeacher({"a": facts}).write("a", "five_positive") for facts in (read[2], films[2]))
    assert texts == lessons
    assert "word2n0" in texts.lower()


def test_is_the_same_every_time():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(50, 4))
    films = [ItemFacts(("War",) if r[0] > 0 else ("Drama", "Crime"), text="x") for r in rows]
    first, second = (LinearProbe.fit(rows, films, seed=4).read(rows) for _ in range(2))
    assert first == second


def test_wrong_calls():
    rows, films = np.ones((30, 3)), [ItemFacts(("War",), text="x")] * 30
    with pytest.raises(ValueError, match="got 29, 30"):
        LinearProbe.fit(rows, films[1:])
    with pytest.raises(ValueError, match="finite vectors"):
        LinearProbe.fit(rows * np.nan, films)
    with pytest.raises(ValueError, match="reads vectors of 3 numbers, got 4"):
        LinearProbe.fit(rows, films).read(np.ones((2, 4)))
