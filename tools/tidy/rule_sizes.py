"""sizes: limits of files and functions; what exceeds one has two subjects."""

from tree import Case, Finding

NAME = "sizes"
FILE_LINES = 500
TEST_FILE_LINES = 800
HEADER_LINES = 250
FUNCTION_LINES = 60
PARAMETERS = 5
LEVELS = 3
COLUMNS = 100


def check(tree):
    for file in tree.files:
        if file.is_source or file.name == "CMakeLists.txt":
            yield from check_file(file)
            yield from check_columns(file)
        if file.is_cpp:
            yield from check_functions(file)


def check_file(file):
    lines = file.text.count("\n")
    limit, kind = FILE_LINES, "a file"
    if file.suffix == ".h":
        limit, kind = HEADER_LINES, "a header"
    elif file.within("test"):
        limit, kind = TEST_FILE_LINES, "a test file"
    if lines > limit:
        yield Finding(file.path, limit + 1, NAME,
                      f"the file has {lines} lines, the limit of {kind} is {limit}: "
                      "split it by subject")


def check_columns(file):
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS:
            yield Finding(file.path, number, NAME,
                          f"the line has {len(line)} columns, the limit is {COLUMNS}: break it")


def check_functions(file):
    source = file.cpp
    for function in source.functions:
        line = source.line(function.open)
        inside = source.line(function.close) - line - 1
        if inside > FUNCTION_LINES:
            yield Finding(file.path, line, NAME,
                          f"the body of {function.name} has {inside} lines, the limit is "
                          f"{FUNCTION_LINES}: give its parts names")
        if function.parameters > PARAMETERS:
            yield Finding(file.path, line, NAME,
                          f"{function.name} has {function.parameters} parameters, the limit is "
                          f"{PARAMETERS}: gather those that belong together in a struct")
        for position, level in function.levels:
            if level == LEVELS + 1:
                yield Finding(file.path, source.line(position), NAME,
                              f"this block in {function.name} is at nesting level {level}, the "
                              f"limit is {LEVELS}: return early or name the inner part")


def body(lines):
    return "void f() {\n" + "    g();\n" * lines + "}\n"


DEEP = """\
void f() {
    for (;;) {
        if (a) {
            run([&] {
                %s
            });
        }
    }
}
"""

CASES = [
    Case("a file, a header and a test file at their limits pass",
         {"broker/a.cpp": "\n" * 500, "broker/a.h": "\n" * 250, "test/unit/a.cpp": "\n" * 800}),
    Case("one line more is a finding at that line",
         {"broker/a.cpp": "\n" * 501, "broker/a.h": "\n" * 251, "test/unit/a.cpp": "\n" * 801},
         ["broker/a.cpp:501", "broker/a.h:251", "test/unit/a.cpp:801"]),
    Case("a header in test is a header", {"test/support/a.h": "\n" * 251},
         ["test/support/a.h:251"]),
    Case("scripts and generators are files too",
         {"tools/a.py": "\n" * 501, "tools/setup": "#!/bin/bash\n" + "\n" * 500},
         ["tools/a.py:501", "tools/setup:501"]),
    Case("100 columns pass, 101 do not, whatever the bytes of a character",
         {"broker/a.h": "/" * 100 + "\n" + "// " + "é" * 97 + "\n" + "/" * 101 + "\n"},
         ["broker/a.h:3"]),
    Case("documents have no columns", {"broker/README.md": "x" * 200 + "\n"}),
    Case("a body of 60 lines passes, 61 do not",
         {"broker/a.cpp": body(60), "broker/b.cpp": body(61)}, ["broker/b.cpp:1"]),
    Case("the body of a test case is a function's",
         {"test/a.cpp": body(61).replace("void f()", 'TEST_CASE("a { b", "[c]")')},
         ["test/a.cpp:1"]),
    Case("the length of a class does not count as the length of its member functions",
         {"broker/a.cpp": "class A {\n" + "void f();\n" * 70 + "void g() {\n}\n};\n"}),
    Case("five parameters pass, commas inside brackets are none",
         {"broker/a.cpp": "void f(int a, std::map<A, B> b, int c = g(1, 2), A d = {1, 2}, int e) "
                          "{}\n"}),
    Case("six parameters do not, in a constructor either",
         {"broker/a.cpp": "void f(int, int, int, int, int, int) {}\n"
                          "A::A(int a, int b, int c, int d, int e, int f) : a_(a), b_{b} {}\n"},
         ["broker/a.cpp:1", "broker/a.cpp:2"]),
    Case("three levels pass, an initialiser is no level",
         {"broker/a.cpp": DEEP % "const A a{1, {2, 3}};"}),
    Case("a lambda is a level, so the block in it is the fourth",
         {"broker/a.cpp": DEEP % "if (b) { g(); }"}, ["broker/a.cpp:5"]),
    Case("else if is beside its if, a case inside its switch",
         {"broker/a.cpp": "void f() {\nif (a) {\n} else if (b) {\n} else if (c) {\n} else {\n"
                          "switch (d) {\ncase A::b: {\nbreak;\n}\ndefault: {\nif (e) {\n}\n}\n}\n"
                          "}\n}\n"}, ["broker/a.cpp:11"]),
    Case("sections of a test case are levels",
         {"test/a.cpp": 'TEST_CASE("a") {\nSECTION("b") {\nSECTION("c") {\nSECTION("d") {\n'
                        'for (;;) {\n}\n}\n}\n}\n}\n'}, ["test/a.cpp:5"]),
]
