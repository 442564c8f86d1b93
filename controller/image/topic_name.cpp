#include "controller/image/topic_name.h"

#include <algorithm>

namespace hw::controller {
namespace {

constexpr std::size_t kMaxLength = 249;

bool is_allowed(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '.' || character == '_' ||
           character == '-';
}

}  // namespace

Result<void> check_topic_name(std::string_view name) {
    if (name.empty()) {
        return fail(ErrorKind::invalid, "a topic name must not be empty");
    }
    if (name == "." || name == "..") {
        return fail(ErrorKind::invalid, "a topic must not be named '{}'", name);
    }
    if (name.size() > kMaxLength) {
        return fail(ErrorKind::invalid, "a topic name has at most {} characters, this one has {}",
                    kMaxLength, name.size());
    }
    const auto wrong = std::ranges::find_if_not(name, is_allowed);
    if (wrong != name.end()) {
        return fail(ErrorKind::invalid,
                    "character {} of topic name '{}' is not one of a-z, A-Z, 0-9, '.', '_' and '-'",
                    wrong - name.begin() + 1, name);
    }
    return {};
}

bool is_internal_topic(std::string_view name) {
    return name == kOffsetsTopic || name == "__transaction_state" || name == "__share_group_state";
}

}  // namespace hw::controller
