#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "protocol/base/result.h"

namespace re2 {
class RE2;
}

namespace hw::broker {

/// The regular expression by which a member subscribes to topics (SubscribedTopicRegex, KIP-848).
/// Its syntax is that of RE2, as in Kafka: matching takes time linear in the name, and there are no
/// lookaheads and no back references. Immutable; any thread may match.
class TopicPattern {
public:
    static constexpr std::size_t kMaxBytes = 2048;
    /// For the compiled expression and what RE2 caches of it. RE2 does not count the parsed
    /// expression, which takes up to 2 MiB at kMaxBytes.
    static constexpr std::size_t kMaxMemory = std::size_t{1} << 20;

    /// The errors are meant for the client: the expression, what is wrong with it, the limit, what
    /// to do. Errors: invalid (no UTF-8, or not in RE2's syntax), limit (longer than kMaxBytes, or
    /// needs more than kMaxMemory).
    static Result<TopicPattern> compile(std::string_view text);

    TopicPattern(TopicPattern&&) noexcept;
    TopicPattern& operator=(TopicPattern&&) noexcept;
    ~TopicPattern();

    /// The expression matches the whole name.
    [[nodiscard]] bool matches(std::string_view topic) const;

private:
    explicit TopicPattern(std::unique_ptr<const re2::RE2> expression);

    std::unique_ptr<const re2::RE2> expression_;
};

}  // namespace hw::broker
