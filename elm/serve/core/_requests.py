"""What may be asked of a server, with limits and examples: the OpenAPI schema is made of these."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from elm.serve.core._limits import (
    CHARACTERS,
    CONCEPTS,
    DIMENSIONS,
    DRAWS,
    ENTITIES,
    NEIGHBOURS,
    PLACES,
    RATED,
    STEPS,
    WISHES,
    WORDS,
)

_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Rating = Annotated[float, Field(gt=0, le=5)]
_Amount = Annotated[float, Field(ge=-5, le=5)]
_Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Temperature = Annotated[float, Field(ge=0, le=2)]
_Text = Annotated[str, StringConstraints(max_length=CHARACTERS)]
_Words = Annotated[str, StringConstraints(min_length=1, max_length=WORDS)]
_K = Annotated[int, Field(ge=1, le=PLACES, description="Length of the list.")]
_Alpha = Annotated[float, Field(ge=0, le=1, description="Weight of the text: 1 text only, 0 history only.")]
_Task = Annotated[_Name | None, Field(description="A task id; by default the usual one.")]
History = Annotated[dict[_Name, _Rating], Field(min_length=1, max_length=RATED)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _example(*values: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(values)})


class Entity(_Asked):
    """What a text is about: exactly one of an item or a user by id, a vector, or the history of a new user."""

    model_config = _example({"item": "f7"}, {"user": "u7"}, {"history": {"f1": 5, "f9": 4}})
    item: _Name | None = None
    user: _Name | None = None
    history: History | None = Field(default=None, description="Ratings by item id, above 0 and at most 5.")
    vector: Annotated[list[_Number], Field(min_length=1, max_length=DIMENSIONS)] | None = None
    space: _Name | None = Field(default=None, description="Of a vector, where several spaces have its size.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [name for name in ("item", "user", "history", "vector") if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"name exactly one of item, user, history and vector, got {' and '.join(named) or 'none'}")
        if self.space is not None and self.vector is None:
            raise ValueError("space goes with a vector; ids and histories know theirs")
        return self


class Describe(_Asked):
    """Texts about vectors, or about pairs where `others` are given."""

    model_config = _example(
        {"entities": [{"item": "f7"}], "task": "summary", "neighbours": 3},
        {"entities": [{"item": "f7"}], "others": [{"item": "f9"}], "task": "similarities"},
    )
    entities: Annotated[list[Entity], Field(min_length=1, max_length=ENTITIES)]
    others: Annotated[list[Entity], Field(min_length=1, max_length=ENTITIES)] | None = None
    task: _Task = None
    temperature: _Temperature | None = Field(
        default=None, description="0: the likeliest words; the task's own by default."
    )
    n: int = Field(default=1, ge=1, le=DRAWS, description="Texts drawn about each vector; the nearest to it is given.")
    seed: _Seed = 0
    controls: bool = Field(default=False, description="With scores: that of the text about its nearest neighbour, too.")
    scores: bool = Field(default=False, description="Also the cosine of each text, encoded again, to its vector.")
    neighbours: int = Field(default=0, ge=0, le=NEIGHBOURS)


class Ask(_Asked):
    """A question about a vector or a pair; {first} and {second} may say where the vectors go."""

    model_config = _example({"entity": {"item": "f7"}, "question": "Where is it set?"})
    entity: Entity
    other: Entity | None = None
    question: _Words
    temperature: _Temperature = 0.0
    seed: _Seed = 0
    max_new_tokens: int = Field(default=128, ge=1, le=256)


class _OfUser(_Asked):
    """A user of the data set, or the history of a new one."""

    user: _Name | None = None
    history: History | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.user is not None and self.history is not None:
            raise ValueError("user and history are two ways to give one history; use one of them")
        return self


class WriteProfile(_OfUser):
    """The profile of a user, known or new."""

    model_config = _example({"user": "u7"}, {"history": {"f1": 5, "f9": 4, "f30": 1}, "task": "user_summary"})
    task: _Task = None
    seed: _Seed = 0
    certify: bool = Field(
        default=False, description="Say how far the text may be trusted; the first one takes a while."
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.user is None and self.history is None:
            raise ValueError("say whose profile: one of user or history")
        return self


class Recommend(_OfUser):
    """A list from a history, a profile, or both, bent by a request, standing wishes and concepts."""

    model_config = _example(
        {"user": "u7", "profile": "They love war films. They avoid comedies.", "alpha": 0.7, "k": 10},
        {"user": "u7", "request": "something light for tonight", "standing": ["never horror"], "k": 5},
    )
    profile: _Text | None = None
    alpha: _Alpha | None = None
    k: _K = 20
    request: _Words | None = None
    standing: Annotated[list[_Words], Field(max_length=WISHES)] = Field(default_factory=list)
    concepts: Annotated[dict[_Name, Annotated[float, Field(ge=-1, le=1)]], Field(max_length=CONCEPTS)] = Field(
        default_factory=dict
    )
    w_control: float = Field(default=0.8, ge=0, le=1, description="Weight of what is asked for against engagement.")
    why: bool = Field(default=False, description="Also what each part of the request brought in and left out.")


class ExplainEdit(_OfUser):
    """What an edit of a profile did to the list, by its sentences."""

    model_config = _example(
        {"user": "u7", "before": "They love war films.", "after": "They love comedies.", "alpha": 0.7, "k": 10}
    )
    before: _Text
    after: _Text
    alpha: _Alpha | None = None
    k: _K = 20
    seed: _Seed = 0


class Move(_Asked):
    """The way along concepts, with text and list at each point. amounts: in standard deviations of each concept."""

    model_config = _example({"entity": {"item": "f7"}, "amounts": {"dark": -2}, "keep": ["funny"], "steps": 3})
    entity: Entity
    amounts: Annotated[dict[_Name, _Amount], Field(min_length=1, max_length=CONCEPTS)]
    keep: Annotated[list[_Name], Field(max_length=CONCEPTS)] = Field(default_factory=list)
    steps: int = Field(default=3, ge=2, le=STEPS, description="Points on the way, its two ends among them.")
    task: _Task = Field(default=None, description="A task whose text is written at each point; without one no text is.")
    k: _K = 10
    seed: _Seed = 0


class Groups(_Asked):
    """What a group of entities shares, in words, and what sets it apart from all others."""

    model_config = _example({"kind": "films", "ids": ["f7", "f9", "f30"]})
    kind: _Name = "films"
    ids: Annotated[list[_Name], Field(min_length=2, max_length=RATED)]
    task: _Task = None
    seed: _Seed = 0
