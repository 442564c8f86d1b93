#pragma once

#include <cstdint>
#include <optional>

#include "controller/image/features.h"
#include "controller/image/metadata_image.h"
#include "controller/ops/heartbeat_tracker.h"
#include "controller/ops/record_batch.h"
#include "controller/ops/results.h"
#include "protocol/base/entropy.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::controller {

struct ControllerOptions {
    std::int32_t num_partitions = 1;  ///< num.partitions: for a topic that names no number
    /// default.replication.factor; nothing: three, or as many as there are live brokers.
    std::optional<std::int16_t> replication_factor;
    Duration session_timeout = std::chrono::seconds(3);  ///< broker.session.timeout.ms
};

/// What an operation decides from: the metadata with all that was appended, and the soft state.
/// It changes nothing; what it wants changed is in the records that it gives back.
struct OperationContext {
    const MetadataImage& image;
    Offset next_offset;  ///< of the first record it gives
    TimePoint now;
    const ControllerOptions& options;
    const HeartbeatTracker& heartbeats;
    const TopicConfigs& configs;
    Entropy& entropy;

    [[nodiscard]] MetadataVersion version() const {
        return MetadataVersion(image.feature_level(kMetadataVersionFeature));
    }
};

/// The answer, to be sent when the records are committed.
template <class Response>
struct Outcome {
    RecordBatch records;
    Response response;
};

/// Success when `epoch` is that of the broker's registration; else STALE_BROKER_EPOCH.
[[nodiscard]] inline Checked<const BrokerImage*> check_broker_epoch(const MetadataImage& image,
                                                                    BrokerId broker,
                                                                    BrokerEpoch epoch) {
    const BrokerImage* registration = image.find_broker(broker);
    if (registration == nullptr) {
        return refuse(wire::ErrorCode::stale_broker_epoch, "broker {} is not registered", broker);
    }
    if (registration->epoch != epoch) {
        return refuse(wire::ErrorCode::stale_broker_epoch,
                      "broker {} is registered with epoch {}, the request has {}", broker,
                      registration->epoch, epoch);
    }
    return registration;
}

}  // namespace hw::controller
