#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::storage {

inline constexpr const char* kQuorumStateFile = "quorum-state";

/// Durable state of a voter in the metadata quorum: one line of JSON in the folder of the metadata
/// log. It is replaced and synced before the voter sends an answer that depends on it.
///
/// | version | fields |
/// |---|---|
/// | 0 | clusterId (empty), leaderId, leaderEpoch, votedId, appliedOffset (0), currentVoters |
/// | 1 | leaderId, leaderEpoch, votedId, votedDirectoryId (KIP-853) |
struct QuorumState {
    int data_version = 1;
    BrokerId leader_id = kNoBroker;
    LeaderEpoch leader_epoch{0};
    BrokerId voted_id = kNoBroker;
    DirectoryId voted_directory_id;        ///< version 1; zero: none
    std::vector<BrokerId> current_voters;  ///< version 0

    bool operator==(const QuorumState&) const = default;
};

/// Errors: corrupt (also for a missing or unknown key), unsupported (another version), with the
/// path.
[[nodiscard]] Result<QuorumState> parse_quorum_state(std::string_view text, std::string_view path);
[[nodiscard]] std::string format_quorum_state(const QuorumState& state);

inline constexpr const char* kCleanShutdownFile = ".kafka_cleanshutdown";

/// Reads the marker of a clean stop, `{"version":0,"brokerEpoch":n}`. The epoch proves to the
/// controller which incarnation stopped cleanly (KIP-966); none in the empty file of a Kafka before
/// 3.7. Errors: corrupt, unsupported, with the path.
[[nodiscard]] Result<std::optional<BrokerEpoch>> parse_clean_shutdown(std::string_view text,
                                                                      std::string_view path);
[[nodiscard]] std::string format_clean_shutdown(BrokerEpoch epoch);

}  // namespace hw::storage
