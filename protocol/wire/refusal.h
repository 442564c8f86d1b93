#pragma once

#include <expected>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "protocol/wire/error_code.h"

namespace hw::wire {

/// A refused request, or a refused part of one: the code for the client, and a message that says
/// what, why, the number and the limit, and what to do. With code `none` nothing is refused.
struct Refusal {
    ErrorCode code = ErrorCode::none;
    std::string message;

    [[nodiscard]] bool is_refused() const { return code != ErrorCode::none; }
};

template <class T>
using Checked = std::expected<T, Refusal>;

/// `return refuse(ErrorCode::invalid_partitions, "{} partitions ...", count);`
template <class... Args>
[[nodiscard]] std::unexpected<Refusal> refuse(ErrorCode code, fmt::format_string<Args...> text,
                                              Args&&... args) {
    return std::unexpected(Refusal{code, fmt::format(text, std::forward<Args>(args)...)});
}

}  // namespace hw::wire
