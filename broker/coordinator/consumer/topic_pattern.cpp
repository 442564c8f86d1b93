#include "broker/coordinator/consumer/topic_pattern.h"

#include <re2/re2.h>
#include <string>
#include <utility>

namespace hw::broker {
namespace {

constexpr std::size_t kQuotedBytes = 100;

/// The beginning of a text in UTF-8, for messages.
std::string beginning(std::string_view text) {
    if (text.size() <= kQuotedBytes) {
        return std::string(text);
    }
    std::size_t end = kQuotedBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
        --end;
    }
    return fmt::format("{}...", text.substr(0, end));
}

std::unexpected<Error> refusal(std::string_view text, const re2::RE2& expression) {
    switch (expression.error_code()) {
        case re2::RE2::ErrorBadUTF8:
            return fail(ErrorKind::invalid, "SubscribedTopicRegex is not valid UTF-8");
        case re2::RE2::ErrorPatternTooLarge:
            return fail(ErrorKind::limit,
                        "SubscribedTopicRegex '{}' needs more than {} bytes of memory when it is "
                        "compiled; use smaller numbers of repetitions and fewer alternatives",
                        beginning(text), TopicPattern::kMaxMemory);
        default:
            return fail(
                ErrorKind::invalid,
                "SubscribedTopicRegex '{}' is not a valid regular expression: {}; the syntax "
                "is that of RE2, without lookahead and back references",
                beginning(text), beginning(expression.error()));
    }
}

}  // namespace

TopicPattern::TopicPattern(std::unique_ptr<const re2::RE2> expression)
    : expression_(std::move(expression)) {}
TopicPattern::TopicPattern(TopicPattern&&) noexcept = default;
TopicPattern& TopicPattern::operator=(TopicPattern&&) noexcept = default;
TopicPattern::~TopicPattern() = default;

Result<TopicPattern> TopicPattern::compile(std::string_view text) {
    if (text.size() > kMaxBytes) {
        return fail(ErrorKind::limit,
                    "SubscribedTopicRegex has {} bytes, the limit is {}; use a shorter expression, "
                    "or subscribe to names of topics",
                    text.size(), kMaxBytes);
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(static_cast<std::int64_t>(kMaxMemory));
    auto expression =
        std::make_unique<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!expression->ok()) {
        return refusal(text, *expression);
    }
    return TopicPattern(std::move(expression));
}

bool TopicPattern::matches(std::string_view topic) const {
    return re2::RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *expression_);
}

}  // namespace hw::broker
