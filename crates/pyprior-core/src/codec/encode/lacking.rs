//! What Python has and the language lacks.

use super::error::EncodeErrorKind;

/// What a thing is called, and what to write instead.
pub(super) const fn lacking(what: &'static str, hint: &'static str) -> EncodeErrorKind {
    EncodeErrorKind::Unsupported { what, hint: Some(hint) }
}

/// What a thing is called, where nothing takes its place.
pub(super) const fn absent(what: &'static str) -> EncodeErrorKind {
    EncodeErrorKind::Unsupported { what, hint: None }
}

pub(super) const STRINGS: EncodeErrorKind =
    lacking("strings and docstrings", "values are integers; remarks go behind `#`");
pub(super) const FLOATS: EncodeErrorKind = lacking("floating point and complex numbers", "values are integers");
pub(super) const TUPLES: EncodeErrorKind = lacking("tuples", "use one variable and one statement for each value");
pub(super) const LISTS: EncodeErrorKind = lacking("lists and subscripts", "values are integers");
pub(super) const BRACES: EncodeErrorKind = lacking("dictionaries and sets", "values are integers");
pub(super) const ATTRIBUTES: EncodeErrorKind = lacking("attributes and methods", "values are integers");
pub(super) const ELLIPSIS: EncodeErrorKind = absent("`...`");
pub(super) const AUGMENTED: EncodeErrorKind = lacking("augmented assignments", "write `x = x + 1` for `x += 1`");
pub(super) const WALRUS: EncodeErrorKind = lacking("assignment expressions", "assign in a statement of its own");
pub(super) const ANNOTATIONS: EncodeErrorKind = lacking("annotations", "every value is an integer; leave them out");
pub(super) const DEFAULTS: EncodeErrorKind = lacking("default values of parameters", "pass every argument");
pub(super) const KEYWORDS: EncodeErrorKind = lacking("keyword arguments", "pass arguments by position");
pub(super) const STARRED: EncodeErrorKind =
    lacking("starred parameters and arguments", "name each parameter, pass each argument");
pub(super) const DECORATORS: EncodeErrorKind = lacking("decorators", "write a plain def");
pub(super) const CONDITIONALS: EncodeErrorKind =
    lacking("conditional expressions", "use an `if` statement that assigns in both branches");
pub(super) const COMPREHENSIONS: EncodeErrorKind = lacking("comprehensions", "use a `for` statement");
pub(super) const MEMBERSHIP: EncodeErrorKind = lacking("membership tests", "compare with `<` and `==`");
pub(super) const CHAINED_CALLS: EncodeErrorKind = lacking("calls of anything but a name", "call a def by its name");
pub(super) const UNARY_PLUS: EncodeErrorKind = lacking("unary `+`", "leave it out");
pub(super) const NEGATION: EncodeErrorKind =
    lacking("`-` before anything but a positive constant", "write `0 - x` for `-x`");
pub(super) const NEGATIVE_ZERO: EncodeErrorKind = lacking("`-0`", "write 0");
pub(super) const INT: EncodeErrorKind = lacking("calls of `int`", "every value is an integer; leave `int` out");
pub(super) const INVERSION: EncodeErrorKind = lacking("the operator `~`", "write `0 - x - 1` for `~x`");
pub(super) const POWER: EncodeErrorKind = lacking("the operator `**`", "multiply in a loop");
pub(super) const DIVISION: EncodeErrorKind = lacking("the operators `/` and `//`", "operators are `+`, `-` and `*`");
pub(super) const MODULO: EncodeErrorKind = lacking("the operator `%`", "operators are `+`, `-` and `*`");
pub(super) const MATRIX: EncodeErrorKind = lacking("the operator `@`", "operators are `+`, `-` and `*`");
pub(super) const BITWISE: EncodeErrorKind = lacking("bitwise operators", "operators are `+`, `-` and `*`");
pub(super) const GREATER: EncodeErrorKind = lacking("the comparison `>`", "write `b < a` for `a > b`");
pub(super) const LESS_EQUAL: EncodeErrorKind = lacking("the comparison `<=`", "write `a < b + 1` for `a <= b`");
pub(super) const GREATER_EQUAL: EncodeErrorKind = lacking("the comparison `>=`", "write `b < a + 1` for `a >= b`");
pub(super) const NOT_EQUAL: EncodeErrorKind =
    lacking("the comparison `!=`", "compare with `==` and let the branches change places");
pub(super) const CHAINED: EncodeErrorKind =
    lacking("chained comparisons", "compare two values; nest `if` statements for more");
pub(super) const LOOP_ELSE: EncodeErrorKind = lacking("`else` of a loop", "put the statements behind the loop");
pub(super) const MULTIPLE: EncodeErrorKind = lacking("several targets in one assignment", "assign one after the other");
pub(super) const TYPE_PARAMETERS: EncodeErrorKind = absent("type parameters");
pub(super) const MATCH: EncodeErrorKind = lacking("`match` statements", "use `if` and `elif`");
pub(super) const TYPE_ALIAS: EncodeErrorKind = absent("`type` statements");
pub(super) const EXPRESSION: EncodeErrorKind =
    lacking("a statement that only computes a value", "assign it, or print it");
pub(super) const TARGET: EncodeErrorKind = lacking("assignments to anything but a name", "assign to a variable");
pub(super) const ITERATION: EncodeErrorKind =
    lacking("loops over anything but `range(stop)` and `range(start, stop)`", "write `for i in range(n):`");
pub(super) const PRINT_ARGUMENTS: EncodeErrorKind =
    lacking("`print` of any but one value", "print one value in each statement");
pub(super) const BARE_RETURN: EncodeErrorKind = lacking("`return` without a value", "return one, such as `return 0`");
pub(super) const CONDITION: EncodeErrorKind =
    lacking("conditions other than one comparison by `<` or `==`", "write `if 0 < x:`, say, for `if x:`");
pub(super) const OTHER: EncodeErrorKind = absent("this kind of expression");

/// The refusal of a keyword that no program holds.
pub(super) fn keyword(word: &[u8]) -> Option<EncodeErrorKind> {
    Some(match word {
        b"and" | b"or" | b"not" => lacking("boolean operators", "nest `if` statements"),
        b"while" => lacking("`while` loops", "use `for i in range(n):`"),
        b"pass" => lacking("`pass`", "every block needs a statement that does something"),
        b"break" | b"continue" => lacking("`break` and `continue`", "a loop runs to its end; use an `if` within it"),
        b"True" | b"False" => lacking("`True` and `False`", "values are integers; write 1 or 0"),
        b"None" => lacking("`None`", "values are integers"),
        b"is" => lacking("identity tests", "compare with `==`"),
        b"lambda" => lacking("`lambda`", "use a def"),
        b"class" => absent("classes"),
        b"import" | b"from" => lacking("imports", "a program is complete in itself"),
        b"async" | b"await" => absent("`async` and `await`"),
        b"yield" => lacking("generators", "a def returns one value"),
        b"global" | b"nonlocal" => {
            lacking("`global` and `nonlocal`", "pass values as arguments, and return what changes")
        }
        b"try" | b"except" | b"finally" | b"raise" => absent("exceptions"),
        b"with" => absent("`with` statements"),
        b"as" => absent("`as`"),
        b"assert" => absent("assertions"),
        b"del" => absent("`del`"),
        _ => return None,
    })
}
