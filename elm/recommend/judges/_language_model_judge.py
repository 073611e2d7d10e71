"""A causal language model as the judge of requests: the expected rating, item by item, the shared prefix read once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm

from elm._errors import CallError
from elm.recommend.judges._cards import Cards
from elm.recommend.judges._judge_prompt import ASKED, own_part, shared_part
from elm.recommend.judges._rated import MASS, RATINGS, check_mass, expected_rating, value_of
from elm.recommend.judges._request import cleaned
from elm.recommend.judges._values import check_requests


class LanguageModelJudge:
    """Direct scoring of CTRL-Rec: every item is rated on its own, by the log-probabilities of the answers 1 to 5.

    The part of the prompt that all items share is encoded once for a request, and items go behind it in batches, so
    that no item and no order of items touches the value of another.
    """

    graded = True
    """Values lie between 0 and 1, a half between fitting and not."""

    def __init__(
        self,
        llm: Any,
        tokenizer: Any,
        cards: Cards,
        *,
        batch: int = 16,
        least_mass: float = MASS,
        kind: str = "film",
        progress: bool = False,
    ) -> None:
        """
        Args:
            llm, tokenizer: a causal model as `elm.model.load_llm` gives it.
            batch: items at once. least_mass: how much probability must lie on the five ratings, on average; a model
                below it is refused. kind: what an item is called.

        Raises `CallError` for a tokenizer in which a rating is not one token.
        """
        if batch < 1 or not 0 <= least_mass <= 1:
            raise CallError(f"batch must be at least 1 and least_mass in [0, 1], got {batch} and {least_mass}")
        self.llm, self.tokenizer, self.cards, self.items = llm.eval(), tokenizer, cards, cards.items
        self.batch, self.least_mass, self.kind, self.progress = batch, least_mass, kind, progress
        self.mass: np.ndarray = np.zeros((0, len(cards)))
        """The mass on the ratings of the last call, (requests, items)."""
        self._lead, self._ratings = self._answers()

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """(requests, items) float32 in [0, 1]: (expected rating - 1) / 4; NaN for an item without text.

        Raises `CallError` for a request that is empty or too long, `TeacherError` where the mass check fails.
        """
        check_requests(requests, users)
        told = np.flatnonzero(self.cards.told())
        found = np.full((len(requests), len(self.items)), np.nan, dtype=np.float32)
        self.mass = np.full(found.shape, np.nan)
        texts = self.cards.texts()
        own = [[*self._ids(own_part(texts[item], self.kind), first=False), *self._lead] for item in told]
        order = np.argsort([len(ids) for ids in own], kind="stable")
        with tqdm(total=len(requests) * len(told), desc="judging", disable=not self.progress) as bar:
            for row, request in enumerate(requests):
                prefix = shared_part(cleaned(request), None if users is None else users[row], self.kind)
                rated = self._rate(self._ids(prefix, first=True), [own[place] for place in order], bar)
                rating, mass = expected_rating(rated)
                found[row, told[order]], self.mass[row, told[order]] = value_of(rating), mass
        check_mass(self.mass, self.least_mass, "the judge")
        return found

    @torch.inference_mode()
    def _rate(self, prefix: list[int], own: list[list[int]], bar: Any) -> np.ndarray:
        """Log-probabilities (items, 5) of the ratings behind the prefix and each item's part."""
        device = next(self.llm.parameters()).device
        shared = self.llm(torch.tensor([prefix], device=device), use_cache=True).past_key_values
        rated = []
        for start in range(0, len(own), self.batch):
            part = own[start : start + self.batch]
            width = max(map(len, part))
            # Right padding: every row is read at its own last token, and nothing behind it is seen.
            ids = torch.tensor([row + [row[-1]] * (width - len(row)) for row in part], device=device)
            mask = torch.tensor(
                [[1] * (len(prefix) + len(row)) + [0] * (width - len(row)) for row in part], device=device
            )
            cache = copy.deepcopy(shared)
            cache.batch_repeat_interleave(len(part))
            last = torch.tensor([len(row) - 1 for row in part], device=device)
            logits = self._last_logits(ids, mask, cache, last)
            rated.append(torch.log_softmax(logits.float(), -1)[:, self._ratings].cpu().numpy())
            bar.update(len(part))
        return np.concatenate(rated) if rated else np.zeros((0, len(RATINGS)))

    def _last_logits(self, ids: torch.Tensor, mask: torch.Tensor, cache: Any, last: torch.Tensor) -> torch.Tensor:
        """The logits (B, vocabulary) at the last token of each row; the output layer reads the places of such alone."""
        kept, place = torch.unique(last, return_inverse=True)
        made = self.llm(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, logits_to_keep=kept)
        found: torch.Tensor = made.logits[torch.arange(len(ids), device=ids.device), place]
        return found

    def _ids(self, text: str, first: bool) -> list[int]:
        """Token ids; what looks like a control token in a text is read as the letters that it is."""
        found = self.tokenizer(text, add_special_tokens=first, split_special_tokens=True)["input_ids"]
        ids: list[int] = list(found)
        end = self.tokenizer.eos_token_id
        return ids[:-1] if first and ids and ids[-1] == end else ids  # some tokenizers end every text

    def _answers(self) -> tuple[list[int], list[int]]:
        """What tokens lead from the colon to the rating (in some vocabularies a space), and each rating's token."""
        before, *whole = (
            self.tokenizer(ASKED + ending, add_special_tokens=False)["input_ids"]
            for ending in ("", *(f" {rating}" for rating in RATINGS))
        )
        same = 0
        while len({ids[same] if same < len(ids) else None for ids in whole}) == 1 and same < min(map(len, whole)):
            same += 1
        tokens = [ids[same] for ids in whole if len(ids) > same]
        if list(whole[0][: len(before)]) != list(before) or same < len(before) or len(set(tokens)) < len(RATINGS):
            raise CallError("a judge answers with one token from 1 to 5, and this tokenizer has no such tokens")
        return list(whole[0][len(before) : same]), tokens
