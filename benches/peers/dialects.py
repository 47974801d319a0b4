"""The one grammar of `grammar.py`, written as each peer reads it.

Both texts say the same: `gbnf` for XGrammar, and `llguidance`, a variant of Lark's, for
llguidance and for Outlines, which hands it on. Outlines' own engine takes regular
expressions; `regex_bytes` says how long that would be.
"""

import grammar
from grammar import Repeat, Rule

# Longest first: some lexers take the first alternative that matches.
NAMES = sorted(grammar.VARIABLES, key=lambda name: (-len(name), name))
INTEGER = "0|-?[1-9][0-9]?"


def quoted(text):
    return '"' + text.replace("\n", "\\n") + '"'


def symbol(found, repeated):
    if isinstance(found, Rule):
        return found.name
    if isinstance(found, Repeat):
        return repeated(" ".join(symbol(s, repeated) for s in found.symbols), found.most)
    return quoted(found)


def lines(rules, arrow, repeated, empty):
    for name, alternatives in rules.items():
        texts = (
            " ".join(symbol(s, repeated) for s in alternative if s != "") or empty
            for alternative in alternatives
        )
        yield f"{name} {arrow} " + " | ".join(texts)


def gbnf(rules):
    text = lines(rules, "::=", lambda body, most: f"({body}){{0,{most}}}", '""')
    names = " | ".join(map(quoted, NAMES))
    number = '"0" | "-"? [1-9] [0-9]?'
    return "\n".join([*text, f"VAR ::= {names}", f"INT ::= {number}", ""])


def llguidance(rules):
    text = lines(rules, ":", lambda body, most: f"({body}){{0,{most}}}", '""')
    return "\n".join([*text, f"VAR: /{'|'.join(NAMES)}/", f"INT: /{INTEGER}/", ""])


def regex_bytes(rules):
    """The length of the grammar as one regular expression, where each use is a copy."""
    known = {"VAR": len("|".join(NAMES)) + 4, "INT": len(INTEGER) + 4}

    def of(found):
        if isinstance(found, Repeat):
            return sum(map(of, found.symbols)) + len("(?:){0,99}")
        if not isinstance(found, Rule):
            return len(found)
        if found.name not in known:
            alternatives = rules[found.name]
            known[found.name] = len("(?:)") + sum(1 + sum(map(of, one)) for one in alternatives)
        return known[found.name]

    return of(Rule("start"))
