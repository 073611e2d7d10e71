"""The recipe of the embedded base: its sources, and that the same recipe makes the same base."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from elm.data import ATTRIBUTES, GENRES, make_films
from elm.model import BaseConfig, load_llm, save_llm
from elm.tasks import ItemFacts
from elm.training import BaseRecipe, generated_sources, plot_sources, train_base

RECIPE = BaseRecipe(steps=2, batch_tokens=300, seed=1, model=BaseConfig(400, 32, 2, 2, 64, 256))


@pytest.fixture(scope="module")
def skip() -> pd.DataFrame:
    """Some of those that the sources would draw if they were not left out."""
    return make_films(300, seed=8, prefix="b").iloc[::4]


@pytest.fixture(scope="module")
def sources(skip: pd.DataFrame):  # type: ignore[no-untyped-def]
    return generated_sources(make_films(300, seed=8, prefix="b", skip=skip), skip)


def weights(model: torch.nn.Module) -> list[torch.Tensor]:
    return [p.detach() for p in model.parameters()]


@pytest.fixture(scope="module")
def made(sources, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """(model, tokenizer, result, checkpoint) of the recipe; learning the tokenizer takes most of the time."""
    path = tmp_path_factory.mktemp("base") / "checkpoint.safetensors"
    return *train_base(*sources, RECIPE, progress=False, checkpoint=path), path


@pytest.mark.slow
def test_two_steps_are_reproducible(sources, made) -> None:  # type: ignore[no-untyped-def]
    model, tokenizer, result, _ = made
    torch.manual_seed(7)  # nothing hangs on the global generator
    same, same_tokenizer, again = train_base(*sources, RECIPE, progress=False)
    assert tokenizer.get_vocab() == same_tokenizer.get_vocab()
    assert all(torch.equal(a, b) for a, b in zip(weights(model), weights(same), strict=True))
    assert result.losses == again.losses
    assert not model.training


@pytest.mark.slow
def test_a_finished_base_is_read_back_from_its_checkpoint(sources, made, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    model, tokenizer, result, path = made
    same, _, again = train_base(*sources, RECIPE, progress=False, checkpoint=path)
    assert result == again
    assert all(torch.equal(a, b) for a, b in zip(weights(model), weights(same), strict=True))
    save_llm(model, tokenizer, tmp_path / "base", torch.float16)
    loaded, _ = load_llm(tmp_path / "base")
    assert all(torch.equal(a, b.half().float()) for a, b in zip(weights(loaded), weights(model), strict=True))


@pytest.mark.slow
def test_the_base_learns_its_texts(sources) -> None:  # type: ignore[no-untyped-def]
    recipe = BaseRecipe(steps=40, batch_tokens=400, lr=1e-2, seed=1, model=RECIPE.model)
    _, _, result = train_base(*sources, recipe, progress=False)
    assert result.losses[0] == pytest.approx(np.log(400), rel=0.05)  # it begins knowing nothing
    assert result.loss < 0.85 * result.losses[0]


def test_held_out_combinations_of_facts_never_occur(skip: pd.DataFrame, sources) -> None:  # type: ignore[no-untyped-def]
    held = {(f["setting"], f["protagonist"], f["conflict"]) for _, f in skip.iterrows()}
    film, pair, _ = sources[0]
    rng = np.random.default_rng(0)
    seen = set()
    for source in (film, pair) * 300:
        for line in source(rng)[0].split("genres: ")[1:]:
            facts = dict(part.split(": ", 1) for part in line.split("; ") if ": " in part)
            seen.add((facts["setting"], facts["lead"], facts["conflict"]))
    assert len(seen) > 150
    assert not seen & held


def test_the_prompt_holds_the_facts_that_the_text_tells(sources) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    film, _, user = sources[0]
    for _ in range(50):
        prompt, text = film(rng)
        lead = prompt.split("lead: ")[1].split(";")[0]
        assert lead.lower() in text.lower()
        assert prompt.endswith("\n")
        prompt, text = user(rng)
        likes = prompt.split(" likes: ")[1].split("; dislikes: ")[0].split(", ")
        assert len(likes) == 6
        assert all(trait.removeprefix("very ") in text for trait in likes)


def test_a_mixture_of_two_films_that_is_held_out_does_not_come_about() -> None:
    first, second = (row for _, row in make_films(2, seed=0).iterrows())
    held = pd.DataFrame([second]).assign(setting=first["setting"])
    (_, pair, _), _ = generated_sources(pd.DataFrame([first, second]), held)
    rng, seen = np.random.default_rng(0), set()
    for _ in range(500):
        for line in pair(rng)[0].split("genres: ")[1:]:
            facts = dict(part.split(": ", 1) for part in line.split("; ") if ": " in part)
            seen.add((facts["setting"], facts["lead"], facts["conflict"]))
    assert (second["setting"], first["protagonist"], first["conflict"]) in seen  # other mixtures do
    assert (first["setting"], second["protagonist"], second["conflict"]) not in seen


def test_tastes_of_nobody_have_six_likes_and_four_dislikes(sources) -> None:  # type: ignore[no-untyped-def]
    from elm.training._base_lm import random_user_facts

    known = [*GENRES, *ATTRIBUTES]
    for seed in range(100):
        facts = random_user_facts(np.random.default_rng(seed), known)
        traits = [t for t, _ in (*facts.likes, *facts.dislikes)]
        assert (len(facts.likes), len(facts.dislikes), len(set(traits))) == (6, 4, 10)
        assert set(traits) <= set(known)
        for tastes in (facts.likes, facts.dislikes):
            levels = [level for _, level in tastes]
            assert levels == sorted(levels)  # the strong ones first


@pytest.fixture
def plots():  # type: ignore[no-untyped-def]
    films = {f"m{i}": ItemFacts(("War",), text=f"Plot number {i} tells of ship {i}.") for i in range(12)}
    others = {i: [f"Another text about {i}."] for i in list(films)[:6]}
    return plot_sources(films, others, [*GENRES, "era:new"])


def test_real_films_are_told_from_their_plot_or_from_another_text(plots) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    from_other = 0
    for _ in range(400):
        prompt, text = plots[0][0](rng)
        number = (
            text.split("Plot number ")[1].split()[0]
            if "Plot number" in text
            else text.split("plot number ")[1].split()[0]
        )
        if "Another text" in prompt:
            from_other += 1
            assert f"Another text about m{number}." in prompt  # of the same film
            assert "Plot number" not in prompt
        else:
            assert f"Plot number {number} tells" in prompt
    assert from_other / 400 == pytest.approx(0.2, abs=0.06)  # half of the films have one, which is taken in 40 %


def test_a_base_goes_on_with_new_words(made, plots) -> None:  # type: ignore[no-untyped-def]
    model, old, _, _ = made
    start = copy.deepcopy(model), old
    recipe = BaseRecipe(steps=2, batch_tokens=300, seed=1, model=BaseConfig(vocabulary=450))
    model, tokenizer, result = train_base(*plots, recipe, start=start, progress=False)
    assert len(old) < len(tokenizer) <= 450
    assert model.get_input_embeddings().weight.shape == (len(tokenizer), 32)
    assert np.isfinite(result.loss)
