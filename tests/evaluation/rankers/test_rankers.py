import numpy as np
import pytest

from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import TrainedRanker, ZeroShotRanker, likes_and_dislikes
from elm.tasks import TemplateTeacher, UserFacts

GENRES = ("Comedy", "Drama", "Horror", "War", "Western", "Crime")


@pytest.fixture
def items():
    """One item a genre, each with its own axis."""
    vectors = np.eye(len(GENRES))
    return VectorTable(list(GENRES), vectors, EmbeddingSpace.fit("cf", vectors, "dot", {}, "cf"))


def users_with_tastes(n, seed):
    """Users who like two genres and dislike two; the vector is +1, +0.6, -0.6 and -1 on their axes."""
    rng = np.random.default_rng(seed)
    facts, vectors = {}, np.zeros((n, len(GENRES)))
    for row in range(n):
        a, b, c, d = rng.permutation(len(GENRES))[:4]
        facts[f"u{row}"] = UserFacts(((GENRES[a], 0), (GENRES[b], 1)), ((GENRES[d], 0), (GENRES[c], 1)))
        vectors[row, [a, b, c, d]] = 1.0, 0.6, -0.6, -1.0
    return facts, vectors


def test_both_templates_are_read_without_a_mistake():
    facts, _ = users_with_tastes(40, 0)
    teacher = TemplateTeacher(facts, seed=0)
    words = {
        "Comedy": "comedy",
        "Drama": "drama",
        "Horror": "horror",
        "War": "war",
        "Western": "western",
        "Crime": "crime",
    }
    for task in ("user_profile", "user_summary"):
        for user, tastes in facts.items():
            likes, dislikes = likes_and_dislikes(teacher.write(user, task))
            for side, traits in ((likes, tastes.likes), (dislikes, tastes.dislikes)):
                for trait, _level in traits:
                    assert any(words[trait] in phrase for phrase in side), (task, user, trait)


@pytest.mark.parametrize(
    "text",
    [
        "They dislike horror.",
        "Horror bores them: they are bored by ghosts.",
        "Not a fan of horror.",
        "He doesn't enjoy horror.",
        "She hates horror.",
        "They never watch horror.",
        "Dislikes:\n- horror",
        "Horror puts this viewer off.",
        "They steer clear of horror.",
    ],
)
def test_plain_ways_to_dislike(text):
    likes, dislikes = likes_and_dislikes(text)
    assert dislikes
    assert not likes


@pytest.mark.parametrize(
    "text", ["They love horror.", "They never miss a horror film.", "Noted for good taste: horror."]
)
def test_plain_ways_to_like(text):
    likes, dislikes = likes_and_dislikes(text)
    assert likes
    assert not dislikes


def test_contrast_in_one_sentence_and_an_empty_profile():
    assert likes_and_dislikes("Enjoys comedies, but not war films.") == (["Enjoys comedies"], ["but not war films."])
    assert likes_and_dislikes("...") == ([], [])


@pytest.mark.parametrize("task", ["user_profile", "user_summary"])
def test_trained_ranker_finds_the_vectors_behind_the_texts(items, encoder, task):
    facts, vectors = users_with_tastes(400, 1)
    teacher = TemplateTeacher(facts, seed=0)
    ranker = TrainedRanker.fit(encoder, [teacher.write(u, task) for u in facts], vectors, items)
    new_facts, truth = users_with_tastes(60, 2)
    texts = [TemplateTeacher(new_facts, seed=9).write(u, task) for u in new_facts]
    scores = ranker.scores(texts)
    assert scores.shape == (60, len(GENRES))
    for kind in (np.argmax, np.argmin):
        right = kind(scores, 1) == kind(truth, 1)
        assert right.mean() > (0.9 if task == "user_profile" else 0.8)


def test_likes_and_dislikes_are_not_confused(items, encoder):
    facts, vectors = users_with_tastes(300, 3)
    teacher = TemplateTeacher(facts, seed=0)
    ranker = TrainedRanker.fit(encoder, [teacher.write(u, "user_profile") for u in facts], vectors, items)
    loves, hates = ranker.scores(["- They love war films.", "- They avoid war films."])[:, GENRES.index("War")]
    assert loves > hates + 0.5


def test_phrases_are_encoded_once(items, encoder):
    facts, vectors = users_with_tastes(200, 4)
    texts = [TemplateTeacher(facts, seed=0).write(u, "user_profile") for u in facts]
    ranker = TrainedRanker.fit(encoder, texts, vectors, items)
    asked = len(encoder.asked)
    assert asked == len(set(encoder.asked)) < 100
    ranker.scores(texts)
    assert len(encoder.asked) == asked


def test_zero_shot_ranker_orders_by_words_shared(encoder):
    vectors = encoder.encode(["western films", "horror films", "nothing alike"])
    table = VectorTable(["w", "h", "n"], vectors, EmbeddingSpace.fit("s", vectors, "cosine", {}, "s"))
    cf = VectorTable(["h", "x", "w"], np.eye(3), EmbeddingSpace.fit("cf", np.eye(3), "dot", {}, "cf"))
    scores = ZeroShotRanker.from_table(encoder, table, cf).scores(["They love western films. They avoid horror."])[0]
    assert scores[2] > scores[1] == 0.0 > scores[0] - 1.0
    assert scores[2] > scores[0]
    silent = ZeroShotRanker.from_table(encoder, table, cf).scores(["..."])
    assert np.isfinite(silent).all()


def test_wrong_calls(items, encoder):
    with pytest.raises(ValueError, match="got 3 texts, 12 vectors"):
        TrainedRanker.fit(encoder, ["a"] * 3, np.ones((12, 6)), items)
    with pytest.raises(ValueError, match="say the same or nothing"):
        TrainedRanker.fit(encoder, ["They love war films."] * 12, np.ones((12, 6)), items)
    with pytest.raises(ValueError, match=r"\(n, 6\) of the items' space, got \(12, 5\)"):
        TrainedRanker.fit(encoder, ["a"] * 12, np.ones((12, 5)), items)
