"""From a world to a trained model: lessons for both adapters, two stages, the model saved in the run folder."""

from __future__ import annotations

from typing import Any

import torch

from elm._errors import CallError
from elm.adapters import MLPAdapter
from elm.data import film_texts, make_films, make_products, product_texts
from elm.embeddings import SentenceEncoder, VectorTable, semantic
from elm.model import (
    EmbeddingLanguageModel,
    is_shipped,
    load_llm,
    save_model,
    token_spread,
)
from elm.runs._base import about_base, license_of
from elm.runs._config import RunConfig
from elm.runs._experiment_data import FILMS, USERS, World, kept, user_views
from elm.runs._folder import RunFolder
from elm.runs.making._train_base import guard_base
from elm.runs.making._validation import watch
from elm.runs.share._card import LOSSES, losses_picture, write_card
from elm.tasks import ItemFacts, TemplateTeacher, generated_facts, get
from elm.training import Lessons, TwoStageResult, train_two_stage

_MAKERS = {"films": (make_films, film_texts), "products": (make_products, product_texts)}
_BATCHES_OF_FILMS = 0.7  # the other batches are of users


def fresh_model(config: RunConfig, world: World) -> EmbeddingLanguageModel:
    """The base with two untrained adapters, the first layer of each started from its training vectors.

    Raises `LeakageError` where the base has seen a held-out film.
    """
    held = [*world.film_split.validation, *world.film_split.test]
    guard_base(config.base, held, config.seed, demo_world=config.dataset == "demo")
    llm, tokenizer = load_llm(config.base, dtype=config.base_dtype)
    width, spread = llm.get_input_embeddings().weight.shape[1], token_spread(llm)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.training.seed)
        adapters = {
            name: MLPAdapter.for_space(
                vectors.space, width, tasks, spread, config.soft_tokens, config.hidden
            ).start_from(vectors.rows(ids))
            for name, vectors, ids, tasks in (
                (FILMS, world.films, world.film_split.train, config.film_tasks),
                (USERS, world.users, world.users.ids, config.user_tasks),
            )
        }
    return EmbeddingLanguageModel(llm, tokenizer, adapters, about_base(config.base))


def lessons(
    world: World, config: RunConfig, extra: tuple[VectorTable, dict[str, ItemFacts]] | None = None
) -> list[Lessons]:
    """What both adapters learn from: training films and training users, never a held-out one."""
    films, facts, ids = world.films, dict(world.film_facts), list(world.film_split.train)
    if extra is not None:
        films = films.joined(extra[0])
        facts |= extra[1]
        ids += extra[0].ids
    held_films = [*world.film_split.validation, *world.film_split.test]
    users, user_facts = user_views(world, config.user_views, config.seed)
    held_users = [*world.user_split.validation, *world.user_split.test]
    return [
        *(
            Lessons(
                FILMS,
                films,
                TemplateTeacher(facts, config.seed),
                tasks,
                ids,
                held_films,
                weight=_BATCHES_OF_FILMS * share,
                domain=config.domain,
            )
            for share, tasks in _by_share(config)
        ),
        Lessons(
            USERS,
            users,
            TemplateTeacher(user_facts, config.seed),
            config.user_tasks,
            users.ids,
            held_users,
            weight=1 - _BATCHES_OF_FILMS,
            domain=config.domain,
        ),
    ]


def _by_share(config: RunConfig) -> list[tuple[float, tuple[str, ...]]]:
    """The film tasks, apart where tasks over two films have a share of their own."""
    pairs = tuple(task for task in config.film_tasks if len(get(task, config.domain).marks) == 2)
    single = tuple(task for task in config.film_tasks if task not in pairs)
    if config.pair_share is None or not pairs or not single:
        return [(1.0, config.film_tasks)]
    return [(1 - config.pair_share, single), (config.pair_share, pairs)]


def extra_films(
    run: RunFolder, world: World, config: RunConfig, encoder: SentenceEncoder, progress: bool = True
) -> tuple[VectorTable, dict[str, ItemFacts]]:
    """Generated films that nobody rated, to learn from; none has a held-out film's combination of facts."""
    known, count, seed = world.dataset.facts, config.extra_films, config.seed
    if known is None:
        raise CallError(f"films are generated from facts, and {world.dataset.name} knows none: use extra_films=0")
    held = known.items.loc[[*world.film_split.validation, *world.film_split.test]]
    make, write = _MAKERS[config.domain]
    films = make(count, seed=seed + 1, prefix="x", skip=held)
    texts: dict[str, list[str]] = {}
    for item, text in write(films, seed=seed + 1)[["item", "text"]].itertuples(index=False):
        texts.setdefault(item, []).append(text)
    table = kept(run, "extra_films", lambda: semantic(texts, encoder, name=FILMS, progress=progress))
    facts = {str(item): generated_facts(row, config.domain) for item, row in films.iterrows()}
    return VectorTable(table.ids, table.vectors, world.films.space), facts


def teach(
    run: RunFolder,
    world: World,
    config: RunConfig,
    encoder: SentenceEncoder,
    progress: bool = True,
    model: EmbeddingLanguageModel | None = None,
    checkpoints: str = "checkpoints",
) -> dict[str, Any]:
    """Train both stages and save the model as `model/` of the run; resumes from the run's checkpoints.

    model: one that was trained before and goes on, with checkpoints in a folder of their own; a fresh one by default.
    """
    earlier = dict(model.about.get("made", {})) if model else {}
    model = model or fresh_model(config, world)
    extra = extra_films(run, world, config, encoder, progress) if config.extra_films else None
    result = train_two_stage(
        model,
        lessons(world, config, extra),
        config.training,
        progress=progress,
        checkpoints=run.path / checkpoints,
        validation=watch(world, config, encoder),
    )
    made = _made(world, config, encoder, result)
    model.about |= {
        "made": earlier | {"then": f"{made['steps']}; loss {made['loss']}"} if earlier else made,
        **_license(config),
    }
    picture = run.path / "model" / LOSSES  # of a model that goes on, the longer training's
    drawn = losses_picture({"stage one": result.one.losses, "stage two": result.two.losses})
    write_card(
        save_model(
            model, run.path / "model", files={LOSSES: picture.read_bytes() if earlier and picture.exists() else drawn}
        )
    )
    return {
        name: {
            "loss": round(stage.loss, 4),
            "seconds": round(stage.seconds, 1),
            "tokens_per_second": round(stage.tokens_per_second),
            **({"best": stage.best, "alarm": stage.alarm, "stopped": stage.stopped} if stage.validations else {}),
        }
        for name, stage in (("stage_one", result.one), ("stage_two", result.two))
    }


def _made(world: World, config: RunConfig, encoder: SentenceEncoder, result: TwoStageResult) -> dict[str, str]:
    """How the model was made, as its card tells it."""
    films, users, stages = world.film_split, world.user_split, config.training
    held = f"{len(films.validation) + len(films.test)} films and {len(users.validation) + len(users.test)} users"
    extra = f", {config.extra_films} generated films" if config.extra_films else ""
    return {
        "dataset": world.dataset.name,
        "trained on": f"{len(films.train)} films{extra} and {len(world.users)} users; {held} held out",
        "film vectors": f"{encoder.name} over the texts {', '.join(config.vector_sources)}",
        "user vectors": f"weighted ALS with {config.factors} factors",
        "steps": f"{stages.one.steps} and {stages.two.steps} of {stages.batch_tokens} tokens, seed {stages.seed}",
        "loss": f"{result.one.loss:.3f} and {result.two.loss:.3f} nats per token",
    }


def _license(config: RunConfig) -> dict[str, str]:
    """That of the generated world is ours to give, that of a packaged base its owner's; of other data and bases the
    card says that it is not known.
    """
    if config.dataset == "demo" and is_shipped(config.base):
        return {"license": "apache-2.0"}
    return license_of(config.base)
