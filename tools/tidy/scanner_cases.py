"""scanner: examples of what is a function and what is not, for the self-test only."""

from tree import Case, Finding

NAME = "scanner"


def check(tree):
    """Not a rule: reports every function that the scanner finds, and how deep it goes."""
    for file in tree.files:
        for function in file.cpp.functions:
            deepest = max((level for _, level in function.levels), default=0)
            yield Finding(f"{function.name}/{function.parameters}", deepest, NAME, "")


def finds(sentence, text, *functions):
    """`functions` are "name/parameters:deepest level"."""
    return Case(sentence, {"a.cpp": text}, list(functions))


CASES = [
    finds("declarations and initialisers are no functions",
          "int f(int a);\nint a{1};\nconst T b[] = {{1, 2}};\nconst auto c = g(1) | B{2};\n"
          "enum class E : int { c, d };\n"
          "namespace n {\nstruct S { int e = 1; std::array<int, 2> g{1, 2}; };\n}\n"),
    finds("braces and brackets in strings, characters and comments count for nothing",
          "void f() { g(\"{\", '{', R\"x({\")x\", u8'{', 1'000); /* { */ } // {\n"
          "#define A {\n#define B \\\n    {\nvoid h() {}\n"
          "void i() { a(1'000); } void j() { b(2'000); }\n", "f/0:0", "h/0:0", "i/0:0", "j/0:0"),
    finds("templates, constraints, attributes and trailing results",
          "template <class T = int, class U = A<B>>\n    requires C<T>\n[[nodiscard]] auto "
          "f(T a, std::function<void(int, int)> b) noexcept(noexcept(a)) -> A<int, int> { }\n"
          "std::function<void(int)> g() { }\ndecltype(auto) h(int (&a)[3]) { }\n",
          "f/2:0", "g/0:0", "h/1:0"),
    finds("constructors with initialisers, destructors, operators",
          "class A : public B<int>, C {\npublic:\n"
          "    A(int a, int b) : B<int>{a}, c_(b), d_{} { }\n"
          "    ~A() override { }\n    bool operator()(int a) const { }\n"
          "    bool operator<(const A& a) const { }\n    A& operator=(A&&) = default;\n"
          "    T& operator[](int i) { }\n};\n"
          "bool operator<=(const A& a, const A& b) { }\n",
          "A/2:0", "A/0:0", "operator/1:0", "operator/2:0"),
    finds("a type behind a label is a type",
          "class A {\npublic:\n    struct B { void f() { } };\n};\n"
          "void g() { switch (a) { case 1: [[likely]] { } struct C { void h() { } }; } }\n",
          "f/0:0", "g/0:2", "h/0:0"),
    finds("types in functions have functions of their own",
          "void f() { struct A { int g(int a) { if (a) { } } int b{1}; }; }\n", "f/0:0", "g/1:1"),
    finds("a lambda outside functions is a function, one inside a function is a nesting level",
          "const auto a = [](int b) { if (b) { } };\n"
          "void f() { g([&]<class T>(T a) mutable -> int { }, A{.a = 1}); }\n",
          "lambda/0:1", "f/0:1"),
    finds("a subscript, an attribute and a requirement are no lambda and no block",
          "void f() { a[0] = B{1}; if (c) [[likely]] { } }\n"
          "void g() { const bool a = requires(T t) { t.x(); }; }\n", "f/0:1", "g/0:0"),
    finds("bodies of controls, cases and macros are levels, also of do and default",
          "void f() { do { } while (a); switch (b) { case A::b: { { } } default: { } } }\n"
          "TEST_CASE(\"a\", \"[b]\") { SECTION(\"c\") { CHECK(d{1} == e({2})); } }\n"
          "void g() { switch (a) { default: do { } while (b); } }\n",
          "f/0:3", "TEST_CASE/2:1", "g/0:2"),
    finds("extern \"C\" is no function, what is in it may be",
          "extern \"C\" int f(int a) { }\nextern \"C\" {\nvoid g() { }\n}\n", "f/1:0", "g/0:0"),
]
