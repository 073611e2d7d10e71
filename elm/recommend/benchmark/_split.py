"""A data set divided for comparing recommenders; kept by ids, so that any library can run on the same split."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError, DataFileError
from elm._storage.fields import is_hash, is_object, is_one_of, is_size, optional, strictly
from elm._storage.files import read_json, require_hash, sha256, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.parquet import read_parquet
from elm.data import rating_rows
from elm.recommend._held_out import HeldOut
from elm.recommend._ratings import positives

HELD_OUT: tuple[Literal["validation", "test"], ...] = ("validation", "test")
PARTS = ("train", *HELD_OUT)
COLUMNS = ("user", "item", "rating", "part", "role")
_HEADER, _ROWS = "split.json", "ratings"
SCHEMA = 1


@dataclasses.dataclass(frozen=True, eq=False)
class RecommendationSplit:
    """Ratings that are trained on, and ratings that are to be ranked high.

    rows: one rating per row, in columns user, item (str), rating (float32), part ("train", "validation", "test") and
        role: "input" is what a model may see of a user, "target" what comes after. In a strong split no user is in two
        parts; in a weak one each user's ratings are divided, inputs are all of part "train", and targets alone lie in
        the others.
    about: how it was made: `dataset`, `protocol`, `seed`, and the thresholds.
    """

    rows: pd.DataFrame
    about: dict[str, Any]
    items: list[str] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.rows.columns]
        if missing:
            raise CallError(f"a split needs the columns {', '.join(COLUMNS)}, but {', '.join(missing)} is missing")
        odd = set(self.rows["part"]) - set(PARTS) | set(self.rows["role"]) - {"input", "target"}
        if odd:
            raise CallError(f"parts are {', '.join(PARTS)} and roles input and target, but {sorted(odd)[0]!r} came")
        object.__setattr__(self, "rows", rating_rows(self.rows))
        if self.rows.duplicated(["user", "item"]).any():
            raise CallError("a split holds each rating once, but some pairs of user and item repeat; drop repeats")
        object.__setattr__(self, "items", in_order(self.rows["item"].unique()))

    @property
    def weak(self) -> bool:
        """Whether the users that are scored are trained on, with other ratings."""
        return bool(self.about.get("protocol") == "weak")

    def users(self, part: Literal["train", "validation", "test"]) -> list[str]:
        """Ids of a part's users, in the order of the rows of its matrices."""
        return in_order(self.rows.loc[self.rows["part"] == part, "user"].unique())

    def train(self) -> sparse.csr_matrix:
        """Raw ratings that models learn from, (users, items): all ratings of the training users."""
        return self._matrix(self.rows["part"] == "train", self.users("train"))

    def train_inputs(self) -> sparse.csr_matrix:
        """Those of them that would be known of a user in use, (users, items): what a profile may be written from."""
        return self._matrix((self.rows["part"] == "train") & (self.rows["role"] == "input"), self.users("train"))

    def held_out(self, part: Literal["validation", "test"]) -> HeldOut:
        """Inputs and liked targets of a part's users, in the order of `users(part)`.

        In a weak split the inputs are the training ratings, and the validation ratings are no candidates of the test.
        """
        users = self.users(part)
        here, target = self.rows["part"] == part, self.rows["role"] == "target"
        known = self.rows["part"] == "train" if self.weak else here & ~target
        hidden = None
        if self.weak and part == "test":
            hidden = self._matrix(self.rows["part"] == "validation", users)
        targets = positives(self._matrix(here & target, users))
        return HeldOut(self._matrix(known, users), targets, hidden=hidden)

    def summary(self) -> dict[str, Any]:
        """How it was made, and how many users, items and ratings each part has.

        `users` counts who is trained on and who is scored; `without_targets` those of the held-out parts who like no
        target, so that nothing can be scored.
        """
        everyone = {part: len(self.users(part)) for part in HELD_OUT}
        scored = {part: self.held_out(part).n_scored for part in HELD_OUT}
        return {
            **self.about,
            "items": len(self.items),
            "users": {"train": len(self.users("train")), **scored},
            "without_targets": {part: everyone[part] - scored[part] for part in HELD_OUT},
            "ratings": {part: int((self.rows["part"] == part).sum()) for part in PARTS},
        }

    def save(self, folder: str | Path, form: Literal["parquet", "csv"] = "parquet") -> Path:
        """Write `ratings.parquet` (or `.csv`) and `split.json`; returns the folder."""
        if form not in ("parquet", "csv"):
            raise CallError(f"a split is saved as 'parquet' or 'csv', got {form!r}")
        rows = self.rows[list(COLUMNS)].astype(_TYPES)
        with folder_written_aside(folder, retired=(f"{_ROWS}.parquet", f"{_ROWS}.csv")) as aside:
            if form == "csv":
                rows.to_csv(aside / f"{_ROWS}.csv", index=False)
            else:
                rows.to_parquet(aside / f"{_ROWS}.parquet", index=False)
            path = next(aside.glob(f"{_ROWS}.*"))
            about = {"schema": SCHEMA, "rows": len(rows), "about": self.about, "sha256": sha256(path)}
            write_json(aside / _HEADER, about)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> RecommendationSplit:
        """Read what `save` wrote; `DataFileError` where it is missing, cut off or of another form."""
        return read_whole(folder, lambda: cls._load(Path(folder)))

    @classmethod
    def _load(cls, folder: Path) -> RecommendationSplit:
        header = read_json(folder / _HEADER)
        if not isinstance(header, dict) or not {"schema", "rows", "about"} <= header.keys():
            raise DataFileError(f"{folder / _HEADER} is not a split's header; make the split again")
        if header["schema"] != SCHEMA:
            raise DataFileError(f"{folder / _HEADER} has schema {header['schema']}, this version reads {SCHEMA}")
        path = next((p for p in (folder / f"{_ROWS}.parquet", folder / f"{_ROWS}.csv") if p.is_file()), None)
        if path is None:
            raise DataFileError(f"{folder} holds neither {_ROWS}.parquet nor {_ROWS}.csv; make the split again")
        try:
            header = strictly({"sha256": None, **header}, _FIELDS)  # the first version wrote no checksum
            rows = read_parquet(path, kinds=_KINDS) if path.suffix == ".parquet" else _read_csv(path)
            split = cls(_checked(rows, header["rows"]), header["about"])
        except (ValueError, TypeError, DataFileError) as error:
            raise DataFileError(f"{path} is not a readable split ({error}); make the split again") from error
        if header["sha256"] is not None:
            require_hash(path, header["sha256"])
        return split

    def _matrix(self, chosen: pd.Series, users: Sequence[str]) -> sparse.csr_matrix:
        rows = self.rows[chosen]
        row = pd.Index(users).get_indexer(pd.Index(rows["user"]))
        column = pd.Index(self.items).get_indexer(pd.Index(rows["item"]))
        kept = row >= 0
        values = (rows["rating"].to_numpy()[kept], (row[kept], column[kept]))
        return sparse.csr_matrix(values, shape=(len(users), len(self.items)), dtype=np.float32)


_TYPES: Any = {"user": str, "item": str, "rating": "float32", "part": str, "role": str}
_KINDS = {"user": "id", "item": "id", "rating": "float", "part": "text", "role": "text"}
_FIELDS = {"schema": is_one_of(SCHEMA), "rows": is_size, "about": is_object, "sha256": optional(is_hash)}


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=_TYPES, keep_default_na=False)  # "NA" and "null" are ids like any other


def _checked(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Rows in the types that a split has; `ValueError` for another number of them or other columns."""
    if list(rows.columns) != list(COLUMNS):
        raise ValueError(f"it must hold the columns {', '.join(COLUMNS)}, got {', '.join(map(str, rows.columns))[:80]}")
    if len(rows) != count:
        raise ValueError(f"it should hold {count} ratings but has {len(rows)}")
    if not np.isfinite(rows["rating"]).all():
        raise ValueError("every rating must be a finite number")
    return rows.astype(_TYPES)


def in_order(ids: Sequence[str] | np.ndarray) -> list[str]:
    """Ids by number where all are numbers, else by name: the order that breaks ties in time.

    >>> in_order(["10", "9"]), in_order(["b10", "b9"])
    (['9', '10'], ['b10', 'b9'])
    """
    names = [str(i) for i in ids]
    numbers = all(name.isdecimal() for name in names)
    return sorted(names, key=lambda name: (int(name), name) if numbers else name)
