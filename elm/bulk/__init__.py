"""Reading in bulk: texts about tables of any size, by the model itself, an endpoint, or a cluster."""

from elm.bulk._endpoint import EndpointEngine
from elm.bulk._engine import Engine, TransformersEngine, model_hash
from elm.bulk._job import SHARD_ROWS, Described, describe_table
from elm.bulk._order import Order, Work
from elm.bulk._ray import RayEngine

__all__ = [
    "SHARD_ROWS",
    "Described",
    "EndpointEngine",
    "Engine",
    "Order",
    "RayEngine",
    "TransformersEngine",
    "Work",
    "describe_table",
    "model_hash",
]
