"""The tokenizer of `tokenizer.py` for bulk work: pre-tokens by `re`, their ids remembered. Same ids, several times faster."""

import re

import numpy as np

_BLANK = re.compile(r"\s+(?=\n)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SNAKE = re.compile(r"(?<=[A-Za-z0-9])_+(?=[A-Za-z0-9])")
_PIECE = re.compile(r"\n *|[^\W\d_]+|\d{1,3}|(?:[^\s\w]|_)+")


class FastEncoder:
    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.known = {}

    def __call__(self, text, limit):
        text = _SNAKE.sub(" ", _CAMEL.sub(" ", _BLANK.sub("", text.replace("\t", "    ")))).lower()
        ids, known = [], self.known
        for piece in _PIECE.findall(text):
            found = known.get(piece)
            if found is None:
                found = known[piece] = tuple(self.tokenizer.encode(piece, add_special_tokens=False).ids)
            ids += found
            if len(ids) >= limit:
                break
        return np.array(ids[:limit], dtype=np.uint16)

    def agreement(self, texts):
        """Share of texts whose ids equal the tokenizer's own."""
        same = sum(self.tokenizer.encode(t, add_special_tokens=False).ids[:400] == self(t, 400).tolist() for t in texts)
        return same / max(1, len(texts))
