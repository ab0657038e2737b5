"""Replace every identifier of a piece of code by v1, v2 … in order of first appearance; comments go, strings stay."""

import re

KEYWORDS = set(
    """
    abstract and as assert async await base bool boolean break byte case catch chan char class const constexpr continue
    crate def default defer del delete do double dyn elif else elseif elsif end ensure enum except explicit export extends
    extern fallthrough false final finally float fn for foreach from fun func function global go goto if impl implements
    import in include inline instanceof int interface internal is lambda let local long loop map match mod module move mut
    namespace native new next nil none nonlocal not null object of operator or out override package params pass private
    protected pub public raise range readonly ref register rescue return sealed select self short signed sizeof static
    strictfp string struct super switch synchronized template then this throw throws trait transient true try type typedef
    typename typeof undefined union unless unsafe unsigned until use using val var virtual void volatile when where while
    with yield
    """.split()
)
_COMMENT = r"//[^\n]*|/\*.*?\*/|\"\"\".*?\"\"\"|'''.*?'''"
_STRING = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"
_HASH = r"|(?<![\w\]\)\"'{])#(?!include|define|if|endif|else|pragma)[^\n]*"
_TOKEN = {h: re.compile(rf"(?s)(?P<c>{_COMMENT}{_HASH if h else ''})|(?P<s>{_STRING})|(?P<i>[A-Za-z_$][\w$]*)") for h in (0, 1)}
HASH_LANGS = {"python", "ruby", "shell", "perl", "php", "elixir"}


def rename_identifiers(code, lang):
    """The code with its own and foreign names replaced; keywords and primitive types of common languages are kept."""
    names = {}

    def replace(match):
        if match.group("c") is not None:
            return ""
        if match.group("s") is not None:
            return match.group()
        word = match.group("i")
        if word in KEYWORDS or word.lower() in ("none", "true", "false"):
            return word
        return names.setdefault(word, f"v{len(names) + 1}")

    return _TOKEN[1 if lang in HASH_LANGS else 0].sub(replace, code)


def strip_comments(code, lang):
    return _TOKEN[1 if lang in HASH_LANGS else 0].sub(lambda m: "" if m.group("c") is not None else m.group(), code)
