"""A batch of users as sparse tensors, and the first layer that reads it without a dense user-item matrix."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from scipy import sparse
from torch import nn
from torch.nn import functional


@dataclasses.dataclass(frozen=True)
class SparseRows:
    """The stored entries of B rows over `width` items, row after row.

    columns (nnz,) int64; starts (B,) int64, the first entry of each row; owners (nnz,) int64, the row of each entry;
    values (nnz,) float32.
    """

    columns: torch.Tensor
    starts: torch.Tensor
    owners: torch.Tensor
    values: torch.Tensor
    width: int

    def __len__(self) -> int:
        return len(self.starts)

    def to(self, device: torch.device | str) -> SparseRows:
        """The same on another device."""
        return SparseRows(
            self.columns.to(device), self.starts.to(device), self.owners.to(device), self.values.to(device), self.width
        )

    def sums(self, values: torch.Tensor | None = None) -> torch.Tensor:
        """The sum of each row's values, (B,); of other `values` (nnz,) where they are given."""
        values = self.values if values is None else values
        return torch.zeros(len(self), dtype=values.dtype, device=values.device).index_add(0, self.owners, values)

    def normalised(self) -> SparseRows:
        """Every row at length 1; rows without entries stay empty."""
        lengths = self.sums(self.values**2).sqrt().clamp_min(1e-12)
        return dataclasses.replace(self, values=self.values / lengths[self.owners])

    def dropped(self, p: float, training: bool = True) -> SparseRows:
        """Dropout of the stored entries: zeros have nothing to drop, so it is that of the dense row."""
        return dataclasses.replace(self, values=functional.dropout(self.values, p, training))

    def times(self, table: torch.Tensor) -> torch.Tensor:
        """The product with a dense `table` (width, d), (B, d): every row's weighted sum of the table's rows.

        >>> rows = as_rows(sparse.csr_matrix([[2.0, 0.0], [0.0, 3.0]]))
        >>> rows.times(torch.eye(2))
        tensor([[2., 0.],
                [0., 3.]])
        """
        return functional.embedding_bag(
            self.columns, table, self.starts, mode="sum", per_sample_weights=self.values.to(table.dtype)
        )


Ratings = torch.Tensor | sparse.csr_matrix | SparseRows
"""(B, items) ratings in any of the forms that an encoder reads."""


def as_rows(ratings: Ratings, device: torch.device | str | None = None) -> SparseRows:
    """Dense or sparse (B, items) ratings as `SparseRows`, on `device` (a tensor stays where it is by default)."""
    if isinstance(ratings, SparseRows):
        return ratings if device is None else ratings.to(device)
    if isinstance(ratings, torch.Tensor):
        owners, columns = ratings.nonzero(as_tuple=True)
        counts = torch.bincount(owners, minlength=len(ratings))
        rows = SparseRows(columns, counts.cumsum(0) - counts, owners, ratings[owners, columns], ratings.shape[1])
        return as_rows(rows, device)
    starts, counts = torch.from_numpy(ratings.indptr[:-1]).long(), torch.from_numpy(np.diff(ratings.indptr)).long()
    owners = torch.arange(len(counts)).repeat_interleave(counts)
    values = torch.from_numpy(ratings.data.astype(np.float32))
    rows = SparseRows(torch.from_numpy(ratings.indices).long(), starts, owners, values, int(ratings.shape[1]))
    return as_rows(rows, device)


class SparseLinear(nn.Linear):
    """A linear layer (items -> out) of `SparseRows`, stored item by item, so that a batch touches only what it holds.

    To the outside it is `nn.Linear`: weight (out, items), bias (out,).
    """

    def __init__(self, items: int, out: int) -> None:
        super().__init__(items, out)
        self.weight = nn.Parameter(self.weight.detach().t().contiguous().t())

    def forward(self, rows: SparseRows) -> torch.Tensor:  # type: ignore[override]
        return rows.times(self.weight.t()) + self.bias
