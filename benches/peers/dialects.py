"""The one grammar of `grammar.py`, written as each peer reads it.

All four texts say the same: `gbnf` for XGrammar, `lark` for SynCode, `llguidance` for
llguidance (Lark too, save the repetitions), and `regex` for Outlines' own engine, which
has no rules to refer to, so that every use of a rule is a copy.
"""

import re

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


def terminals():
    return [f"VAR: /{'|'.join(NAMES)}/", f"INT: /{INTEGER}/", ""]


def llguidance(rules):
    text = lines(rules, ":", lambda body, most: f"({body}){{0,{most}}}", '""')
    return "\n".join([*text, *terminals()])


def lark(rules):
    """For LALR parsers; the commas are right-recursive there, which the bound forbids."""
    text = lines(rules, ":", lambda body, most: f"({body})~0..{most}", "")
    return "\n".join([*text, *terminals()])


def regex(rules, at_most=1 << 24):
    """One regular expression, or None if it would be longer than that."""
    known = {"VAR": f"(?:{'|'.join(NAMES)})", "INT": f"(?:{INTEGER})"}

    def length_checked(text):
        if len(text) > at_most:
            raise OverflowError
        return text

    def of(found):
        if isinstance(found, Repeat):
            return f"(?:{''.join(map(of, found.symbols))}){{0,{found.most}}}"
        if not isinstance(found, Rule):
            return re.escape(found).replace("\\\n", "\\n").replace("\\ ", " ")
        if found.name not in known:
            texts = ("".join(map(of, alternative)) for alternative in rules[found.name])
            known[found.name] = length_checked(f"(?:{'|'.join(texts)})")
        return known[found.name]

    try:
        return of(Rule("start"))
    except OverflowError:
        return None
