"""Generated ratings of any number, in the shape of MovieLens 32M: what sizes cost is measured on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elm._errors import CallError
from elm._storage.folders import folder_written_aside
from elm.data._constants import GENRES

if TYPE_CHECKING:
    import pandas as pd

GENERATED = "GENERATED.txt"
"""The file that marks a folder of such ratings."""

_RATINGS, _ITEMS = 32_000_204, 87_585  # of MovieLens 32M
_TASTES = 24
_BLOCK = 4096  # users drawn at once
_BEGIN, _YEARS = 820_454_400, 28 * 365 * 86_400  # 1996 to 2023


def rating_blocks(ratings: int, seed: int = 0) -> Iterator[pd.DataFrame]:
    """Exactly so many generated ratings, in blocks of users: columns user, item, rating, time as of MovieLens 32M.

    As there a user has 20 ratings or more, some 75 in the median and 160 in the mean, and few films have most of them;
    no person made them. A user has one of some hidden tastes and rates films of it more often and higher, so that
    factors find something. Films grow with the root of the ratings. One seed gives one set; memory is that of a block.
    Raises `CallError` below 1.
    """
    import pandas as pd

    if ratings < 1:
        raise CallError(f"generated ratings are 1 or more, got {ratings}")
    rng = np.random.default_rng(seed)
    items = item_count(ratings)
    popularity = (np.arange(items) + 20.0) ** -1.1
    taste_of = rng.integers(_TASTES, size=items)
    quality = rng.normal(0, 0.45, items)
    mine = [np.flatnonzero(taste_of == taste) for taste in range(_TASTES)]
    mine = [films if len(films) else np.arange(items) for films in mine]
    whole, parts = _sums(popularity), [_sums(popularity[films]) for films in mine]
    left, first = ratings, 1
    while left:
        users = min(_BLOCK, left // 20 + 1)
        counts = np.minimum(np.maximum(rng.lognormal(np.log(95), 1.3, users), 28).astype(np.int64), items // 3 + 1)
        user = np.repeat(np.arange(users), counts)
        tastes = rng.integers(_TASTES, size=users)
        taste = tastes[user]
        film = np.searchsorted(whole, rng.random(len(user)))
        own = rng.random(len(user)) < 0.5
        for number, (films, sums) in enumerate(zip(mine, parts, strict=True)):
            here = np.flatnonzero(own & (taste == number))
            film[here] = films[np.searchsorted(sums, rng.random(len(here)))]
        pairs = np.unique(user * items + film)[:left]
        user, film = pairs // items, pairs % items
        liked = taste_of[film] == tastes[user]
        stars = 3.4 + quality[film] + 0.7 * liked + rng.normal(0, 0.8, len(film))
        yield pd.DataFrame(
            {
                "user": (user + first).astype(np.int32),
                "item": (film + 1).astype(np.int32),
                "rating": (np.clip(np.rint(2 * stars), 1, 10) / 2).astype(np.float32),
                "time": _BEGIN + rng.integers(_YEARS, size=len(film)),
            }
        )
        left, first = left - len(film), first + users


def item_count(ratings: int) -> int:
    """The films of so many generated ratings."""
    return max(60, int(_ITEMS * (ratings / _RATINGS) ** 0.5))


def write_generated(folder: str | Path, ratings: int, shards: int = 0, seed: int = 0) -> Path:
    """Write generated ratings as `ratings.csv` and `movies.csv` of MovieLens, or as so many Parquet `shards`.

    The folder holds a file GENERATED.txt, and `elm.data.load` calls what it reads from there "generated". Raises
    `CallError` for fewer than 1 rating or 0 shards.
    """
    if shards < 0 or ratings < 1:
        raise CallError(f"ratings are 1 or more and shards 0 or more, got {ratings} and {shards}")
    with folder_written_aside(folder) as aside:
        told = f"{ratings} generated ratings, seed {seed}, in the shape of MovieLens 32M. No person made them.\n"
        (aside / GENERATED).write_text(told, encoding="utf-8")
        blocks = rating_blocks(ratings, seed)
        if shards:
            _parquet(aside, blocks, -(-ratings // shards))
        else:
            _csv(aside / "ratings.csv", blocks)
            _films(aside / "movies.csv", item_count(ratings))
    return Path(folder)


def _csv(path: Path, blocks: Iterator[pd.DataFrame]) -> None:
    import pyarrow as pa
    from pyarrow import csv

    with open(path, "wb") as file:
        file.write(b"userId,movieId,rating,timestamp\n")
        for block in blocks:
            csv.write_csv(
                pa.Table.from_pandas(block, preserve_index=False), file, csv.WriteOptions(include_header=False)
            )


def _films(path: Path, items: int) -> None:
    lines = (f"{i + 1},Generated film {i + 1} ({1950 + i % 74}),{GENRES[i % len(GENRES)]}\n" for i in range(items))
    with open(path, "w", encoding="utf-8") as file:
        file.write("movieId,title,genres\n")
        file.writelines(lines)


def _parquet(folder: Path, blocks: Iterator[pd.DataFrame], rows: int) -> None:
    """Shards of so many rows, the last one shorter."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    room, number = 0, 0
    for block in blocks:
        table = pa.Table.from_pandas(block, preserve_index=False)
        while table.num_rows:
            if not room:
                if writer is not None:
                    writer.close()
                writer, room = pq.ParquetWriter(folder / f"part-{number:05}.parquet", table.schema), rows
                number += 1
            part = table.slice(0, room)
            writer.write_table(part)
            table, room = table.slice(part.num_rows), room - part.num_rows
    if writer is not None:
        writer.close()


def _sums(weights: np.ndarray) -> Any:
    """Cumulative shares, so that a number drawn evenly names a place by its weight."""
    sums = np.cumsum(weights)
    return sums / sums[-1]
