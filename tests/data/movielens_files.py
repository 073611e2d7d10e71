"""Tiny MovieLens releases, written in the official formats."""

from __future__ import annotations

import gzip
from pathlib import Path

FILMS_100K = ("Heat (1995)", "Postino, Il (1994)", "Matrix, The (1999)", "unknown")


def write_100k(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(u, i, 1 + (u + i) % 5, 880_000_000 + 10 * u + i) for u in (1, 2, 3) for i in (1, 2, 3)]
    (folder / "u.data").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    flags = {0: (1, 6), 1: (8,), 2: (1, 15), 3: (0,)}  # columns of u.genre: 0 is "unknown"
    with open(folder / "u.item", "w", encoding="latin-1") as file:
        for k, title in enumerate(FILMS_100K):
            marks = "|".join("1" if c in flags[k] else "0" for c in range(19))
            file.write(f"{k + 1}|{title}|01-Jan-1995||http://x|{marks}\n")
    (folder / "u.user").write_text("1|24|M|technician|85711\n2|53|F|other|94043\n3|23|M|writer|32067\n")
    return folder


def write_1m(folder: Path, times: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(u, i, 1 + (u * i) % 5) for u in (1, 2) for i in (10, 20)]
    if times:
        (folder / "ratings.dat").write_text("".join(f"{u}::{i}::{r}::97830{u}{i}\n" for u, i, r in rows))
    else:
        lines = "user_id,movie_id,rating\n" + "".join(f"{u},{i},{r}\n" for u, i, r in rows)
        (folder / "ratings_no_timestamps.csv.gz").write_bytes(gzip.compress(lines.encode()))
    text = "10::Misérables, Les (1995)::Drama|Musical\n20::Postman, The (Il Postino) (1994)::Children's|Romance\n"
    (folder / "movies.dat").write_text(text, encoding="latin-1")
    (folder / "users.dat").write_text("1::F::1::10::48067\n2::M::56::16::70072\n")
    return folder


def write_csv(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,1,4.5,964982703\n1,50,0.5,964981247\n2,1,3.0,9\n"
    )
    (folder / "movies.csv").write_text(
        "movieId,title,genres\n1,Toy Story (1995),Adventure|Animation|Children|IMAX\n"
        '50,"American President, The (1995)",Comedy|Drama\n77,Paterson,(no genres listed)\n',
        encoding="utf-8",
    )
    return folder
