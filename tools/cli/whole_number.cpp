#include "tools/cli/whole_number.h"

#include <charconv>
#include <string>

#include <fmt/format.h>

namespace hw::cli {

Result<std::int64_t> whole_number(const Arguments& arguments, const char* option,
                                  std::int64_t least, std::int64_t most) {
    const auto& text = arguments.options[option].as<std::string>();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    if (is_number && number >= least && number <= most) {
        return number;
    }
    const std::string allowed = most == kNoMost ? fmt::format("of at least {}", least)
                                                : fmt::format("from {} to {}", least, most);
    return fail(ErrorKind::invalid, "--{} '{}' is not a whole number {}", option, text, allowed);
}

}  // namespace hw::cli
