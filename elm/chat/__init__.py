"""Chat: models behind OpenAI-compatible endpoints, what they answered (kept on disk), and what they cost."""

from elm.chat._answer_cache import AnswerCache, answer_key
from elm.chat._choice_client import ChatJudge, Chosen
from elm.chat._client import Asks, Client, client_around
from elm.chat._endpoint import called, chat_client, complete
from elm.chat._types import Answer, Asking, Message, Request, question, spoken
from elm.chat._usage import Usage

__all__ = [
    "Answer",
    "AnswerCache",
    "Asking",
    "Asks",
    "ChatJudge",
    "Chosen",
    "Client",
    "Message",
    "Request",
    "Usage",
    "answer_key",
    "called",
    "chat_client",
    "client_around",
    "complete",
    "question",
    "spoken",
]
