"""Embedding spaces, vector tables, and where vectors come from: ratings (WALS) and texts (sentence encoders)."""

from elm.embeddings._arithmetic import centroid, interpolate
from elm.embeddings._confidence import confidence
from elm.embeddings._encoder import SentenceEncoder, unit
from elm.embeddings._encoder_files import DEFAULT_ENCODER, local_encoder
from elm.embeddings._encoder_of import encoder_of
from elm.embeddings._fingerprint import check_fingerprint, fingerprint_of, nearest_space
from elm.embeddings._map import export_map, space_map
from elm.embeddings._neighbours import nearest
from elm.embeddings._rating_order import rating_order
from elm.embeddings._semantic import semantic
from elm.embeddings._space import EmbeddingSpace
from elm.embeddings._table import VectorTable
from elm.embeddings._vectors import real_array
from elm.embeddings._wals import Way, fold_in, wals
from elm.embeddings.als._fit import Sharded
from elm.embeddings.als._objective import objective
from elm.embeddings.search._exact import ExactIndex, Index
from elm.embeddings.search._faiss import FaissIndex
from elm.embeddings.search._lance import LanceIndex
from elm.embeddings.search._recall import index_recall, measured_recall, tuned
from elm.embeddings.sources._files import read_frame, read_npy
from elm.embeddings.sources._vector_table import vector_table
from elm.embeddings.streams._stream import StreamRows, VectorStream, open_stream

__all__ = [
    "DEFAULT_ENCODER",
    "EmbeddingSpace",
    "ExactIndex",
    "FaissIndex",
    "Index",
    "LanceIndex",
    "SentenceEncoder",
    "Sharded",
    "StreamRows",
    "VectorStream",
    "VectorTable",
    "Way",
    "centroid",
    "check_fingerprint",
    "confidence",
    "encoder_of",
    "export_map",
    "fingerprint_of",
    "fold_in",
    "index_recall",
    "interpolate",
    "local_encoder",
    "measured_recall",
    "nearest",
    "nearest_space",
    "objective",
    "open_stream",
    "rating_order",
    "read_frame",
    "read_npy",
    "real_array",
    "semantic",
    "space_map",
    "tuned",
    "unit",
    "vector_table",
    "wals",
]
