"""Cut documented functions and types out of source text.

Each extractor yields units: {"lang", "name", "doc", "code", "decl"}. `code` never holds the documentation that `doc`
was made from; `decl` is true where only a declaration (no body) was found. Python is parsed with `ast`; the other
languages are read by finding a doc comment and matching braces, `end` or indentation of the declaration below it.
"""

import ast
import re
import textwrap
import warnings

warnings.filterwarnings("ignore")

LANG_BY_EXT = {
    "py": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript", "jsx": "javascript",
    "ts": "typescript", "tsx": "typescript", "go": "go", "java": "java", "kt": "kotlin", "scala": "scala",
    "rs": "rust", "c": "c", "h": "cpp", "cc": "cpp", "cpp": "cpp", "cxx": "cpp", "hpp": "cpp", "hh": "cpp",
    "cs": "csharp", "rb": "ruby", "php": "php", "sh": "shell", "bash": "shell", "lua": "lua", "pl": "perl",
    "pm": "perl", "ex": "elixir", "swift": "swift", "md": "markdown", "rst": "markdown",
}
BRACE = {"javascript", "typescript", "go", "java", "kotlin", "scala", "rust", "c", "cpp", "csharp", "php", "swift"}
HASH = {"ruby", "shell", "perl", "elixir"}

MAX_CODE = 1400
MAX_DOC = 420

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_INLINE = re.compile(r"\{@\w+\s+([^{}]*)\}")
_CUT = re.compile(
    r"(?im)^\s*(?:[@\\](?:param|return|returns|throws|see|since|author|deprecated|type|typedef|example|exception|private|"
    r"public|ingroup|retval|tparam|warning|note|sa|pre|post|internal|hide|method|memberof|name|class|function)\b|"
    r":(?:param|return|returns|rtype|type|raises|arg)\b|(?:args|arguments|parameters|params|returns?|raises|yields|"
    r"examples?|notes?|see also|usage|references|attributes|keyword arguments)\s*:?\s*$|>>>|\.\. |={4,}|-{4,}|#+ )"
)
_BAD = re.compile(
    r"(?i)copyright|licen[cs]e|all rights reserved|auto-?generated|do not edit|inheritdoc|todo|fixme|xxx|"
    r"not (?:yet )?implemented|test case for|eslint|@override|istanbul|clang-format|noinspection|nolint"
)
_PLAIN = re.compile(r"[A-Za-z ]")
_WORD = re.compile(r"[A-Za-z]{2,}")


def clean_doc(text):
    """The prose of a doc comment up to its first section, one line, or None when it says nothing."""
    text = text.replace("\r", "")
    if "<summary>" in text:
        found = re.search(r"(?s)<summary>(.*?)</summary>", text)
        text = found.group(1) if found else text
        text = re.sub(r"<(?:see|paramref|typeparamref)\s+\w+=\"(?:\w:)?([^\"]+)\"\s*/>", r"\1", text)
    text = re.sub(r"(?im)^\s*[@\\](?:brief|short|summary|description|desc|details|fn[^\n]*)\b:?", "", text)
    cut = _CUT.search(text)
    if cut:
        text = text[: cut.start()]
    text = _INLINE.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    text = re.sub(r"``?([^`]*)``?", r"\1", text)
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
    text = re.sub(r"[*=_~-]{3,}|https?://\S+", " ", text)
    text = re.sub(r"\s+", " ", text).strip(" *-/#!\t")
    if len(text) > MAX_DOC:
        text = text[:MAX_DOC].rsplit(" ", 1)[0]
    words = _WORD.findall(text)
    if len(words) < 3 or _BAD.search(text):
        return None
    letters = len(_PLAIN.findall(text))
    return text if letters > 0.72 * len(text) else None


def unit(lang, name, doc, code, decl=False):
    return {"lang": lang, "name": name, "doc": doc, "code": code[:MAX_CODE], "decl": decl}


# Python --------------------------------------------------------------------------------------------------------------


def python_units(text):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = text.split("\n")
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        start, end = node.lineno - 1, node.end_lineno
        if end - start < 2 or end - start > 400:
            continue
        doc = None
        keep = lines[start:end]
        first = node.body[0]
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            doc = clean_doc(first.value.value)
            cut_from, cut_to = first.lineno - 1 - start, first.end_lineno - start
            if cut_from <= 0 or len(node.body) == 1:
                continue
            keep = keep[:cut_from] + keep[cut_to:]
        if doc is None and isinstance(node, ast.ClassDef):
            continue
        if node.name.startswith("test") or node.name.startswith("__"):
            continue
        yield unit("python", node.name, doc, textwrap.dedent("\n".join(keep[:60])).strip())


# Brace languages -----------------------------------------------------------------------------------------------------

_BLOCK_DOC = re.compile(r"(?s)/\*(?:\*|!)?(?!/)(.{12,4000}?)\*/[ \t]*\n")
_LINE_DOC = re.compile(r"(?m)(?:^[ \t]*//[/!]?[^\n]*\n)+")
_SCAN = re.compile(r"//[^\n]*|(?s:/\*.*?\*/)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[{};]")
_NAME_CALL = re.compile(r"([A-Za-z_$][\w$]*)\s*(?:<[^<>()]*>)?\s*\(")
_NAME_TYPE = re.compile(
    r"\b(?:class|interface|struct|enum|trait|type|record|object|module|namespace|impl|func|fn|fun|function|def|const|let|"
    r"var)\s+([A-Za-z_$][\w$]*)"
)
_ASSIGNED = re.compile(r"([A-Za-z_$][\w$]*)\s*[:=]\s*(?:async\s+)?(?:function\b|\([^()]*\)\s*(?::[^=]*)?=>|\w+\s*=>)")
_NOT_NAMES = {"if", "for", "while", "switch", "return", "catch", "sizeof", "function", "defined", "foreach", "using",
              "assert", "new", "throw", "else", "do", "import", "require", "describe", "it", "test", "expect", "define"}
_SKIP_LINE = re.compile(r"^\s*(?:$|@\w|\[[^\]]*\]\s*$|#\[|#!\[|#(?:if|endif|else|define|include|pragma)|template\s*<[^>]*>\s*$)")


def _body(text, start):
    """End of the declaration at `start`: (end, has_body), or None when it is no declaration."""
    depth = 0
    limit = min(len(text), start + 12000)
    for match in _SCAN.finditer(text, start, limit):
        token = match.group()
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
            if depth == 0:
                return match.end(), True
            if depth < 0:
                return None
        elif token == ";" and depth == 0:
            return match.end(), False
    return None


def _declared_name(head):
    head = re.sub(r"(?s)/\*.*?\*/|//[^\n]*|@\w+(?:\([^()]*\))?|\[[A-Z]\w*(?:\([^()]*\))?\]", " ", head)
    for pattern in (_ASSIGNED, _NAME_TYPE):
        found = pattern.search(head)
        if found and found.group(1) not in _NOT_NAMES:
            return found.group(1)
    # Go methods: func (r *T) Name(
    found = re.match(r"\s*func\s*\([^)]*\)\s*(\w+)", head)
    if found:
        return found.group(1)
    found = _NAME_CALL.search(head)
    if found and found.group(1) not in _NOT_NAMES and (found.start() > 0 or head.strip()[:1].isalpha()):
        return found.group(1)
    return None


def _strip_markers(comment):
    return re.sub(r"(?m)^[ \t]*(?:\*+(?!/)|//[/!]?|#+|--+)[ \t]?", "", comment)


def brace_units(text, lang):
    spans = [(m.start(), m.end(), m.group(1)) for m in _BLOCK_DOC.finditer(text)]
    spans += [(m.start(), m.end(), m.group(0)) for m in _LINE_DOC.finditer(text)]
    for start, end, comment in spans:
        position = end
        for _ in range(6):
            line_end = text.find("\n", position)
            if line_end < 0:
                break
            line = text[position:line_end]
            if not _SKIP_LINE.match(line) or (lang in ("java", "kotlin") and re.match(r"\s*@\w+.*\(.*\).*\{", line)):
                break
            if not line.strip():
                if position == end and lang in ("go", "rust"):
                    break
            position = line_end + 1
        head_end = min(len(text), position + 400)
        head = text[position:head_end]
        stop = re.search(r"[{;]", head)
        if not stop:
            continue
        head = head[: stop.start()]
        if not head.strip() or head.lstrip().startswith(("/", "*", "#", "}", "import ", "package ", "return ", "if ", "for ")):
            continue
        name = _declared_name(head)
        if not name:
            continue
        doc = clean_doc(_strip_markers(comment))
        if not doc:
            continue
        found = _body(text, position)
        if not found:
            continue
        stop_at, has_body = found
        if not has_body and "(" not in head:
            continue
        code = text[position:stop_at]
        if len(code) < 24:
            continue
        yield unit(lang, name, doc, textwrap.dedent(code[: MAX_CODE + 400].expandtabs(4)).strip(), not has_body)


# Languages with # comments, and Lua ----------------------------------------------------------------------------------

_HASH_DECL = {
    "ruby": re.compile(r"^([ \t]*)def\s+(?:self\.)?([\w?!]+)"),
    "elixir": re.compile(r"^([ \t]*)defp?\s+([\w?!]+)"),
    "shell": re.compile(r"^([ \t]*)(?:function\s+)?([\w:-]+)\s*\(\)\s*\{?"),
    "perl": re.compile(r"^([ \t]*)sub\s+(\w+)"),
    "lua": re.compile(r"^([ \t]*)(?:local\s+)?function\s+([\w.:]+)"),
}


def line_units(text, lang):
    marker = "--" if lang == "lua" else "#"
    pattern = _HASH_DECL[lang]
    lines = text.split("\n")
    comment = []
    for index, line in enumerate(lines):
        stripped = line.strip()
        if stripped.startswith(marker) and not stripped.startswith("#!"):
            comment.append(stripped)
            continue
        found = pattern.match(line) if comment else None
        if found:
            doc = clean_doc(_strip_markers("\n".join(comment)))
            if doc:
                indent = found.group(1)
                closers = (indent + "end", indent + "}")
                body = [line]
                for following in lines[index + 1 : index + 60]:
                    body.append(following)
                    if following.rstrip().rstrip(";") in closers:
                        break
                if len(body) > 2:
                    name = re.split(r"[.:]", found.group(2))[-1]
                    yield unit(lang, name, doc, textwrap.dedent("\n".join(body)).strip())
        comment = []


_HEADING = re.compile(r"(?m)^(#{1,4})[ \t]+(.+?)[ \t#]*$")


def markdown_units(text):
    """Headings with the section below them; `name` is empty."""
    marks = list(_HEADING.finditer(text))
    for here, following in zip(marks, marks[1:] + [None]):
        section = text[here.end() : following.start() if following else len(text)].strip()
        heading = re.sub(r"[`*_\[\]]|\(http[^)]*\)|<[^>]*>", "", here.group(2)).strip()
        if 120 <= len(section) and 2 <= len(_WORD.findall(heading)) <= 12 and not _BAD.search(heading + section[:200]):
            yield unit("markdown", "", heading, section)


def units(text, lang):
    if lang == "python":
        return python_units(text)
    if lang in BRACE:
        return brace_units(text, lang)
    if lang in _HASH_DECL:
        return line_units(text, lang)
    if lang == "markdown":
        return markdown_units(text)
    return iter(())
