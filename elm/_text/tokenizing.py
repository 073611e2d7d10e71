"""Tokenizers run native code, and where that panics, no `except Exception` sees it: here it is an error of ours."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from elm._errors import CheckpointError

PROBES = ("A Naïve film-maker's 3rd STORY;\n  日本 🎬 \u200d\x07", "a", "", " ")
"""Capitals, an accent, punctuation, a number, white space, foreign letters, and next to nothing: what tokenizers treat
differently.
"""

_ONE_AT_A_TIME = threading.Lock()


@contextlib.contextmanager
def tokenizing(where: object) -> Iterator[None]:
    """A panic inside the block is a `CheckpointError` about the tokenizer of `where`; all else goes on as it is."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a class that cannot be imported, and no Exception
            raise
        reason = (str(error).strip() or "it gives no reason").splitlines()[0][:200]
        raise CheckpointError(
            f"a tokenizer reads every text, and that of {where} breaks off ({reason}): its tokenizer.json is damaged; "
            "fetch it again, or take another"
        ) from error


@contextlib.contextmanager
def panics_unseen() -> Iterator[None]:
    """Keep the report that native code writes to standard error as it panics to itself; what else is written stays."""
    with _ONE_AT_A_TIME, contextlib.ExitStack() as stack:
        try:
            stderr = os.dup(2)
        except OSError:  # it is closed
            yield
            return
        stack.callback(os.close, stderr)
        written = stack.enter_context(tempfile.TemporaryFile())
        os.dup2(written.fileno(), 2)
        panicked = False
        try:
            yield
        except BaseException as error:
            panicked = type(error).__name__ == "PanicException" or isinstance(error, CheckpointError)
            raise
        finally:
            os.dup2(stderr, 2)
            written.seek(0)
            if not panicked and (data := written.read()):
                os.write(2, data)


def probe(tokenizer: Any, where: object) -> None:
    """Try a tokenizer on a few texts, there and back, so that one that panics is found when it is loaded."""
    with panics_unseen(), tokenizing(where):
        for text in PROBES:
            try:
                tokenizer.decode(tokenizer(text, verbose=False)["input_ids"])
            except (TypeError, ValueError, AttributeError, LookupError) as error:  # of settings that are none
                raise CheckpointError(
                    f"a tokenizer must take any text, and that of {where} breaks off: {str(error)[:200]}; fetch its "
                    "files again"
                ) from error
