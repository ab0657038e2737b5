"""Mean of warmed tables that share a start: `python average.py OUT A B …` writes WORK/OUT.pt and prints its figures."""

import json
import sys

import torch
from tokenizers import Tokenizer

from common import WORK
from metrics import evaluate, summary
from warm import Bag, embedder


def main():
    out, names = sys.argv[1], sys.argv[2:]
    states = [torch.load(WORK / f"{name}.pt") for name in names]
    state = {key: sum(s[key] for s in states) / len(states) for key in states[0]}
    tokenizer = Tokenizer.from_file(str(WORK / "tokenizer.json"))
    bag = Bag(tokenizer.get_vocab_size())
    bag.load_state_dict(state)
    table = evaluate(embedder(bag, tokenizer, tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")))
    print(json.dumps(summary(table)))
    torch.save(state, WORK / f"{out}.pt")
    (WORK / f"{out}.json").write_text(json.dumps({"table": table}, indent=1))


if __name__ == "__main__":
    main()
