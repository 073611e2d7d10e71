"""`elm bench request` and `elm bench request-cost`: how far lists follow a sentence, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli import _options as options

if TYPE_CHECKING:
    from elm.data import Dataset


def request(
    dataset: options.DataName,
    folder: options.DataFolder = None,
    engagement: Annotated[
        str, typer.Option(help="The recommender below: popularity, wals, ease, an autoencoder, or bivae.")
    ] = "ease",
    sources: Annotated[str | None, typer.Option(help="Sources of the texts that the encoder reads; by commas.")] = None,
    judge: Annotated[str | None, typer.Option(help="Sources that the training judge reads beside genres.")] = None,
    feed: Annotated[str | None, typer.Option(help="Sources that the judge of lists reads, without genres.")] = None,
    teach: Annotated[
        Path | None, typer.Option(help="A saved data set whose other items are trained on; else halves are crossed.")
    ] = None,
    requests: Annotated[int, typer.Option(min=10, help="Requests that are trained on.")] = 3000,
    tuned: Annotated[str, typer.Option(help="The request side: frozen, lora or all.")] = "lora",
    tuned_items: Annotated[str, typer.Option(help="The item side: frozen, words, lora or all.")] = "frozen",
    steps: Annotated[int, typer.Option(min=1, help="Steps of training.")] = 600,
    within: Annotated[float, typer.Option(min=0, help="Weight of the list-wise loss.")] = 0.0,
    ways: Annotated[
        str | None,
        typer.Option(help="Ways to distil, by commas, such as lora,lora+words+within: the best is chosen and taken."),
    ] = None,
    batch: Annotated[int, typer.Option(min=2, help="Requests a step.")] = 24,
    rate: Annotated[float, typer.Option(help="Learning rate of the heads.")] = 2e-3,
    users: Annotated[int | None, typer.Option(min=4, help="So many users, drawn; by default all.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Sentence encoder; by default all-MiniLM-L6-v2.")] = None,
    device: Annotated[str, typer.Option(help="Where the encoders are trained: cpu or cuda.")] = "cpu",
    vectors: Annotated[Path | None, typer.Option(help="Keep the encoder's vectors of items in this folder.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder for Figures 4 and 7 to 9 (PNG).")] = None,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """Requests against engagement over w_control: a judge, what was distilled from it, and the untrained encoder.

    Genres of the scored items never go into training, and test requests share no wording with those trained on.

    Example: elm bench request demo --users 200 --requests 600 --tuned frozen --steps 300
    """
    from elm.cli._output import emit, is_quiet
    from elm.data import load
    from elm.embeddings import SentenceEncoder
    from elm.evaluation import RequestBench, bench_requests
    from elm.recommend import Distillation

    data = load(folder if folder is not None and dataset == "saved" else dataset, folder, seed)
    tuning: dict[str, Any] = {"requests": tuned, "items": tuned_items}
    how = Distillation(**tuning, steps=steps, batch=batch, rate=rate, within=within, device=device, seed=seed)
    bench = RequestBench(
        engagement=engagement,
        sources=named_sources(sources, data),
        judge_sources=named_sources(judge, data),
        feed_sources=named_sources(feed, data),
        requests=requests,
        users=users,
        seed=seed,
        distillation=how,
        ways=tuple(name.strip() for name in ways.split(",")) if ways else (),
    )
    other = None if teach is None else load(teach)
    value = bench_requests(
        data,
        SentenceEncoder(encoder, device) if encoder else SentenceEncoder(device=device),
        bench,
        teach=other,
        table=_kept(vectors),
        progress=not is_quiet(),
    )
    if figures is not None:
        _draw(value, figures)
    emit(value, json_mode, lambda: _show(value))


def request_cost(
    items: Annotated[str, typer.Option(help="Numbers of items, by commas.")] = "1000,10000,100000,1000000",
    requests: Annotated[str, typer.Option(help="Numbers of requests at once, by commas.")] = "1,10,100,1000",
    base: Annotated[
        str | None, typer.Option(help="A language model whose direct judging is timed beside, such as gemma-3-270m.")
    ] = None,
    judged: Annotated[int, typer.Option(min=1, help="So many films of the demo world it judges for the timing.")] = 32,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Also the approximate index and its recall.")
    ] = False,
    figures: Annotated[Path | None, typer.Option(help="Folder for Figure 5 (PNG).")] = None,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """Seconds of requests by one encoding and a product, over items and requests at once (Figure 5 of CTRL-Rec).

    Example: elm bench request-cost --items 1000,100000 --requests 1,100
    """
    import numpy as np

    from elm.cli._output import emit
    from elm.cli.bench._control import numbers
    from elm.embeddings import SentenceEncoder
    from elm.evaluation import cost_curve, cost_figure, index_curve
    from elm.recommend import RequestWriter

    counts, many = numbers(items, "--items", int), numbers(requests, "--requests", int)
    texts = [wish.text for wish in RequestWriter("test").draw(1000, np.random.default_rng(seed))]
    direct = None if base is None else _judge_seconds(base, judged, seed)
    rows = cost_curve(SentenceEncoder().encode, texts, counts, many, judge_seconds=direct, seed=seed)
    value: dict[str, Any] = {"rows": rows, "judge_seconds": direct}
    if approximate:
        value["index"] = index_curve(counts, seed=seed)
    if figures is not None:
        figures.mkdir(parents=True, exist_ok=True)
        cost_figure(rows).savefig(figures / "request-cost.png", dpi=120)
    emit(value, json_mode, lambda: _show_cost(value))


def _judge_seconds(base: str, judged: int, seed: int) -> float:
    """Seconds of direct judging a request and item."""
    import time

    from elm.data import load
    from elm.model import load_llm
    from elm.recommend import LanguageModelJudge, cards_of

    data = load("demo", seed=seed)
    cards = cards_of(data, list(data.items.index[:judged]), ["plot"])
    judge = LanguageModelJudge(*load_llm(base), cards, least_mass=0.0)
    started = time.perf_counter()
    judge.values(["something light for tonight"])
    return (time.perf_counter() - started) / judged


def named_sources(words: str | None, data: Dataset) -> tuple[str, ...] | None:
    """Sources of a data set's texts by their names, with commas between; `UnknownNameError` for one it lacks."""
    from elm._errors import UnknownNameError

    if words is None:
        return None
    names = tuple(name.strip() for name in words.split(",") if name.strip())
    for name in names:
        if name not in data.sources:
            raise UnknownNameError("text source", name, data.sources)
    return names


def _kept(folder: Path | None) -> Any:
    """Vectors made once and read from a folder afterwards."""
    from elm.embeddings import VectorTable

    def table(name: str, make: Any) -> VectorTable:
        if folder is None:
            made: VectorTable = make()
            return made
        if (folder / name).is_dir():
            return VectorTable.load(folder / name)
        made = make()
        made.save(folder / name)
        return made

    return table


def _draw(value: dict[str, Any], folder: Path) -> None:
    from elm.cli._output import remark
    from elm.evaluation import fronts_figure, quality_figure, satisfaction_figure

    folder.mkdir(parents=True, exist_ok=True)
    for k in next(iter(next(iter(value["rows"].values())).values())):
        satisfaction_figure(value["rows"], k).savefig(folder / f"satisfaction-{k}.png", dpi=120)
        for kind, methods in value["rows"].items():
            fronts_figure(methods, kind, k).savefig(folder / f"fronts-{kind}-{k}.png", dpi=120)
    quality_figure(value["pairs"], value["quality"]).savefig(folder / "quality.png", dpi=120)
    remark(f"figures: {folder}")


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, table

    echo(f"{value['dataset']}: {value['users']} users, {value['items']} items, engagement by {value['engagement']}")
    for kind, methods in value["table1"].items():
        body = []
        for name, by_k in methods.items():
            for k, found in by_k.items():
                start = value["rows"][kind][name][k][0]
                best, price = found["best"], found["price_of_0.9"]
                lost = "-" if price is None else f"{price['lost']:.3f} (w {price['w_control']:g})"
                best_said = f"{best['satisfaction']:.3f} ± {best['satisfaction_se']:.3f}"
                precise = [f"{row['precision']:.3f}" for row in (start, best)]
                body.append(
                    [name, k, f"{start['satisfaction']:.3f}", best_said, f"{best['w_control']:g}", *precise, lost]
                )
        table(
            ["method", "k", "at 0", "best", "w_control", "precision at 0", "at best", "precision lost for 0.9"],
            body,
            f"{kind} requests: satisfaction",
        )
    table(
        ["method", "Pearson", "Spearman", "within a request"],
        [
            [name, f"{q['pearson']:.3f}", f"{q['spearman']:.3f}", f"{q['per_request']:.3f}"]
            for name, q in value["quality"].items()
        ],
        "against the judge, requests in other words",
    )
    if value["negation"]:
        told = ", ".join(f"{name} {share:.3f}" for name, share in value["negation"].items() if name != "requests")
        echo(f"X but not Y: share of Y in the first 10 at w_control 0.9: {told}")
    for kind, by_k in value["fronts"].items():
        told = ", ".join(f"k {k}: {found['share']:.0%}" for k, found in by_k.items())
        echo(f"{kind}: the distilled front lies on or above the untrained one at {told} of what both reach")


def _show_cost(value: dict[str, Any]) -> None:
    from elm.cli._output import table

    table(
        ["items", "requests", "encode s", "search s", "a request ms", "over bare", "judged s"],
        [
            [
                f"{r['items']:,}",
                r["requests"],
                f"{r['encode']:.4f}",
                f"{r['search']:.4f}",
                f"{1000 * r['seconds'] / r['requests']:.2f}",
                f"{r['seconds'] / r['bare']:.2f}" if "bare" in r else "",
                f"{r['direct']:.1f}" if "direct" in r else "",
            ]
            for r in value["rows"]
        ],
        "requests by one encoding and exact search",
    )
    if "index" in value:
        table(
            ["items", "probes", "recall@10", "build s", "ms", "exact ms"],
            [
                [
                    f"{r['items']:,}",
                    r["probes"],
                    f"{r['recall']:.3f}",
                    f"{r['build']:.1f}",
                    f"{1000 * r['seconds']:.2f}",
                    f"{1000 * r['exact']:.2f}",
                ]
                for r in value["index"]
            ],
            "approximate index",
        )
