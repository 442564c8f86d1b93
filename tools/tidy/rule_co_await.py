"""co_await: a whole statement, or the initial value of one variable or structured binding."""

import re

from tree import Case, Finding

NAME = "co_await"
WHAT_TO_DO = "give it a statement of its own, as in `const auto answer = co_await operation;`"
AWAIT = re.compile(r"(?<!operator )\bco_await\b")
VARIABLE = re.compile(r"[A-Za-z_:][\w:<>,*&\[\]()\s]*(?:\s|(?<=[*&>]))\w+\s*=")
BINDING = re.compile(r"(?:const\s+)?auto\s*&{0,2}\s*\[[\w\s,]+\]\s*=")
ENDS_FUNCTION = re.compile(r"(?:co_)?(?:return|yield)\b")
LABEL = re.compile(r"\A\s*(?:case\b[^;]*?|default\s*)(?<!:):(?!:)")
ELSE = re.compile(r"\A\s*(?:else|do)\b")
CONTROL = re.compile(r"\A\s*(?:if|while|for)\b(?:\s*constexpr)?\s*(?=\()")
OPERATOR = re.compile(r"\s(?:[-+*/%<>=?|&^:]|<<|>>|&&|\|\||[=!<>]=)\s|,")
OPENING, CLOSING = "([{", ")]}"


def check(tree):
    for file in tree.cpp_files:
        code = file.cpp.structure
        for match in AWAIT.finditer(code):
            sentence = judge(code, match.start(), match.end())
            if sentence:
                yield Finding(file.path, file.cpp.line(match.start()), NAME, sentence)


def judge(code, start, end):
    """The sentence that says what is wrong with this co_await, or ""."""
    if not stands_alone(before(code, start)):
        return ("co_await is neither a whole statement nor the initial value of one named "
                f"variable: {WHAT_TO_DO}")
    operand = operand_after(code, end)
    if operand is None:
        return f"the statement does not end with co_await's operand: {WHAT_TO_DO}"
    if "{" in operand:
        return ("the operand of co_await holds a brace: name the aggregate or the lambda in a "
                "statement before")
    if OPERATOR.search(outside_brackets(operand)):
        return f"co_await's value is used within its statement: {WHAT_TO_DO}"
    return ""


def before(code, start):
    """The text of the statement up to `start`, without labels and unbraced controls."""
    begin = max(code.rfind(mark, 0, start) for mark in ";{}") + 1
    text = code[begin:start]
    while True:
        shorter = ELSE.sub("", LABEL.sub("", text))
        if match := CONTROL.match(shorter):
            close = closing(shorter, match.end())
            shorter = shorter[close + 1:] if close else shorter
        if shorter == text:
            return text.strip()
        text = shorter


def stands_alone(text):
    if text == "" or BINDING.fullmatch(text):
        return True
    return bool(VARIABLE.fullmatch(text) and balanced(text) and not ENDS_FUNCTION.match(text)
                and "," not in outside_brackets(text))


def balanced(text):
    return all(text.count(a) == text.count(b) for a, b in zip(OPENING, CLOSING))


def closing(text, opening):
    """Index of the bracket that closes the one at `opening`, or 0."""
    depth = 0
    for position in range(opening, len(text)):
        depth += (text[position] in OPENING) - (text[position] in CLOSING)
        if depth == 0:
            return position
    return 0


def operand_after(code, end):
    """The text from `end` to the statement's semicolon; None if a bracket around it ends first."""
    depth = 0
    for match in re.compile(r"[()\[\]{};]").finditer(code, end):
        token = match.group()
        if token == ";" and depth == 0:
            return code[end:match.start()]
        depth += (token in OPENING) - (token in CLOSING)
        if depth < 0:
            return None
    return None


def outside_brackets(text):
    """`text` without what is in brackets, and without the arguments of templates."""
    depth, kept = 0, []
    for token in re.findall(r"[()\[\]{}]|[^()\[\]{}]+", text):
        if token in OPENING:
            depth += 1
        elif token in CLOSING:
            depth -= 1
        elif depth == 0:
            kept.append(token)
    plain, shorter = None, " ".join(kept)
    while plain != shorter:
        plain, shorter = shorter, re.sub(r"(?<=\w)<[^<>]*>", "", shorter)
    return plain


def within(statement):
    return {"broker/a.cpp": "Task<> f() {\n" + statement + "\n}\n"}


GOOD = [
    "co_await g();",
    "const auto frame = co_await connection.read_frame();",
    "Result<std::pair<int, int>> frame = co_await g(a, b);",
    "auto&& [a, b] = co_await g();",
    "const auto [a, b] = co_await g();",
    "auto* frame = co_await g<A, B>(a - 1, b[0]);",
    "if (a) {\nco_await g();\n}",
    "switch (a) {\ncase A::b:\nco_await g();\n}",
    "if (g(a))\nco_await g();\nelse\nco_await h();",
    "co_await fetcher->run(std::move(plan), *this, &a);",
    "// co_await {};",
    'log("co_await {}");',
]
BAD = [
    "co_return co_await g();",
    "return co_await g();",
    "frame = co_await g();",
    "Frame first, second = co_await g();",
    "this->frame = co_await g();",
    "*frame = co_await g();",
    "frames[0] = co_await g();",
    "co_return frame = co_await g();",
    "if (co_await g()) {\n}",
    "if (const auto frame = co_await g(); frame) {\n}",
    "while (auto frame = co_await g()) {\n}",
    "h(co_await g());",
    "const auto frame = (co_await g()).value();",
    "const auto frame = h(co_await g());",
    "Frame frame{co_await g()};",
    "const auto frame = co_await g() + 1;",
    "const auto frame = co_await g() ? 1 : 2;",
    "const bool a = !co_await g();",
    "for (; a; co_await g()) {\n}",
    "co_await g(A{1});",
    "co_await g({1, 2});",
    "co_await g([&] { h(); });",
    "co_await g([] (int a) { return a; }, b);",
    "co_await g(a, [&] { h(); });",
    "const auto frame = co_await g(), h = 1;",
]
CASES = [*[Case(f"allowed: {text}", within(text)) for text in GOOD],
         *[Case(f"refused: {text}", within(text), ["broker/a.cpp:2"]) for text in BAD]]
