#pragma once

#include <cstdint>

#include "controller/image/broker_image.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"

namespace hw::controller {

/// A level of the feature metadata.version, and the versions of the records that may be written at
/// it. The levels are Kafka's: 7 is 3.3-IV3, 30 is 4.3-IV0.
class MetadataVersion {
public:
    constexpr explicit MetadataVersion(std::int16_t level) : level_(level) {}

    [[nodiscard]] constexpr std::int16_t level() const { return level_; }

    /// RegisterBrokerRecord: 1 controlled shutdown, 2 migration, 3 log directories, 4 cordoned
    /// ones.
    [[nodiscard]] constexpr ApiVersion register_broker() const {
        const int version = level_ >= 30 ? 4 : level_ >= 17 ? 3 : level_ >= 8 ? 2 : 1;
        return ApiVersion(static_cast<std::int16_t>(version));
    }
    /// PartitionRecord and PartitionChangeRecord: 1 directories, 2 eligible leader replicas.
    [[nodiscard]] constexpr ApiVersion partition() const {
        const int version = level_ >= 23 ? 2 : level_ >= 17 ? 1 : 0;
        return ApiVersion(static_cast<std::int16_t>(version));
    }

    [[nodiscard]] constexpr bool has_transactions() const { return level_ >= 14; }  // KIP-868
    [[nodiscard]] constexpr bool has_controller_registration() const {
        return level_ >= 15;
    }  // KIP-919
    [[nodiscard]] constexpr bool has_directories() const { return level_ >= 17; }  // KIP-858
    [[nodiscard]] constexpr bool has_cordoned_directories() const {
        return level_ >= 30;
    }  // KIP-1066
    /// Brokers of before 3.6 notice a smaller ISR only by a new leader epoch (KAFKA-15021).
    [[nodiscard]] constexpr bool shrink_raises_leader_epoch() const { return level_ < 12; }

private:
    std::int16_t level_;
};

/// What a new cluster starts with.
inline constexpr MetadataVersion kInitialMetadataVersion{30};
inline constexpr MetadataVersion kLowestMetadataVersion{7};
inline constexpr MetadataVersion kHighestMetadataVersion{33};

/// A broker with it needs no clean stop for its acknowledged records to be on stable storage, where
/// the topic is `disk`.
inline constexpr std::string_view kDurableFeature = "highwater.durable";

/// What this program can work with, as a node registers it and ApiVersions tells it (KIP-584). What
/// is not named is supported at level 0 only.
[[nodiscard]] inline FeatureRanges supported_features() {
    FeatureRanges features;
    features.emplace(kMetadataVersionFeature,
                     FeatureRange{kLowestMetadataVersion.level(), kHighestMetadataVersion.level()});
    features.emplace(kDurableFeature, FeatureRange{0, 1});
    return features;
}

}  // namespace hw::controller
