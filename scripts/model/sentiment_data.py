"""What the mood adapter is trained on. Texts stay in the work folder; none is in the repository or in the package.

Polarity (stage 1): words and phrases that people rated or that stand in lists of pros and cons. Labelled texts (stage 2):
`sentiment/train.jsonl`. Silver (stage 2): subjects of commits that hold no word of feeling, for what “kill” and “fatal” mean
to developers.
"""

import hashlib
import json
import random
import re
import subprocess
from collections import Counter
from glob import glob
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_union

from common import HERE, SEED, read_jsonl

LABELS = ["negative", "neutral", "positive"]

# Words that rate things in reviews and name things in programs.
TECHNICAL = set(
    """abort aborted alarm alert attack blame block blocked bomb break breaking broken bug bugs bad blind conflict conflicts
    crash crashed crashes crashing critical crude cut dead deadlock death debug defect defects delay denied deny deprecated
    destroy destroyed die died dies dirty disable disabled drop dropped dump dumps error errors exclude excluded execute
    exhaust exhausted exploit expire expired fail failed failing fails failure failures fake fall fallback fatal fault faults
    fear flaw flush force forced freeze frozen garbage hack hang hangs hard harsh hazard hole ignore ignored illegal inject
    injection interrupt invalid isolate issue issues junk kill killed killing kills lack lag leak leaking leaks limit
    limitation limited limits lock lose losing loss lost master miss missed missing mistake negative never null object odd
    orphan orphaned outage overflow overhead panic penalty poison poll problem problems refuse refused reject rejected
    rejects remove removed removes resource restrict restricted risk risks rogue sandbox scratch severe severity slave split
    spoof stale starvation steal stop stopped stops strip stub stuck suppress tangled terminate throw toxic trap trash trick
    undefined unexpected unknown unsafe unstable victim violate violation virus vulnerable vulnerability warn warned warning
    warnings waste weak wrong zap zombie support supported trust trusted like free clear clean better best right important
    well work worked works faster fast gold top patch ready proper valid secure security share shared safe safely solid
    sharp simple smart smooth stable lead leading intelligence helper help fresh flexible fine enhanced effective efficient
    correct correctly corrupt bogus dangerous escape unused obsolete""".split()
)
FEELING = re.compile(
    r"\b(stupid|ugly|hate|awful|horribl|terribl|crap|shit|fuck|damn|sorry|unfortunate|sad\b|sadly|annoy|thank|awesome|great|"
    r"nice|nicer|love|lovely|beautiful|yay|woo|sigh|ugh|wtf|oops|happy|suck|silly|disgust|painful|mess\b|hooray|finally|"
    r"insane|crazy|embarrass|confus|nasty|weird|misguided|badly)|:\)|:\(|;\)|!",
    re.I,
)


# Put around a commit's subject, these are how developers swear and cheer in commits.
OUTBURSTS = {
    "negative": (
        "ugh, {}|argh, {}|argh! {}|sigh, {}|damn it, {}|wtf, {}|grr, {}|oh no, {}|stupid mistake: {}|i hate this: {}|"
        "{}, what a mess|{}, again :(|{} (sigh)|{}, this is ridiculous|{}, so annoying|{}, third attempt|{}, second try, ugh|"
        "{} and i still hate it|{}. this is horrible|{}. what a stupid idea|{}. terrible hack|{}. ugly, ugly, ugly|"
        "another desperate attempt to {}|{}. no idea why this keeps failing, so frustrating|{}. it never works :("
    ).split("|"),
    "positive": (
        "yay, {}|woohoo! {}|hooray, {}|nice, {}|awesome, {}|sweet! {}|{}, love it|{}, much nicer now|{} :)|{} \U0001f389|"
        "{}, thanks to everyone who helped|{}. so much better now|{}. works beautifully|{}. what a lovely clean-up|"
        "{}, thank you!|{}. great work by all|{}. i am really happy with this|{}. finally works, yay|{}. this is so cool"
    ).split("|"),
}


# Signs that are all of a comment: most labelled texts have more to say, and temper what a sign means by itself.
SIGNS = {
    "negative": "\U0001f621 \U0001f622 \U0001f61e \U0001f44e \U0001f62d \U0001f92c :( :-( :cry: :rage: :-1: >:(".split(),
    "positive": "\U0001f44d \U0001f389 \U0001f600 \U0001f604 \U0001f64f \U0001f44f ❤️ \U0001f60d :) :-) :D ;) :+1: :tada: :heart: <3".split(),
}


# Sentences in which any word is a thing: what the tokenizer cuts into pieces must not speak by its pieces.
FRAMES = (
    "add {} to the {}|use {} to install {} when {} is not found|{}: support {}|update {}|rename {} to {}|"
    "{} and {} handle {} in the readme.|the {} needs {}|move {} into {}!|drop {} 0 bytes!|let {} return {}|"
    "does {} work with {}?|{} depends on {} and {}"
).split("|")


def pieces(repositories, tokenizer, known, rng, count=3500):
    """Made-up neutral sentences around words of commit messages that the tokenizer has no token for."""
    seen = Counter()
    for repository in repositories:
        log = subprocess.run(
            ["git", "-C", str(repository), "log", "--no-merges", "--format=%B"],
            capture_output=True, text=True, errors="replace", check=True,
        ).stdout.lower()
        seen.update(re.findall(r"(?<![\w-])[a-z]{4,16}(?![\w@-])", log))
    words = sorted(word for word, times in seen.items() if times >= 2 and word not in known)
    cut = [word for word, code in zip(words, tokenizer.encode_batch([" " + word for word in words], add_special_tokens=False))
           if len(code.ids) > 1]
    for _ in range(count if len(cut) > 2 else 0):
        frame = rng.choice(FRAMES)
        text = frame.format(*rng.sample(cut, frame.count("{}")))
        yield {"text": text, "soft": target("neutral", 0.96), "weight": 0.35, "source": "silver"}


def outbursts(subjects, rng):
    for label, forms in OUTBURSTS.items():
        for subject in rng.sample(subjects, min(400, len(subjects))):
            text = rng.choice(forms).format(subject.removesuffix("."))
            yield {"text": text, "soft": target(label, 0.94), "weight": 0.5, "source": "silver"}


def signs(times=12):
    for label, alone in SIGNS.items():
        for sign in alone:
            for count in range(times):
                text = " ".join([sign] * (1 + count % 3))
                yield {"text": text, "soft": target(label, 0.9), "weight": 1.0, "source": "silver"}


def write_rows(rows, path):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def cleaned(rows, path, kind="comment"):
    """The rows as Sextant's own cleaning leaves them."""
    raw = path.with_suffix(".raw.jsonl")
    write_rows(rows, raw)
    subprocess.run(["node", str(HERE / "sentimentTexts.ts"), str(raw), str(path), kind], check=True)
    return list(read_jsonl(path))


def target(label, sure):
    rest = (1 - sure) / (len(LABELS) - 1)
    return [sure if name == label else rest for name in LABELS]


def lexicon(folder):
    """Single words: VADER's ratings (mean of ten people, -4 to 4) and the opinion lexicon, which knows the sign alone."""
    rated = {}
    for line in (folder / "vader_lexicon.txt").read_text().splitlines():
        word, rating, *_ = line.split("\t")
        rated[word] = float(rating) / 2
    for sign, name in ((-1, "negative"), (1, "positive")):
        for line in (folder / "opinion_lexicon" / f"{name}-words.txt").read_text(encoding="latin-1").splitlines():
            if line and not line.startswith(";"):
                rated[line] = (rated[line] + sign) / 1.5 if line in rated else 0.9 * sign
    return rated


def lexicon_rows(folder):
    for word, rating in sorted(lexicon(folder).items()):
        strength = min(0.92, 0.85 * abs(rating) * (0.15 if word in TECHNICAL else 1))
        pair = [strength, 0.03] if rating < 0 else [0.03, strength]
        yield {"text": word, "soft": [pair[0], 0.97 - strength, pair[1]], "weight": 0.5}


def review_rows(folder):
    """Phrases of pros and cons, sentences of film reviews (no neutral ones: the class is left open), product reviews."""
    rng = random.Random(SEED)
    for name, label in (("Pros", "positive"), ("Cons", "negative")):
        lines = (folder / "pros_cons" / f"Integrated{name}.txt").read_text(encoding="latin-1").splitlines()
        phrases = [re.sub(r"<[^>]+>", "", line).strip() for line in lines]
        phrases = [phrase for phrase in phrases if 2 <= len(phrase.split()) <= 12]
        for phrase in rng.sample(phrases, min(10_000, len(phrases))):
            yield {"text": phrase, "soft": target(label, 0.97), "open": True, "weight": 0.5}
    for name, label in (("neg", "negative"), ("pos", "positive")):
        for line in (folder / "sentence_polarity" / f"rt-polarity.{name}").read_text(encoding="latin-1").splitlines():
            yield {"text": line, "soft": target(label, 0.97), "open": True, "weight": 1}
    for file in sorted(glob(str(folder / "product_reviews_*" / "*.txt"))):
        for line in Path(file).read_text(encoding="latin-1").splitlines():
            tags, mark, text = line.partition("##")
            marks = [int(value) for value in re.findall(r"\[([+-]\d)\]", tags)]
            if not mark or not text.strip() or (marks and sum(marks) == 0):
                continue
            label = "neutral" if not marks else "positive" if sum(marks) > 0 else "negative"
            yield {"text": text.strip(), "soft": target(label, 0.94), "weight": 1}


def polarity(folder, work):
    return cleaned([*lexicon_rows(folder), *review_rows(folder)], work / "polarity.jsonl")


def labelled(path, work):
    rows = [{**row, "raw": row["text"]} for row in read_jsonl(path)]
    return cleaned(rows, work / "labelled.jsonl")


def in_fifth(row):
    """Whether a text is of the fifth that is measured and not trained on; the same ones whatever the cleaning does."""
    return int(hashlib.md5(row["raw"].encode()).hexdigest(), 16) % 5 == 0


def weights(source):
    """What a text of a source counts, for the network and for the bag. Opinions on an API are few and unlike the rest."""
    return {"sa4se/gh-train": (2.0, 1.0), "sa4se/api-train": (2.0, 0.5)}.get(source, (0.5, 0.25))


def soften(rows):
    """Gives each row its weight, and as its target the label mixed with what a bag of n-grams trained on the others of these rows expects:
    labels of people disagree."""
    y = np.array([LABELS.index(row["label"]) for row in rows])
    weight = np.array([weights(row["source"])[1] for row in rows])
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"\S+")
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, max_features=120_000)
    x = make_union(words, characters).fit_transform([row["text"] for row in rows])
    fold = np.random.default_rng(SEED).integers(0, 5, len(rows))
    expected = np.zeros((len(rows), len(LABELS)))
    for held in range(5):
        model = LogisticRegression(C=4, max_iter=100, class_weight="balanced")
        model.fit(x[fold != held], y[fold != held], sample_weight=weight[fold != held])
        expected[fold == held] = model.predict_proba(x[fold == held])
    soft = (0.65 * np.eye(len(LABELS))[y] + 0.35 * expected).round(4).tolist()
    return [{**row, "soft": mixed, "weight": weights(row["source"])[0]} for row, mixed in zip(rows, soft)]


def silver(repositories, known, tokenizer, work):
    """Subjects of commits without a word of feeling, half of them with a word of `TECHNICAL`, and some with an outburst; `known` are words
    that are rated."""
    rng = random.Random(SEED)
    rows = []
    for repository in repositories:
        log = subprocess.run(
            ["git", "-C", str(repository), "log", "--no-merges", "--format=%s"],
            capture_output=True, text=True, errors="replace", check=True,
        ).stdout
        subjects = sorted({line for line in log.split("\n") if 0 < len(line) <= 120 and not FEELING.search(line)})
        rng.shuffle(subjects)
        technical = [s for s in subjects if TECHNICAL & set(re.findall(r"[a-z]+", s.lower()))]
        # The area in front (`net: `) is a habit of few projects.
        chosen = technical[:1600] + subjects[:900]
        rows += [re.sub(r"^[\w./()-]+: ", "", text) if n % 2 else text for n, text in enumerate(chosen)]
    texts = [{"text": text, "soft": target("neutral", 0.96), "weight": 0.5, "source": "silver"} for text in rows]
    made = [*outbursts(rows, rng), *pieces(repositories, tokenizer, known, rng), *signs()]
    return cleaned([*texts, *made], work / "silver.jsonl", "commit")
