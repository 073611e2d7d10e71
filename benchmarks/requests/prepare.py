"""The film texts and vectors that docs/results/requests.md is measured on, from folders of public data.

python benchmarks/requests/prepare.py DATA OUT [--no-vectors]

DATA holds `ml-100k/`, `ml-1m/`, `ml-100k-text/` and `ml-1m-text/` as `elm data` reads them (ratings; IMDb, TMDB and
OMDb texts), a text a film by a language model in `ml-1m-text/llm_response_item.json.gz` (id of MovieLens 1M -> text),
and users' tags in `movielens-tags/tags.parquet` (movieId, tag). OUT gets three folders: `ml-100k-texts`, a data set
with the sources imdb, tmdb, omdb, summary and tags; `ml-1m-others`, the films of MovieLens 1M that are not in it; and
`vectors`, the encoder's vectors of both, as `elm bench request --vectors` keeps them. The vectors take ten minutes to
half an hour on a processor. Films join by title and year; none of this may be passed on with a model.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from pathlib import Path

import pandas as pd

from elm.data import Dataset, join_texts, load_tags, movielens_1m_with_texts, movielens_100k_with_texts
from elm.embeddings import SentenceEncoder
from elm.recommend import EncoderValues, cards_of

READ = {"items": ("imdb", "tmdb", "omdb", "summary"), "teach": ("tmdb", "omdb", "summary")}


def plain(title: str) -> str:
    return "".join(letter for letter in title.lower() if letter.isalnum())


def written(data: Path, films: pd.DataFrame, out: Path) -> dict[str, Path]:
    """Tables (title, year, text) of the language model's texts and of tags, as files that `join_texts` reads."""
    told = json.loads(gzip.decompress((data / "ml-1m-text" / "llm_response_item.json.gz").read_bytes()))
    tags = load_tags(data / "movielens-tags" / "tags.parquet")
    joined = tags.assign(tag=tags["tag"].str.lower()).groupby("item")["tag"]
    by_source = {
        "summary": {item: text for item, text in told.items() if text.strip()},
        "tags": joined.apply(lambda found: ", ".join(dict.fromkeys(found))).to_dict(),
    }
    files = {}
    for source, texts in by_source.items():
        rows = [
            (films.at[item, "title"], films.at[item, "year"], text)
            for item, text in texts.items()
            if item in films.index
        ]
        files[source] = out / f"{source}.csv"
        pd.DataFrame(rows, columns=["title", "year", "text"]).to_csv(files[source], index=False)
    return files


def datasets(data: Path) -> tuple[Dataset, Dataset]:
    """MovieLens 100K with all texts, and the films of MovieLens 1M that are not in it, without ratings."""
    small, large = movielens_100k_with_texts(data), movielens_1m_with_texts(data)
    with tempfile.TemporaryDirectory() as folder:
        files = written(data, large.items, Path(folder))
        for source in ("summary", "tags"):
            small, report = join_texts(small, files[source], by="title", source=source)
            print(report)
        large, report = join_texts(large, files["summary"], by="title", source="summary")
        print(report)
    have = {plain(title) for title in small.items["title"]}
    others = [item for item, title in large.items["title"].items() if plain(title) not in have]
    return small, large.restrict(users=[], items=others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--no-vectors", action="store_true", help="the data sets alone; the bench makes the vectors")
    options = parser.parse_args()
    for name, folder, made in zip(READ, ("ml-100k-texts", "ml-1m-others"), datasets(options.data), strict=True):
        made.save(options.out / folder)
        print(f"{folder}: {len(made.items)} films, sources {', '.join(made.sources)}")
        if not options.no_vectors:
            cards = cards_of(made, sources=READ[name], kinds=False)
            EncoderValues.of(SentenceEncoder(), cards, progress=True).table.save(options.out / "vectors" / name)


if __name__ == "__main__":
    main()
