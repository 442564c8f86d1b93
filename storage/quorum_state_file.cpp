#include "storage/quorum_state_file.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include <boost/json/stream_parser.hpp>
#include <fmt/format.h>

namespace hw::storage {
namespace {

namespace json = boost::json;

std::string_view view_of(json::string_view text) {
    return {text.data(), text.size()};
}

/// Reads the members of a file that is one JSON object. `finish` returns the first violation;
/// values read after a violation are meaningless. The text and the path must outlive it.
class JsonFile {
public:
    JsonFile(std::string_view text, std::string_view path) : path_(path) {
        json::stream_parser parser;
        json::error_code error;
        const std::size_t end = parser.write(text.data(), text.size(), error);
        if (!error) {
            parser.finish(error);
        }
        if (error) {
            refuse("byte {}: {}", end, error.message());
            return;
        }
        json::value value = parser.release();
        if (!value.is_object()) {
            refuse("byte 0: expected an object");
            return;
        }
        object_ = std::move(value.get_object());
        refuse_duplicates(text);
    }

    [[nodiscard]] bool has(std::string_view key) const { return object_.contains(key); }

    /// A required member: a whole number within the range of T.
    template <std::signed_integral T>
    [[nodiscard]] T integer(std::string_view key) {
        const json::value* const value = take(key);
        return value == nullptr ? T{} : integer_in<T>(*value, key);
    }
    /// A required member: a string.
    [[nodiscard]] std::string_view string(std::string_view key) {
        const json::value* const value = take(key);
        if (value != nullptr && !value->is_string()) {
            refuse("'{}' must be a string", key);
        }
        return value == nullptr || !value->is_string() ? std::string_view()
                                                       : view_of(value->get_string());
    }
    /// A required member: an array of objects, each with `name`, a whole number of 32 bits, as its
    /// only member.
    [[nodiscard]] std::vector<std::int32_t> integers(std::string_view key, std::string_view name) {
        std::vector<std::int32_t> numbers;
        const json::value* const value = take(key);
        if (value == nullptr) {
            return numbers;
        }
        if (!value->is_array()) {
            refuse("'{}' must be an array", key);
            return numbers;
        }
        for (const json::value& each : value->get_array()) {
            const json::object* const entry = each.if_object();
            const json::value* const number = entry == nullptr ? nullptr : entry->if_contains(name);
            if (number == nullptr || entry->size() != 1) {
                refuse("'{}' must hold objects whose only member is '{}'", key, name);
                return numbers;
            }
            numbers.push_back(integer_in<std::int32_t>(*number, name));
        }
        return numbers;
    }

    template <class... Args>
    void refuse(fmt::format_string<Args...> reason, Args&&... args) {
        if (failure_.empty()) {
            failure_ = fmt::format(reason, std::forward<Args>(args)...);
        }
    }
    /// Errors: corrupt, with the path; also if a key was not read.
    [[nodiscard]] Result<void> finish() {
        const auto unread = std::ranges::find_if(object_, [this](const auto& member) {
            return !taken_.contains(view_of(member.key()));
        });
        if (unread != object_.end()) {
            refuse("unknown key '{}'", view_of(unread->key()));
        }
        if (!failure_.empty()) {
            return fail(ErrorKind::corrupt, "{}: {}", path_, failure_);
        }
        return {};
    }

private:
    [[nodiscard]] const json::value* take(std::string_view key) {
        taken_.emplace(key);
        const json::value* const value = object_.if_contains(key);
        if (value == nullptr) {
            refuse("'{}' is missing", key);
        }
        return value;
    }

    template <std::signed_integral T>
    [[nodiscard]] T integer_in(const json::value& value, std::string_view key) {
        const std::int64_t* const number = value.if_int64();
        if (number == nullptr || !std::in_range<T>(*number)) {
            refuse("'{}' must be a whole number of {} bits", key, 8 * sizeof(T));
            return {};
        }
        return static_cast<T>(*number);
    }

    /// Searches the text, because Boost.JSON keeps only the last of several members with the same
    /// key. No string value in these files equals a key.
    void refuse_duplicates(std::string_view text) {
        for (const auto& member : object_) {
            const std::string quoted = fmt::format("\"{}\"", view_of(member.key()));
            if (text.find(quoted) != text.rfind(quoted)) {
                refuse("{} is given twice", quoted);
            }
        }
    }

    std::string_view path_;
    json::object object_;
    std::set<std::string, std::less<>> taken_;
    std::string failure_;
};

}  // namespace

Result<QuorumState> parse_quorum_state(std::string_view text, std::string_view path) {
    JsonFile file(text, path);
    QuorumState state;
    state.data_version = file.integer<std::int32_t>("data_version");
    if (state.data_version != 0 && state.data_version != 1) {
        return fail(ErrorKind::unsupported, "{}: data_version is {}, only 0 and 1 are supported",
                    path, state.data_version);
    }
    state.leader_id = BrokerId(file.integer<std::int32_t>("leaderId"));
    state.leader_epoch = LeaderEpoch(file.integer<std::int32_t>("leaderEpoch"));
    state.voted_id = BrokerId(file.integer<std::int32_t>("votedId"));
    if (file.has("votedDirectoryId")) {
        const auto uuid = parse_uuid(file.string("votedDirectoryId"));
        if (!uuid) {
            file.refuse("'votedDirectoryId' must be a uuid");
        }
        state.voted_directory_id = DirectoryId(uuid.value_or(Uuid{}));
    }
    if (file.has("currentVoters")) {
        for (const std::int32_t voter : file.integers("currentVoters", "voterId")) {
            state.current_voters.emplace_back(voter);
        }
    }
    if (file.has("clusterId")) {
        std::ignore = file.string("clusterId");
    }
    if (file.has("appliedOffset")) {
        std::ignore = file.integer<std::int64_t>("appliedOffset");
    }
    HW_TRY_VOID(file.finish());
    return state;
}

std::string format_quorum_state(const QuorumState& state) {
    if (state.data_version == 1) {
        return fmt::format(
            R"({{"leaderId":{},"leaderEpoch":{},"votedId":{},"votedDirectoryId":"{}",)"
            R"("data_version":1}})",
            state.leader_id, state.leader_epoch, state.voted_id, state.voted_directory_id.value());
    }
    std::string voters;
    for (const BrokerId voter : state.current_voters) {
        voters += fmt::format("{}{{\"voterId\":{}}}", voters.empty() ? "" : ",", voter);
    }
    return fmt::format(
        R"({{"clusterId":"","leaderId":{},"leaderEpoch":{},"votedId":{},"appliedOffset":0,)"
        R"("currentVoters":[{}],"data_version":0}})",
        state.leader_id, state.leader_epoch, state.voted_id, voters);
}

Result<std::optional<BrokerEpoch>> parse_clean_shutdown(std::string_view text,
                                                        std::string_view path) {
    if (text.empty()) {
        return std::nullopt;
    }
    JsonFile file(text, path);
    const auto version = file.integer<std::int64_t>("version");
    if (version != 0) {
        return fail(ErrorKind::unsupported, "{}: version is {}, only 0 is supported", path,
                    version);
    }
    std::optional<BrokerEpoch> epoch;
    if (file.has("brokerEpoch")) {
        epoch = BrokerEpoch(file.integer<std::int64_t>("brokerEpoch"));
    }
    HW_TRY_VOID(file.finish());
    return epoch;
}

std::string format_clean_shutdown(BrokerEpoch epoch) {
    return fmt::format(R"({{"version":0,"brokerEpoch":{}}})", epoch);
}

}  // namespace hw::storage
