#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controller/image/features.h"
#include "controller/image/metadata_image.h"
#include "controller/ops/heartbeat_tracker.h"
#include "controller/ops/partition_change.h"
#include "controller/ops/record_batch.h"
#include "controller/ops/results.h"
#include "protocol/base/entropy.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::controller {

/// Settings of the controller.
struct ControllerOptions {
    std::int32_t num_partitions = 1;  ///< num.partitions: for a topic created without a number
    /// default.replication.factor; nothing: 3, or if that is less the number of registered brokers
    /// or of voters of the quorum, whichever is larger. So a broker that is down, or has not joined
    /// yet, does not lead to topics with fewer copies.
    std::optional<std::int16_t> replication_factor = {};
    std::vector<BrokerId> other_voters = {};             ///< of the quorum, besides this controller
    std::int16_t max_replication_factor = INT16_MAX;     ///< that the brokers support
    Duration session_timeout = std::chrono::seconds(3);  ///< broker.session.timeout.ms
    /// unclean.leader.election.enable: for topics that do not set it.
    bool unclean_leader_election = false;
    /// Time between two checks that give partitions back to their preferred leaders; nothing:
    /// never.
    std::optional<Duration> leader_balance_interval = {};
    InitialFeatures initial_features = {};  ///< that a new cluster starts with
    ControllerMutants mutants = {};
};

/// The inputs of an operation: the metadata with all appended records, and the state that is not
/// replicated. An operation changes none of it; its changes are the records that it returns.
struct OperationContext {
    const MetadataImage& image;
    Offset next_offset;  ///< offset that the first returned record will get
    TimePoint now;
    const ControllerOptions& options;
    const HeartbeatTracker& heartbeats;
    const ConfigRules& configs;
    Entropy& entropy;

    [[nodiscard]] MetadataVersion version() const {
        return MetadataVersion(image.feature_level(kMetadataVersionFeature));
    }
    /// The brokers of the image, for a change of a partition.
    [[nodiscard]] BrokersDuringElection brokers() const {
        return {.image = image,
                .unclean_by_default = options.unclean_leader_election,
                .mutants = options.mutants};
    }
};

/// The output of an operation: records to append, and the answer to send when they are committed.
template <class Response>
struct Outcome {
    RecordBatch records;
    Response response;
};

/// The broker's registration if `epoch` is its epoch. Errors: STALE_BROKER_EPOCH.
[[nodiscard]] inline Checked<const BrokerImage*> check_broker_epoch(const MetadataImage& image,
                                                                    BrokerId broker,
                                                                    BrokerEpoch epoch) {
    const BrokerImage* registration = image.find_broker(broker);
    if (registration == nullptr) {
        return refuse(wire::ErrorCode::stale_broker_epoch, "broker {} is not registered", broker);
    }
    if (registration->epoch != epoch) {
        return refuse(wire::ErrorCode::stale_broker_epoch,
                      "broker {} is registered with epoch {}, but the request has {}", broker,
                      registration->epoch, epoch);
    }
    return registration;
}

}  // namespace hw::controller
