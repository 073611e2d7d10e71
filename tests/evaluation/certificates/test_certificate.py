"""Certificates keep what they state, on a model whose lies are known, and abstain outside what was seen."""

from types import SimpleNamespace

import numpy as np
import pytest

from elm._errors import CallError, DataFileError, VectorError
from elm.data import make_films
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import Calibration, Certifier, Evidence, FactWitness, LinearProbe, certify, no_false_fact
from elm.evaluation.certificates._earned import earned
from elm.tasks import TemplateTeacher, generated_facts

TASKS, CLAIM = ("summary", "five_positive"), "no false fact"


class Liar:
    """Writes the teacher's text of the right film, and for a share of the films that of another."""

    def __init__(self, world, share, seed=0):
        self.table, self.teacher = world.table, world.teacher
        rng = np.random.default_rng(seed)
        others = rng.permutation(world.table.ids)
        self.told = {
            own: other if rng.random() < share else own for own, other in zip(world.table.ids, others, strict=True)
        }

    def describe(self, vectors, task, *, seed=0):
        rows = (np.atleast_2d(vectors) @ self.table.vectors.T).argmax(1)
        return [self.teacher.write(self.told[self.table.ids[row]], task) for row in rows]


class Noise:
    """Reads every text as the same few words, so that no sign tells one from another."""

    def __init__(self, encoder):
        self.encoder = encoder

    def encode(self, texts):
        return np.repeat(self.encoder.encode(["a film about something"]), len(texts), axis=0)


@pytest.fixture(scope="module")
def world(word_hash):
    films = make_films(600, seed=5)
    facts = {str(item): generated_facts(film) for item, film in films.iterrows()}
    vectors = word_hash().encode([film.line() for film in facts.values()])
    table = VectorTable(list(facts), vectors, EmbeddingSpace.fit("hash", vectors, "cosine", {}, "hash"))
    ids, teacher = list(facts), TemplateTeacher(facts, seed=0)
    train = table.subset(ids[:300])
    probe = LinearProbe.fit(train.vectors, [facts[i] for i in train.ids])
    evidence = Evidence(train, word_hash(), teacher.write, FactWitness(probe))
    return SimpleNamespace(
        facts=facts,
        table=table,
        teacher=teacher,
        evidence=evidence,
        third=ids[300:400],
        test=ids[400:],
        blind=Evidence(train, Noise(word_hash()), teacher.write),
    )


def labelled(world, model, ids, tasks=TASKS):
    vectors = world.table.rows(ids)
    texts = {task: model.describe(vectors, task) for task in tasks}
    facts = [world.facts[i] for i in ids]
    return texts, vectors, {task: no_false_fact(own, facts) for task, own in texts.items()}


def fitted(world, model, evidence=None):
    return Certifier.fit(evidence or world.evidence, *labelled(world, model, world.third), CLAIM)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("seeing", [True, False], ids=["witness", "blind"])
def test_trust_is_earned_by_liars_of_every_kind(world, share, seeing):
    """With a witness that tells lies from truth, and without one that sees anything of them."""
    model = Liar(world, share)
    certifier = fitted(world, model, world.evidence if seeing else world.blind)
    _, vectors, right = labelled(world, model, world.test)
    found = certify(model, vectors, "summary", certifier)
    trusted = np.array([one.verdict == "trust" for one in found])
    told = {one.stated for one in found if one.verdict == "trust"}
    if trusted.any():
        assert right["summary"][trusted].mean() > certifier.calibration.least == 0.8
        assert len(told) == 1
        assert abs(told.pop() - right["summary"][trusted].mean()) < 0.06
    assert not any(one.verdict == "trust" and one.sc < one.sc_nearest for one in found)
    if seeing and share <= 0.5:
        assert trusted.mean() > 0.7 * right["summary"].mean()
    if share >= 0.95 or (not seeing and share >= 0.2):
        assert not trusted.any()
        assert all(one.reason.startswith(("doubt", "abstain")) for one in found)


def test_how_much_trust_asks_for_is_an_argument(world):
    model = Liar(world, 0.3)
    certifier = Certifier.fit(world.blind, *labelled(world, model, world.third), CLAIM, least=0.5)
    (one,) = certifier.certificates(
        [world.teacher.write(world.test[0], "summary")], world.table.rows(world.test[:1]), "summary"
    )
    assert (one.verdict, one.least) == ("trust", 0.5)
    assert one.reason.endswith(", more than 50 % with 95 % confidence")
    with pytest.raises(CallError, match="lies between 0 and 1, got 1"):
        Certifier.fit(world.blind, *labelled(world, model, world.third), CLAIM, least=1.0)


def test_a_text_that_its_own_numbers_refute_is_never_trusted(world):
    certifier = fitted(world, Liar(world, 0.0))
    texts = [world.teacher.write(item, "summary") for item in (*world.test[1:60], world.test[0])]
    found = certifier.certificates(texts, world.table.rows(world.test[:60]), "summary")
    refuted = [one for one in found if one.sc < one.sc_nearest]
    assert len(refuted) > 40
    assert all(one.verdict != "trust" for one in refuted)


@pytest.mark.parametrize(
    ("right", "of", "trusted"), [(100, 100, 100), (95, 100, 100), (85, 100, 0), (21, 21, 21), (20, 20, 0)]
)
def test_the_bound_of_the_rate_decides_and_not_the_rate(right, of, trusted):
    labels = np.arange(of) < right
    chances = np.full(of, 0.9)
    cut = earned(chances, np.zeros(of, bool), labels)
    assert (cut.chance is not None) == bool(trusted)
    assert cut.bound < right / of


def test_the_likeliest_are_trusted_where_all_are_not():
    chances, nobody = np.linspace(0.8, 1, 200), np.zeros(200, bool)
    cut = earned(chances, nobody, chances > 0.88)
    assert cut.chance == pytest.approx(0.9, abs=0.01)
    assert earned(chances, chances > 0.98, chances > 0.88).chance == pytest.approx(0.89, abs=0.01)
    low = np.linspace(0.1, 1, 200)  # all are right, and yet a text whose own chance is low is not believed
    assert earned(low, nobody, ~nobody).chance == pytest.approx(0.8, abs=0.01)
    assert earned(low, nobody, ~nobody, least=0.5).chance == pytest.approx(0.5, abs=0.01)


def test_a_certificate_says_what_speaks_for_the_text_and_against(world):
    model = Liar(world, 0.3)
    certifier = fitted(world, model)
    lie = next(i for i in world.test if model.told[i] != i)
    one = certify(model, world.table[lie], "summary", certifier)
    assert one.verdict == "doubt"
    assert one.text == world.teacher.write(model.told[lie], "summary")
    assert one.sc < one.sc_nearest
    own, false = world.facts[lie].aspects, world.facts[model.told[lie]].aspects
    assert {false[kind] for kind in own if own[kind] != false[kind]} <= set(one.against)
    assert "no false fact" in one.reason
    assert any("does not seem to hold" in line for line in one.lines())
    assert one.to_dict()["reason"] == one.reason
    honest = next(i for i in world.test if model.told[i] == i)
    assert certify(model, world.table[honest], "summary", certifier).percentile > one.percentile


def test_a_vector_outside_what_was_seen_gets_no_rate(world):
    model = Liar(world, 0.1)
    certifier = fitted(world, model)
    strange = -world.table.vectors[:300].mean(0)
    one = certify(model, strange, "summary", certifier)
    assert (one.verdict, one.stated) == ("abstain", None)
    assert one.reason.startswith("abstain: the vector lies outside what was seen")
    far = certify(model, 1000 * world.table[world.test[0]], "summary", certifier)
    assert far.verdict == "abstain"


def test_a_calibration_goes_through_a_file(world):
    certifier = fitted(world, Liar(world, 0.3))
    again = Certifier(world.evidence, Calibration.from_dict(certifier.calibration.to_dict()))
    texts, vectors, _ = labelled(world, Liar(world, 0.3), world.test[:20])
    assert again.certificates(texts["summary"], vectors, "summary") == certifier.certificates(
        texts["summary"], vectors, "summary"
    )
    older = {name: value for name, value in certifier.calibration.to_dict().items() if name != "least"}
    for values in ({"weights": []}, {**older, "threshold": 0.1}):
        with pytest.raises(DataFileError, match=r"fields of its own.*calibrate again, by `elm describe --certify`"):
            Calibration.from_dict(values)


def test_a_model_that_never_errs_is_trusted_at_its_rate(world):
    certifier = fitted(world, Liar(world, 0.0))
    found = certify(Liar(world, 0.0), world.table.rows(world.test), "summary", certifier)
    assert np.mean([one.verdict == "doubt" for one in found]) < 0.05  # the few that are refuted
    assert next(one.stated for one in found if one.verdict == "trust") > 0.98


def test_bad_calls(world):
    model = Liar(world, 0.3)
    certifier = fitted(world, model)
    with pytest.raises(CallError, match="calibrated for summary, five_positive, and not for 'pitch'"):
        certify(model, world.table.rows(world.test[:2]), "pitch", certifier)
    with pytest.raises(VectorError, match="256 numbers, got 3"):
        certifier.certificates(["A film."], np.ones((1, 3)), "summary")
    texts, vectors, right = labelled(world, model, world.third[:10])
    with pytest.raises(CallError, match="twenty entities or more, with a label for each text; got 10"):
        Certifier.fit(world.evidence, texts, vectors, right, CLAIM)
    with pytest.raises(CallError, match="labels of 1"):
        Certifier.fit(world.evidence, *labelled(world, model, world.third)[:2], {"summary": right["summary"]}, CLAIM)
    with pytest.raises(CallError, match="got an empty table"):
        Evidence(world.table.subset([]), world.evidence.encoder, world.teacher.write)
