"""Metrics: pure functions on arrays, each saying its convention for empty truth, ties and short lists."""

from elm.metrics._auc import auc
from elm.metrics._derangement import partners
from elm.metrics._genre_ndcg import genre_ndcg
from elm.metrics._ndcg import ndcg, ndcg_graded
from elm.metrics._pairs import PairAgreement, pair_agreement
from elm.metrics._rank_between import rank_between
from elm.metrics._recall import recall
from elm.metrics._rowwise import cosine, spearman
from elm.metrics._significance import (
    PairedTest,
    bootstrap_interval,
    entity_p_value,
    holm,
    paired_test,
    rate_bound,
    ratio_interval,
)
from elm.metrics._text_statistics import text_statistics
from elm.metrics._top_k import top_k

__all__ = [
    "PairAgreement",
    "PairedTest",
    "auc",
    "bootstrap_interval",
    "cosine",
    "entity_p_value",
    "genre_ndcg",
    "holm",
    "ndcg",
    "ndcg_graded",
    "pair_agreement",
    "paired_test",
    "partners",
    "rank_between",
    "rate_bound",
    "ratio_interval",
    "recall",
    "spearman",
    "text_statistics",
    "top_k",
]
