"""Converts names between styles.

Schemas use Kafka's field names in PascalCase; C++ uses snake_case, Kafka's JSON camelCase.
"""

CPP_KEYWORDS = frozenset(
    """alignas alignof and asm auto bool break case catch char class const constexpr continue
    decltype default delete do double else enum explicit export extern false float for friend goto
    if inline int long mutable namespace new noexcept not nullptr operator or private protected
    public register requires return short signed sizeof static struct switch template this throw
    true try typedef typeid typename union unsigned using virtual void volatile while xor""".split()
)


def words(pascal):
    """`KRaftVersion` -> kraft, version; `Enable2Pc` -> enable, 2pc; `V3Topics` -> v3, topics."""
    found = [""]
    for index, char in enumerate(pascal):
        word = found[-1]
        following = pascal[index + 1 : index + 2]
        if char.isupper():
            starts = word[-1:].islower() or following.islower() or word[-1:].isdigit()
            starts = starts and not word.isdigit() and len(word) > 1
        else:
            starts = char.isdigit() and word[-1:].islower()
        if starts:
            found.append(char)
        else:
            found[-1] = word + char
    return [word.lower() for word in found]


def snake(pascal):
    return "_".join(words(pascal))


def camel(pascal):
    """camelCase as in Kafka: only the first letter changes."""
    return pascal[:1].lower() + pascal[1:]


def upper_snake(pascal):
    return snake(pascal).upper()


def pascal(snake_text):
    return "".join(word.capitalize() for word in snake_text.split("_"))
