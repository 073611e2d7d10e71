"""`elm bench rewards`: profiles that are tuned for the list they lead to, beside those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli import _options as options

if TYPE_CHECKING:
    from elm.data import Dataset


def rewards(
    dataset: options.DataName,
    folder: options.DataFolder = None,
    base: Annotated[
        str | None, typer.Option(help="A base that reads histories in words; by default the demo model reads vectors.")
    ] = None,
    methods: Annotated[str | None, typer.Option(help="Of zero-shot,cl,rlso,both,no-profile-0,no-profile-cl.")] = None,
    protocol: Annotated[str, typer.Option(help="Conventions: paper, or repo-compat.")] = "paper",
    history: Annotated[int, typer.Option(min=1, help="Items of a history.")] = 4,
    ahead: Annotated[int, typer.Option(min=1, help="Items that come next, and are to be found.")] = 1,
    per_user: Annotated[int, typer.Option(min=1, help="Sessions of a user, the newest.")] = 1,
    least_rating: Annotated[float | None, typer.Option(help="Only ratings from this one on.")] = None,
    sources: Annotated[
        str | None, typer.Option(help='Texts of the items, by commas; "none": title and genres alone.')
    ] = None,
    task: Annotated[str, typer.Option(help="What the demo model writes.")] = "user_summary",
    tuned: Annotated[str, typer.Option(help="What learns: lora, last (layers) or all.")] = "lora",
    rank: Annotated[int, typer.Option(min=1, help="Rank of LoRA.")] = 16,
    layers: Annotated[int, typer.Option(min=1, help="Last layers, with --tuned last.")] = 2,
    new_tokens: Annotated[int | None, typer.Option(min=1, help="Longest profile, tokens.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="K: rounds of decoder and encoder.")] = 2,
    contrastive: Annotated[int, typer.Option(min=0, help="J: contrastive steps a round.")] = 200,
    steps: Annotated[int, typer.Option(min=1, help="T: steps of RLSO a round.")] = 30,
    prompts: Annotated[int, typer.Option(min=1, help="Sessions of a step, two profiles each.")] = 32,
    lr: Annotated[float, typer.Option(help="Learning rate of RLSO.")] = 1e-3,
    gamma: Annotated[float, typer.Option(min=0, help="Weight of the KL penalty.")] = 0.05,
    train: Annotated[int | None, typer.Option(min=2, help="Training sessions at most, drawn.")] = None,
    test: Annotated[int | None, typer.Option(min=2, help="Test sessions at most.")] = None,
    seeds: options.Seeds = 1,
    out: options.ResultsFolder = None,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """LangPTune: zero-shot, decoder alone, encoder alone, both; NDCG, MRR and recall, with tests and guards.

    Example: elm bench rewards demo --least-rating 4 --sources none --rounds 1 --steps 20 --test 200
    """
    from elm.cli._output import emit, is_quiet
    from elm.data import load
    from elm.embeddings import SentenceEncoder
    from elm.evaluation import CachedEncoder, RewardBench, base_writer, bench_rewards, demo_sessions, demo_writer
    from elm.recommend import cards_of, sessions_by_time
    from elm.training import Tuned

    wanted: dict[str, Any] = {} if methods is None else {"methods": tuple(name.strip() for name in methods.split(","))}
    bench = RewardBench(
        **wanted,
        protocol=protocol,
        rounds=rounds,
        contrastive=contrastive,
        steps=steps,
        prompts=prompts,
        lr=lr,
        gamma=gamma,
        test=test,
        seeds=tuple(range(seed, seed + seeds)),
    )
    how = Tuned(tuned, rank, layers, seed)
    data = load(dataset, folder, seed)
    found = sessions_by_time(
        data,
        history=history,
        ahead=ahead,
        per_user=per_user,
        least_rating=least_rating,
        test_users=_held(data, base),
        seed=seed,
    )
    if train is not None:
        found = found.at_most("train", train, seed)
    cards = cards_of(data, found.items, _named(sources, data))
    if base is None:
        found, vectors = demo_sessions(found)
        writer = demo_writer(vectors, task, how, new_tokens)
    else:
        writer = base_writer(base, found, cards, how, new_tokens or 128)
    encoder = CachedEncoder(SentenceEncoder())
    value = bench_rewards(found, cards, encoder, *writer, bench, folder=out, progress=not is_quiet())
    value = {"dataset": data.name, "writer": base or "the demo model", **value}
    emit(value, json_mode, lambda: _show(value))


def _named(words: str | None, data: Dataset) -> list[str] | None:
    """The sources by name; none of them for "none", None for all."""
    if words is None:
        return None
    from elm.cli.bench._request import named_sources

    return [] if words.strip() == "none" else list(named_sources(words, data) or ())


def _held(data: Dataset, base: str | None) -> list[str] | None:
    """The users that the demo model never saw, where it is the writer."""
    if base is not None:
        return None
    from elm._errors import CallError
    from elm.model import shipped_vectors

    if data.name != "demo":
        raise CallError(f"the demo model reads users of the demo world, and the data set is {data.name}: name a --base")
    users = shipped_vectors("users")
    return list(users.ids)[users.space.made["n_users"] :]


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, table

    told = ", ".join(f"{count} {part}" for part, count in value["sessions"].items())
    echo(f"{value['dataset']}: {value['items']} items, sessions: {told}; profiles by {value['writer']}")
    keys = ("ndcg@20", "mrr@20", "recall@20", "ndcg", "bm25")
    body = []
    for name, row in value["scores"].items():
        read = row["readability"]
        words = [f"{read['perplexity']:.2f}", f"{read['words']:.0f}"] if read else ["", ""]
        body.append([name, *[f"{row['mean'][key]:.4f}" for key in keys], *words])
    table(["method", *keys, "perplexity", "words"], body, f"{value['tested']} test sessions, seeds {value['seeds']}")
    table(
        ["of", "against", "measure", "gain", "p"],
        [[t["of"], t["against"], t["measure"], f"{t['gain']:+.1%}", f"{t['p']:.3g}"] for t in value["tests"]],
        "paired t tests over users",
    )
    for name, by_seed in value["rounds"].items():
        rows = [[row["step"], *_guard_cells(row)] for rounds in by_seed[:1] for one in rounds for row in one["guard"]]
        if rows:
            header = ["step", "reward", "held out", "perplexity", "repetition", "words", "KL", "limits broken"]
            table(header, rows, f"{name}: reward and guard on validation sessions")


def _guard_cells(row: dict[str, Any]) -> list[str]:
    numbers = [f"{row[key]:.3f}" for key in ("reward", "held_out", "perplexity", "repetition", "words", "kl")]
    return [*numbers, ", ".join(row["broken"]) or "none"]
