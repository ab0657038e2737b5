"""What a classifier of moods is judged by: macro-F1, calibration error, and the floor that a bag of n-grams sets."""

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union
from torch.nn.functional import cross_entropy

from sentiment_data import LABELS

BINS = 15


def label_ids(rows):
    return np.array([LABELS.index(row["label"]) for row in rows])


def calibration_error(probabilities, labels):
    """Expected calibration error (Guo et al. 2017), bins of equal width."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    places = np.ceil(confidence * BINS)
    return sum(abs((right[places == b] - confidence[places == b]).sum()) for b in range(1, BINS + 1)) / len(labels)


def measure(logits, rows, temperature=1.0):
    labels = label_ids(rows)
    probabilities = torch.softmax(logits / temperature, 1).numpy()
    score = f1_score(labels, probabilities.argmax(1), average=None, labels=range(len(LABELS)))
    return {
        "texts": len(labels), "macroF1": round(float(score.mean()), 4), "f1": dict(zip(LABELS, score.round(3).tolist())),
        "calibrationError": round(float(calibration_error(probabilities, labels)), 4),
    }


def best_temperature(parts):
    """The one with the least cross-entropy (Guo et al. 2017), as a mean over sets, so that no set's habits decide alone."""
    grid = np.arange(16, 41) / 20
    truth = [torch.from_numpy(label_ids(rows)) for _, rows in parts]
    loss = lambda t: np.mean([cross_entropy(logits / t, y).item() for (logits, _), y in zip(parts, truth)])
    return float(min(grid, key=loss))


def floor(train, parts):
    """Macro-F1 of TF-IDF over words and characters with logistic regression, texts as they came, for each named part."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3)
    model = make_pipeline(make_union(words, characters), LogisticRegression(C=4, max_iter=300, class_weight="balanced"))
    model.fit([row["raw"] for row in train], label_ids(train))
    return {
        name: round(float(f1_score(label_ids(rows), model.predict([row["raw"] for row in rows]), average="macro")), 4)
        for name, rows in parts.items()
    }
