"""The corpora behind docs/results/readers.md, from a folder with the raw files.

    python benchmarks/readers/corpora.py DATA --wordnet /usr/share/wordnet --out corpora

DATA holds `streaming-titles/` (netflix_titles.csv.gz, amazon_prime_titles.csv.gz), `ml-1m/movies.dat`, and
`ml-1m-text/movies_details.parquet`. Writes streaming.csv (9,000 descriptions of films and series, none with the
title of a film of MovieLens 1M) and films.csv (the overviews of 2,000 of these films by their MovieLens id). With
--wordnet, the folder of Debian's package wordnet-base, also general.csv: all of these descriptions, and 20,000 words of
WordNet 3.0 with their glosses.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from pathlib import Path

import pandas as pd

_ARTICLE = re.compile(r"^(.*), (The|A|An|Le|La|Les|Il|Das|Der|Die)\s*$")


def plain(title: str) -> str:
    """A title without year, place of the article, accents, capital letters and marks."""
    bare = _ARTICLE.sub(r"\2 \1", re.sub(r"\(\d{4}\)", "", title).strip())
    letters = unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", letters).strip()


def streaming(data: Path) -> pd.DataFrame:
    """id, title and description of films and series that MovieLens 1M does not have."""
    films = pd.read_csv(data / "ml-1m/movies.dat", sep="::", engine="python", encoding="latin-1", header=None)
    known = set(films[1].map(plain))
    parts = []
    for name in ("netflix_titles", "amazon_prime_titles"):
        frame = pd.read_csv(data / f"streaming-titles/{name}.csv.gz", dtype=str, keep_default_na=False)
        parts.append(frame.assign(id=name.split("_")[0] + "-" + frame["show_id"])[["id", "title", "description"]])
    both = pd.concat(parts)
    return both[~both["title"].map(plain).isin(known)]


def glosses(wordnet: Path, count: int, seed: int) -> pd.DataFrame:
    """id, word and "word: gloss" of WordNet's entries; a file's first lines, which are set in, are its licence."""
    rows = []
    for kind in ("noun", "verb", "adj", "adv"):
        for line in (wordnet / f"data.{kind}").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):
                continue
            entry, gloss = line.split("|", 1)
            number, *_, word = entry.split()[:5]
            word = word.replace("_", " ").split("(")[0]
            rows.append((f"{kind}-{number}", word, f"{word}: {gloss.strip()}"))
    return pd.DataFrame(rows, columns=["id", "title", "description"]).sample(count, random_state=seed)


def overviews(data: Path, count: int, seed: int) -> pd.DataFrame:
    """id and overview of films of MovieLens 1M."""
    frame = pd.read_parquet(data / "ml-1m-text/movies_details.parquet")
    frame = frame[frame["overview"].str.strip().astype(bool)]
    found = pd.DataFrame({"id": frame["movieId"].astype(str), "text": frame["overview"]})
    return found.sample(count, random_state=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("corpora"))
    parser.add_argument("--wordnet", type=Path, default=None)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    titles = streaming(given.data)
    titles.sample(9000, random_state=given.seed).to_csv(given.out / "streaming.csv", index=False)
    if given.wordnet is not None:
        known = titles[titles["description"].str.strip().astype(bool)]
        both = pd.concat([known, glosses(given.wordnet, 20_000, given.seed)])
        both.to_csv(given.out / "general.csv", index=False)
    overviews(given.data, 2000, given.seed).to_csv(given.out / "films.csv", index=False)


if __name__ == "__main__":
    main()
