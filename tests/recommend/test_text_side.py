"""Cutting texts into pieces, and the text encoder on top."""

import numpy as np
import pytest
import torch

from elm._errors import CallError
from elm.recommend import PieceTextEncoder, TextHeadConfig, pieces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Likes war films. Hates comedies!", ["Likes war films.", "Hates comedies!"]),
        ("- They love drama films.\n- They avoid war films.", ["They love drama films.", "They avoid war films."]),
        ("1. Likes wit\n2) Avoids gore\n• Sings", ["Likes wit", "Avoids gore", "Sings"]),
        ("Enjoys wit, but not gore.", ["Enjoys wit", "but not gore."]),
        ("Dislikes:\n- horror\n* war\n\nLikes:\n- wit", ["Dislikes: horror", "Dislikes: war", "Likes: wit"]),
        ("Genres enjoyed: war. Genres avoided: drama.", ["Genres enjoyed: war.", "Genres avoided: drama."]),
        ("## Avoids:\nHorror and gore.\n\nA calm person.", ["Avoids: Horror", "Avoids: gore", "A calm person."]),
        ("Likes:", ["Likes:"]),
        ("Likes:\nDislikes:\n- war", ["Likes:", "Dislikes: war"]),
        (" \n-\n...", []),
    ],
)
def test_pieces_keep_their_polarity(text, expected):
    assert pieces(text) == expected


@pytest.fixture
def text(encoder) -> PieceTextEncoder:
    torch.manual_seed(0)
    return PieceTextEncoder(encoder, TextHeadConfig(encoder.dim, latent=6, hidden=16)).eval()


def z(text: PieceTextEncoder, *profiles: str) -> torch.Tensor:
    with torch.no_grad():
        return text(text.prepare(profiles)).mu


@pytest.mark.parametrize("length", [2, 20, 300])
def test_an_edit_of_the_last_sentence_moves_the_latent_however_long_the_text(text, length):
    start = " ".join(f"Sentence number {i} speaks of thing {i}." for i in range(length))
    before, after = z(text, f"{start} Likes war films.", f"{start} Likes comedy films.")
    assert (before - after).abs().max() > 1e-5


def test_likes_and_dislikes_of_the_same_things_differ(text):
    one, other = z(text, "Likes war. Dislikes wit.", "Likes wit. Dislikes war.")
    assert (one - other).abs().max() > 1e-3


def test_many_profiles_equal_one_at_a_time_and_take_picks_users(text):
    profiles = ["Likes war.", "Likes wit. Avoids gore.", "Avoids gore. Likes war. Sings."]
    together = text(text.prepare(profiles))
    alone = torch.cat([text(text.prepare([profile])).mu for profile in profiles])
    torch.testing.assert_close(together.mu, alone)
    taken = text(text.take(text.prepare(profiles), np.array([2, 0])))
    torch.testing.assert_close(taken.mu, together.mu[[2, 0]])
    torch.testing.assert_close(taken.sigma, together.sigma[[2, 0]])
    assert (together.sigma > 0).all()


def test_each_distinct_piece_is_encoded_once(encoder):
    class Counting:
        def __init__(self):
            self.calls = []

        def encode(self, texts):
            self.calls.extend(texts)
            return encoder.encode(texts)

    counting = Counting()
    text = PieceTextEncoder(counting, TextHeadConfig(encoder.dim, latent=2))
    text.prepare(["Likes war. Sings.", "Sings. Likes wit."])
    text.prepare(["Likes war. Dances."])
    assert counting.calls == ["Likes war.", "Sings.", "Likes wit.", "Dances."]


@pytest.mark.parametrize(
    ("profiles", "message"),
    [(["Likes war.", " \n"], "profile 1 is empty"), ("Likes war.", "list of texts")],
)
def test_bad_profiles(text, profiles, message):
    with pytest.raises(CallError, match=message):
        text.prepare(profiles)


def test_an_encoder_of_another_size_is_refused(encoder):
    with pytest.raises(CallError, match="must give 7 numbers"):
        PieceTextEncoder(encoder, TextHeadConfig(7, latent=2)).prepare(["Likes war."])
