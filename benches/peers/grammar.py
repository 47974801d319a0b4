"""A context-free grammar for the source text of the default language, unrolled.

Indentation depends on its context, so the rules are written out once per nesting
level; that makes the grammar finite: no rule refers to itself, even through others.
What it says is form:

- every statement at its indentation, at most two in a block, `if` always with `else`
- `if` and `for` nested at most two deep, operators and calls at most three deep
- `return` only in a function, and nothing behind a statement that always returns
- a `def` only in the module and not last of several statements, so there is at most
  one, it comes first, and the printer gives it and its parameters the first names
- names from the printer's pools, constants from -99 to 99, the printer's spaces

What it does not say relates distant places: whether a variable has been assigned,
how many arguments the function takes, that a call in the function would be recursion,
whether it exists at all. `tight` says of these what two more copies of the rules can:
only behind a `def` that always returns is there a call. The rest would take a copy of
every rule for each state of the scope, and is not tried here. The length of a program
in tokens of its tree is not said either.
"""

from dataclasses import dataclass

# docs/language.md: the knobs of the default configuration.
MAX_BLOCK_STMTS = 2
MAX_CONTROL_DEPTH = 2
MAX_EXPR_DEPTH = 3
MAX_ARITY = 15

# The printer's pools, in its order, and what it writes once a pool is used up.
VARIABLES = "a b c d x y i j k m n p q r s t u v w z foo bar baz".split()
VARIABLES += [f"var_{i}" for i in range(1, 16)]
FUNCTION = "func"


@dataclass(frozen=True)
class Rule:
    """A reference to a rule by its name."""

    name: str


@dataclass(frozen=True)
class Repeat:
    """Symbols that stand there so many times at most, or not at all."""

    symbols: tuple
    most: int


# A symbol is a Rule, a Repeat, one of these two, or a string that stands for itself.
VARIABLE = Rule("VAR")
CONSTANT = Rule("INT")

COMPARE = Rule("compare")
OPERATOR = Rule("operator")


def line(where, control):
    """The end of a line and the indentation of the next, in a function or the module."""
    return "\n" + "    " * (control + (where == "func"))


class Builder:
    """Rules by name: lists of alternatives, which are lists of symbols."""

    def __init__(self, deepest):
        self.deepest = deepest
        self.rules = {
            "start": [],  # the first rule is where a program starts
            "compare": [[" < "], [" == "]],
            "operator": [[" + "], [" - "], [" * "]],
            "parameters": [[", ".join(VARIABLES[:k])] for k in range(MAX_ARITY + 1)],
        }

    def rule(self, name, calls, alternatives):
        """The rule of that name, with calls in it or without; made where it is first used."""
        name += "" if calls else "_plain"
        if name not in self.rules:
            self.rules[name] = []  # keeps its place among the others
            self.rules[name] = list(alternatives())
        return Rule(name)

    # ------------------------------------------------------------ expressions

    def within(self, depth):
        """The depth below that one; without a bound there is only the depth 0."""
        return 0 if self.deepest is None else depth + 1

    def may_nest(self, depth):
        return self.deepest is None or depth < self.deepest

    def atoms(self, depth, calls):
        """What reads the same on its own and as an operand."""
        yield [VARIABLE]
        yield [CONSTANT]
        if self.may_nest(depth):
            yield ["int(", *self.operation(COMPARE, self.within(depth), calls), ")"]
            if calls:
                yield [self.call(depth)]

    def operation(self, operator, depth, calls):
        operand = self.operand(depth, calls)
        return [operand, operator, operand]

    def expression(self, depth, calls):
        def alternatives():
            yield from self.atoms(depth, calls)
            if self.may_nest(depth):
                yield self.operation(OPERATOR, self.within(depth), calls)

        return self.rule(f"expression_{depth}", calls, alternatives)

    def operand(self, depth, calls):
        def alternatives():
            yield from self.atoms(depth, calls)
            if self.may_nest(depth):
                yield ["(", *self.operation(OPERATOR, self.within(depth), calls), ")"]

        return self.rule(f"operand_{depth}", calls, alternatives)

    def call(self, depth):
        def alternatives():
            argument = self.expression(self.within(depth), True)
            yield [FUNCTION, "()"]
            yield [FUNCTION, "(", argument, Repeat((", ", argument), MAX_ARITY - 1), ")"]

        return self.rule(f"call_{depth}", True, alternatives)

    # ------------------------------------------------------------- statements
    #
    # `where` is "module" or "func", `control` the depth of control. A statement
    # "returns" if it does so on every path, else it "falls" through; so does a block.

    def statement(self, where, control, kind, calls):
        nested = control < MAX_CONTROL_DEPTH

        def alternatives():
            value = self.expression(0, calls)
            if kind == "returns":
                yield ["return ", value]
                if nested:
                    yield self.if_else(where, control, "returns", "returns", calls)
                return
            yield [VARIABLE, " = ", value]
            yield ["print(", value, ")"]
            if nested:
                kinds = ["falls", "returns"] if where == "func" else ["falls"]
                for body in kinds:
                    ranges = [value, Repeat((", ", value), 1)]
                    head = ["for ", VARIABLE, " in range(", *ranges, "):"]
                    yield [*head, self.block(where, control + 1, body, calls)]
                for then in kinds:
                    for otherwise in kinds:
                        if (then, otherwise) != ("returns", "returns"):
                            yield self.if_else(where, control, then, otherwise, calls)

        return self.rule(f"{where}_{control}_{kind}", calls, alternatives)

    def if_else(self, where, control, then, otherwise, calls):
        return [
            "if ",
            *self.operation(COMPARE, 0, calls),
            ":",
            self.block(where, control + 1, then, calls),
            line(where, control),
            "else:",
            self.block(where, control + 1, otherwise, calls),
        ]

    def block(self, where, control, kind, calls):
        """Statements, each behind the end of a line; only the last may return."""

        def alternatives():
            last = [line(where, control), self.statement(where, control, kind, calls)]
            before = [line(where, control), self.statement(where, control, "falls", calls)]
            for others in range(MAX_BLOCK_STMTS):
                yield before * others + last

        return self.rule(f"block_{where}_{control}_{kind}", calls, alternatives)

    def definition(self, kind, calls):
        body = self.block("func", 0, kind, calls)
        return self.rule(
            f"definition_{kind}",
            calls,
            lambda: [["def ", FUNCTION, "(", Rule("parameters"), "):", body]],
        )

    def module(self, tight):
        # With more statements there could be more definitions, and other names.
        assert MAX_BLOCK_STMTS == 2
        calls = not tight
        plain = self.statement("module", 0, "falls", calls)
        falls, returns = (self.definition(kind, calls) for kind in ("falls", "returns"))
        behind = self.statement("module", 0, "falls", True)
        yield [plain]
        yield [plain, "\n", plain]
        yield [falls]
        yield [returns]
        yield [falls, "\n", plain]
        yield [returns, "\n", behind]


def rules(tight=False, deepest=MAX_EXPR_DEPTH):
    """The grammar: rules by name, of which `start` is the first.

    `deepest` is how deep operators and calls nest; with None any depth will do, and the
    rules of expressions refer to themselves.
    """
    builder = Builder(deepest)
    builder.rules["start"] = list(builder.module(tight))
    return builder.rules
