#include "storage/quorum_state_file.h"

#include <cstdint>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "storage/json_reader.h"

namespace hw::storage {
namespace {

std::int32_t read_int32(JsonReader& json) {
    const std::int64_t value = json.integer();
    if (value < std::numeric_limits<std::int32_t>::min() ||
        value > std::numeric_limits<std::int32_t>::max()) {
        json.fail_at("a number beyond 32 bits");
    }
    return static_cast<std::int32_t>(value);
}

std::vector<BrokerId> read_voters(JsonReader& json) {
    std::vector<BrokerId> voters;
    json.array([&] {
        json.object([&](std::string_view key) {
            if (key != "voterId") {
                json.fail_at("unknown key in currentVoters");
            }
            voters.emplace_back(read_int32(json));
        });
    });
    return voters;
}

DirectoryId read_directory(JsonReader& json) {
    const auto uuid = parse_uuid(json.string());
    if (!uuid) {
        json.fail_at("votedDirectoryId is no uuid");
        return {};
    }
    return DirectoryId(*uuid);
}

void read_member(JsonReader& json, std::string_view key, QuorumState& state) {
    if (key == "leaderId") {
        state.leader_id = BrokerId(read_int32(json));
    } else if (key == "leaderEpoch") {
        state.leader_epoch = LeaderEpoch(read_int32(json));
    } else if (key == "votedId") {
        state.voted_id = BrokerId(read_int32(json));
    } else if (key == "data_version") {
        state.data_version = read_int32(json);
    } else if (key == "votedDirectoryId") {
        state.voted_directory_id = read_directory(json);
    } else if (key == "currentVoters") {
        state.current_voters = read_voters(json);
    } else if (key == "clusterId") {
        static_cast<void>(json.string());
    } else if (key == "appliedOffset") {
        static_cast<void>(json.integer());
    } else {
        json.fail_at(fmt::format("unknown key '{}'", key));
    }
}

}  // namespace

Result<QuorumState> parse_quorum_state(std::string_view text, std::string_view path) {
    QuorumState state;
    std::set<std::string, std::less<>> keys;
    JsonReader json(text, path);
    json.object([&](std::string_view key) {
        if (!keys.emplace(key).second) {
            json.fail_at(fmt::format("'{}' stands there twice", key));
        }
        read_member(json, key, state);
    });
    if (const auto finished = json.finish(); !finished) {
        return std::unexpected(finished.error());
    }
    for (const char* key : {"data_version", "leaderId", "leaderEpoch", "votedId"}) {
        if (!keys.contains(key)) {
            return fail(ErrorKind::corrupt, "{}: '{}' is missing", path, key);
        }
    }
    if (state.data_version != 0 && state.data_version != 1) {
        return fail(ErrorKind::unsupported, "{}: data_version is {}, only 0 and 1 are supported",
                    path, state.data_version);
    }
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
    std::optional<std::int64_t> version;
    std::optional<BrokerEpoch> epoch;
    JsonReader json(text, path);
    json.object([&](std::string_view key) {
        const std::int64_t value = json.integer();
        if (key == "version") {
            version = value;
        } else if (key == "brokerEpoch") {
            epoch = BrokerEpoch(value);
        } else {
            json.fail_at(fmt::format("unknown key '{}'", key));
        }
    });
    if (const auto finished = json.finish(); !finished) {
        return std::unexpected(finished.error());
    }
    if (version != 0) {
        return fail(ErrorKind::unsupported, "{}: version is {}, only 0 is supported", path,
                    version.value_or(-1));
    }
    return epoch;
}

std::string format_clean_shutdown(BrokerEpoch epoch) {
    return fmt::format(R"({{"version":0,"brokerEpoch":{}}})", epoch);
}

}  // namespace hw::storage
