"""A tokenizer of C++ that is good enough for checks of form: no types, no preprocessing.

Comments, string literals (raw ones too), character literals and preprocessor directives are
recognised, so that nothing in them is taken for code.
"""

import re
from typing import List, NamedTuple


class Token(NamedTuple):
    kind: str  # "name", "number", "string", "char", "punct", "comment" or "directive"
    text: str
    line: int


_PUNCTUATION = sorted(
    """<<= >>= <=> ... ->* :: -> .* ++ -- << >> <= >= == != && || += -= *= /= %= &= |= ^= ##
    { } [ ] ( ) < > ; : , . ? + - * / % ^ & | ~ ! = # @ \\ ` $""".split(),
    key=len,
    reverse=True,
)

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n\f\v]+)
    | (?P<comment>//(?:\\\r?\n|[^\n])*|/\*.*?(?:\*/|\Z))
    | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
    | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
    | (?P<char>(?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
    | (?P<number>\.?[0-9](?:'?[0-9a-zA-Z_.]|(?<=[eEpP])[+-])*)
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<punct>%s)
    | (?P<other>.)
    """
    % "|".join(re.escape(p) for p in _PUNCTUATION),
    re.VERBOSE | re.DOTALL,
)

_DIRECTIVE = re.compile(r"#(?:\\\r?\n|/\*.*?\*/|//[^\n]*|[^\n])*", re.DOTALL)


def tokenize(text: str) -> List[Token]:
    """All tokens of `text`, comments and directives among them, in order."""
    tokens = []
    position = 0
    line = 1
    at_line_start = True
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind = match.lastgroup if match.lastgroup != "mark" else "raw"
        if match.group("raw") is not None:
            kind = "raw"
        if at_line_start and match.group() == "#":
            match = _DIRECTIVE.match(text, position)
            kind = "directive"
        value = match.group()
        if kind == "space":
            at_line_start = at_line_start or "\n" in value
        else:
            names = {"raw": "string", "other": "punct"}
            tokens.append(Token(names.get(kind, kind), value, line))
            at_line_start = kind == "comment" and at_line_start
        line += value.count("\n")
        position = match.end()
    return tokens


def code_of(text: str) -> List[Token]:
    """The tokens that are neither comments nor directives."""
    return [t for t in tokenize(text) if t.kind not in ("comment", "directive")]
