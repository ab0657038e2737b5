"""Stage 3: train the byte-level BPE tokenizer on the units and write it in Hugging Face layout.

Words are made equal wherever they stand: camelCase and snake_case are cut, case is folded and spaces between words are
dropped, so `readJsonFile`, `read_json_file` and "read json file" give the same three tokens. A line break together with
the indentation after it is one token; runs of operators may merge.
"""

import json
import random
import sys

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from common import SEED, WORK, read_jsonl

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCAB = 32_000
SAMPLE = 160_000


def build():
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace("\t", "    "),
            normalizers.Replace(Regex(r"\s+(?=\n)"), ""),
            normalizers.Replace(Regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"), " "),
            normalizers.Replace(Regex(r"(?<=[A-Za-z0-9])_+(?=[A-Za-z0-9])"), " "),
            normalizers.Lowercase(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"(?<!\n)(?<! ) +"), "removed"),
            pre_tokenizers.Split(Regex(r"\n *|\p{L}+|\p{N}{1,3}|[^\s\p{L}\p{N}]+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sample_texts():
    rng = random.Random(SEED)
    files = sorted((WORK / "units").glob("*.jsonl.gz"))
    per_file = max(250, SAMPLE // max(1, len(files)) * 3)
    for path in files:
        rows = list(read_jsonl(path))
        for row in rng.sample(rows, min(per_file, len(rows))):
            yield row["code"]
            if row["doc"]:
                yield row["doc"]
                yield row["doc"]


def main():
    out = WORK / "tokenizer.json"
    if out.exists() and "--force" not in sys.argv:
        return
    tokenizer = build()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=8,
        max_token_length=24,
        show_progress=False,
    )
    tokenizer.train_from_iterator(sample_texts(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")],
    )
    tokenizer.save(str(out))
    for text in ("def readJSONFile(path):\n\n    return json.load(open(path))", "reads a json file"):
        print(tokenizer.encode(text).tokens)
    print(json.dumps({"vocab": tokenizer.get_vocab_size()}))


if __name__ == "__main__":
    main()
