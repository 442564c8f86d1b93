"""Reads C++ as far as the house rules need it: comments and strings blanked, functions found.

It is not a parser. It matches brackets, and distinguishes the braces of namespaces, types,
functions, lambdas, plain blocks and initialisers by the text before them, in code that clang-format
has formatted. Every blanked text has the length and the line ends of the original, so a position in
one is a position in all.
"""

import bisect
import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"""
    (?P<comment>//(?:\\\n|[^\n])*|/\*.*?(?:\*/|\Z))
  | (?P<raw>R"(?P<fence>[^()\\\s]{0,16})\(.*?\)(?P=fence)")
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<number>\b[0-9][\w.]*(?:'[\w.]+)*)
  | (?P<char>'(?:\\.|[^'\\\n])+')
""", re.S | re.X)
NOT_NEW_LINE = re.compile(r"[^\n]")
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
PUNCTUATION = re.compile(r"[{}()\[\];]")
ACCESS_LABEL = re.compile(r"\A\s*(?:(?:public|private|protected)\s*:(?!:)\s*)+")
CASE_LABEL = re.compile(r"\A\s*(?:(?:case\b[^;{}]*?|default\s*)(?<!:):(?!:)\s*)+")
ATTRIBUTE = re.compile(r"\[\[.*?\]\]", re.S)
OPERATOR = re.compile(r"\boperator\s*(?:[-+*/%^&|~!=<>,]+|\[\s*\])")
TYPE_HEAD = re.compile(r"\A\s*(?:typedef\s+)?(?:class|struct|union|enum)\b")
NAMESPACE_HEAD = re.compile(r"\A\s*(?:inline\s+)?namespace\b|\A\s*extern\s*\"\s*\"\s*\Z")
CONTROL_HEAD = re.compile(r"\A\s*(?:if|for|while|switch|do|else|try|catch)\b")
ASSIGNMENT = re.compile(r"(?<![=!<>+\-*/%&|^])=(?!=)")
GROUP = re.compile(r"([\w>)\]]*)\s*\((\d+)\)")
LAST_WORD = re.compile(r"(\w+)\s*\Z")
NO_PARAMETER_LIST = {"alignas", "decltype", "noexcept", "explicit", "requires", "throw", "sizeof",
                     "static_assert", "__attribute__"}
LAMBDA_SPECIFIERS = {"mutable", "noexcept", "constexpr", "consteval", "static"}
BEFORE_LAMBDA = {"return", "co_return", "co_yield", "co_await", "case", "in"}
CODE = ("function", "lambda", "block")


@dataclass
class Function:
    """A definition with a body; positions of its braces in the text."""

    name: str
    parameters: int
    open: int
    close: int = 0
    levels: list = field(default_factory=list)  # (position, level) of each block and lambda in it


@dataclass
class Source:
    """A scanned file.

    code        comments, string contents and character contents blanked
    structure   `code` with preprocessor lines blanked too
    functions   definitions, in order of their closing braces
    types       (open, close) braces of classes and enums
    statements  (position, text) of what ends with ';' directly in a namespace
    """

    code: str
    structure: str
    functions: list
    types: list
    statements: list
    line_starts: list

    def line(self, position):
        """Number, from 1, of the line that holds `position`."""
        return bisect.bisect_right(self.line_starts, position)

    def in_body(self, position):
        """Is `position` in a function, and not in a type that the function declares?"""
        function = max((f.open for f in self.functions if f.open < position < f.close), default=-1)
        type_ = max((a for a, b in self.types if a < position < b), default=-1)
        return function > type_


def blank(text):
    return NOT_NEW_LINE.sub(" ", text)


def blank_token(match):
    text = match.group()
    if match.lastgroup == "number":
        return text
    if match.group("comment"):
        return blank(text)
    first = text.index('"') if match.group("raw") or match.group("string") else 0
    quote = text[first]
    return text[:first] + quote + blank(text[first + 1:-1]) + quote


def strip_code(text):
    """`text` with the contents of comments, strings and characters replaced by blanks."""
    return TOKEN.sub(blank_token, text)


def scan(text):
    code = strip_code(text)
    structure = DIRECTIVE.sub(lambda match: blank(match.group()), code)
    starts = [0] + [match.end() for match in re.finditer("\n", text)]
    walker = Walker(structure)
    walker.walk()
    return Source(code, structure, walker.functions, walker.types, walker.statements, starts)


def count_list(text):
    """Number of comma-separated items outside all brackets; 0 for nothing and for `void`."""
    text = text.strip()
    if text in ("", "void"):
        return 0
    depth, items = 0, 1
    for match in re.finditer(r"->|[<>]=|[<>(){}\[\],]", text):
        token = match.group()
        if token in "<([{":
            depth += 1
        elif token in ">)]}":
            depth -= 1
        elif token == "," and depth == 0:
            items += 1
    return items


class Scope:
    """An open bracket, and the statement that is being read directly inside it."""

    __slots__ = ("kind", "open", "head", "groups", "function", "level")

    def __init__(self, kind, position, function=None, level=0):
        self.kind = kind
        self.open = position
        self.function = function
        self.level = level
        self.begin_statement(position + 1)

    def begin_statement(self, position):
        self.head = position
        self.groups = []  # (open, close) of brackets directly in the statement


class Walker:
    """Walks over the brackets of a structure text once."""

    def __init__(self, text):
        self.text = text
        self.functions = []
        self.types = []
        self.statements = []
        self.opening = {}
        self.stack = [Scope("namespace", -1)]

    def walk(self):
        for match in PUNCTUATION.finditer(self.text):
            token, position = match.group(), match.start()
            if token == "{":
                self.open_brace(position)
            elif token in "([":
                self.push(Scope("paren", position))
            elif token == ";":
                self.end_statement(position)
            else:
                self.close(token, position)

    def push(self, scope):
        if scope.function is None:
            scope.function = self.stack[-1].function
            scope.level = self.stack[-1].level
        self.stack.append(scope)

    def end_statement(self, position):
        top = self.stack[-1]
        if top.kind in ("paren", "initialiser"):
            return
        if top.kind == "namespace":
            self.statements.append((top.head, self.text[top.head:position]))
        top.begin_statement(position + 1)

    def close(self, token, position):
        # A bracket that was never opened (two branches of an #if) is ignored.
        if len(self.stack) == 1 or (self.stack[-1].kind == "paren") != (token in ")]"):
            return
        scope = self.stack.pop()
        self.opening[position] = scope.open
        if scope.function is not None and scope.function.open == scope.open:
            scope.function.close = position
            self.functions.append(scope.function)
        if scope.kind == "type":
            self.types.append((scope.open, position))
        parent = self.stack[-1]
        if scope.kind in ("paren", "initialiser", "lambda"):
            parent.groups.append((scope.open, position))
        else:
            parent.begin_statement(position + 1)

    def open_brace(self, position):
        parent = self.stack[-1]
        if self.is_lambda(position):
            self.open_lambda(position)
        elif parent.kind in ("paren", "initialiser"):
            self.push(Scope("initialiser", position))
        elif parent.kind in CODE:
            self.open_in_code(parent, position)
        else:
            self.open_in_declarations(parent, position)

    def open_lambda(self, position):
        function = self.stack[-1].function
        if function is None:
            self.push(Scope("lambda", position, Function("lambda", 0, position)))
        else:
            self.open_level("lambda", position)

    def open_level(self, kind, position):
        parent = self.stack[-1]
        scope = Scope(kind, position, parent.function, parent.level + 1)
        scope.function.levels.append((position, scope.level))
        self.push(scope)

    def open_in_code(self, parent, position):
        head = ATTRIBUTE.sub(" ", CASE_LABEL.sub("", self.text[parent.head:position])).rstrip()
        last_word = LAST_WORD.search(head)
        last_word = last_word.group(1) if last_word else ""
        if head.strip() == "" or head.endswith(":"):
            self.open_level("block", position)
        elif CONTROL_HEAD.match(head) and (head.endswith(")") or last_word in
                                           ("else", "do", "try", "consteval")):
            self.open_level("block", position)
        elif TYPE_HEAD.match(head):
            self.push(Scope("type", position))
        elif head.endswith(")") and not self.follows_word(position, "requires"):
            self.open_level("block", position)
        else:
            self.push(Scope("initialiser", position))

    def follows_word(self, position, word):
        """Does `word (...)` stand before `position`?"""
        last = self.before(position)
        before = self.text[:self.opening.get(last, 0)].rstrip()
        return before.endswith(word)

    def open_in_declarations(self, parent, position):
        head = self.flat_head(parent, position)
        if NAMESPACE_HEAD.match(head):
            self.push(Scope("namespace", position))
            return
        match = self.parameter_list(head)
        if TYPE_HEAD.match(head) and match is None:
            self.push(Scope("type", position))
        elif match is None or ASSIGNMENT.search(head) or self.initialises_member(head, match):
            self.push(Scope("initialiser", position))
        else:
            first, last = parent.groups[int(match.group(2))]
            parameters = count_list(self.text[first + 1:last])
            name = match.group(1) if match.group(1) not in ("", "operator_") else "operator"
            self.push(Scope("function", position, Function(name, parameters, position)))

    def flat_head(self, scope, position):
        """The statement so far; its n-th bracket shows as "(n)", or as "{}" when it is a brace."""
        parts, at = [], scope.head
        for number, (first, last) in enumerate(scope.groups):
            parts.append(self.text[at:first])
            parts.append(f"({number})" if self.text[first] == "(" else
                         self.text[first] + self.text[last])
            at = last + 1
        head = "".join(parts) + self.text[at:position]
        head = ACCESS_LABEL.sub("", head.replace("[]", "  "))
        return drop_template_heads(OPERATOR.sub("operator_", head)).strip()

    @staticmethod
    def parameter_list(head):
        """Match of the bracket with the parameters, or None if nothing is called or declared."""
        for match in GROUP.finditer(head):
            name, before = match.group(1), head[:match.start()]
            if name in NO_PARAMETER_LIST or name == "operator" or angle_depth(before) > 0:
                continue
            if name or before.endswith(")"):
                return match
        return None

    @staticmethod
    def initialises_member(head, match):
        """In `X::X() : a_{`, the brace after a name does not open a body."""
        tail = head[match.end():].rstrip()
        colon = re.search(r"(?<!:):(?!:)", tail)
        return colon is not None and not tail.endswith((")", "}", "..."))

    def before(self, position):
        """Index of the last non-blank character before `position`; -1 if there is none."""
        position -= 1
        while position >= 0 and self.text[position].isspace():
            position -= 1
        return position

    def is_lambda(self, position):
        last = self.before(position)
        limit = self.stack[-1].open if self.stack[-1].kind == "paren" else self.stack[-1].head - 1
        if last <= limit:
            return False
        if self.ends_lambda_head(last):
            return True
        arrow = self.text.rfind("->", max(limit, 0), last)
        return (arrow > 0 and not re.search(r"[;{}=]", self.text[arrow + 2:last + 1])
                and self.ends_lambda_head(self.before(arrow)))

    def ends_lambda_head(self, last):
        """Is `last` the end of "[...]", "[...](...)" or "[...](...) mutable"?"""
        word = LAST_WORD.search(self.text, max(0, last - 12), last + 1)
        while word and word.group(1) in LAMBDA_SPECIFIERS:
            last = self.before(word.start())
            word = LAST_WORD.search(self.text, max(0, last - 12), last + 1)
        if last >= 0 and self.text[last] == ")" and last in self.opening:
            last = self.before(self.opening[last])
            if self.text[last] == ">":
                last = self.before(opening_angle(self.text, last))
        if last < 0 or self.text[last] != "]" or last not in self.opening:
            return False
        first = self.opening[last]
        return not self.text.startswith("[[", first) and self.starts_expression(first)

    def starts_expression(self, first):
        """A '[' after a value is a subscript; after anything else it begins a lambda."""
        last = self.before(first)
        if last < 0 or not re.match(r"[\w)\]\[]", self.text[last]):
            return True
        word = LAST_WORD.search(self.text, max(0, last - 12), last + 1)
        return bool(word) and word.group(1) in BEFORE_LAMBDA


def angle_depth(text):
    text = text.replace("->", "  ").replace("<<", "  ")
    return text.count("<") - text.count(">")


def opening_angle(text, last):
    """Index of the '<' that the '>' at `last` closes, or 0."""
    depth = 0
    for position in range(last, max(0, last - 400), -1):
        depth += {">": 1, "<": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return 0


def drop_template_heads(head):
    """Removes leading "template <...>"s, whose defaults and keywords would be misread."""
    while match := re.match(r"\s*template\s*<", head):
        depth, at = 1, match.end()
        while at < len(head) and depth > 0:
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[at:]
    return head
