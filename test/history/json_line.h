#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <boost/container/small_vector.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "protocol/base/result.h"

namespace hw::history {

/// A word of the file format and its meaning.
template <class T>
using Word = std::pair<std::string_view, T>;

/// Reads the members of one JSON object. Keeps the first violation, which `finish` returns; values
/// read after a violation are meaningless. The object must outlive it.
class JsonLine {
public:
    explicit JsonLine(const boost::json::object& object) : object_(object) {}

    /// A required member: a whole number from 0 on, within the range of T.
    template <class T>
    [[nodiscard]] T integer(std::string_view key) {
        const boost::json::value* const value = take(key);
        return value == nullptr ? T{} : integer_in<T>(*value, key);
    }
    /// An optional member, or `otherwise`.
    template <class T>
    [[nodiscard]] T integer_or(std::string_view key, T otherwise) {
        const boost::json::value* const value = find(key);
        return value == nullptr ? otherwise : T(integer_in<typename T::rep>(*value, key));
    }
    /// A required member: a string that is not empty. Valid as long as the object.
    [[nodiscard]] std::string_view string(std::string_view key) {
        const boost::json::value* const value = take(key);
        return value == nullptr ? std::string_view() : string_in(*value, key);
    }
    /// A required member: one of the words.
    template <class T, std::size_t N>
    [[nodiscard]] T word(std::string_view key, const std::array<Word<T>, N>& words) {
        const boost::json::value* const value = take(key);
        return value == nullptr ? T{} : word_in(*value, key, words);
    }
    /// An optional member: one of the words, or `otherwise`.
    template <class T, std::size_t N>
    [[nodiscard]] T word_or(std::string_view key, const std::array<Word<T>, N>& words,
                            T otherwise) {
        const boost::json::value* const value = find(key);
        return value == nullptr ? otherwise : word_in(*value, key, words);
    }
    /// An optional member of any type; nullptr if there is none.
    [[nodiscard]] const boost::json::value* find(std::string_view key) {
        asked_.push_back(key);
        return object_.if_contains(key);
    }
    /// A required member: an array; nullptr after a violation.
    [[nodiscard]] const boost::json::array* array(std::string_view key) {
        const boost::json::value* const value = take(key);
        if (value != nullptr && !value->is_array()) {
            refuse("'{}' must be an array", key);
        }
        return value == nullptr ? nullptr : value->if_array();
    }

    template <class T>
    [[nodiscard]] T integer_in(const boost::json::value& value, std::string_view key) {
        const std::int64_t* const number = value.if_int64();
        if (number == nullptr || *number < 0 || !std::in_range<T>(*number)) {
            refuse("'{}' must be a whole number from 0 to {}", key, std::numeric_limits<T>::max());
            return {};
        }
        return static_cast<T>(*number);
    }
    template <class T, std::size_t N>
    [[nodiscard]] T word_in(const boost::json::value& value, std::string_view key,
                            const std::array<Word<T>, N>& words) {
        const std::string_view text = string_in(value, key);
        std::array<std::string_view, N> allowed;
        for (std::size_t i = 0; i < N; ++i) {
            if (words[i].first == text) {
                return words[i].second;
            }
            allowed[i] = words[i].first;
        }
        refuse("'{}' is '{}'; allowed are {}", key, text, fmt::join(allowed, ", "));
        return T{};
    }
    [[nodiscard]] std::string_view string_in(const boost::json::value& value,
                                             std::string_view key) {
        const boost::json::string* const text = value.if_string();
        if (text == nullptr || text->empty()) {
            refuse("'{}' must be a string that is not empty", key);
            return {};
        }
        return {text->data(), text->size()};
    }

    template <class... Args>
    void refuse(fmt::format_string<Args...> reason, Args&&... args) {
        if (failure_.empty()) {
            failure_ = fmt::format(reason, std::forward<Args>(args)...);
        }
    }
    [[nodiscard]] bool failed() const { return !failure_.empty(); }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    /// Errors: invalid; also if the object has a member that was not read.
    [[nodiscard]] Result<void> finish() {
        const auto unread = std::ranges::find_if(object_, [this](const auto& member) {
            return std::ranges::count(asked_, std::string_view(member.key())) == 0;
        });
        if (unread != object_.end()) {
            refuse("unknown key '{}'; allowed here are {}", std::string_view(unread->key()),
                   fmt::join(asked_, ", "));
        }
        if (!failure_.empty()) {
            return fail(ErrorKind::invalid, "{}", failure_);
        }
        return {};
    }

private:
    [[nodiscard]] const boost::json::value* take(std::string_view key) {
        const boost::json::value* const value = find(key);
        if (value == nullptr) {
            refuse("'{}' is missing", key);
        }
        return value;
    }

    const boost::json::object& object_;
    boost::container::small_vector<std::string_view, 16> asked_;
    std::string failure_;
};

}  // namespace hw::history
