#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "controller/image/broker_image.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::controller {

/// A level of the feature metadata.version. It decides the versions in which records are written.
/// The levels are Kafka's: 7 is 3.3-IV3, 30 is 4.3-IV0.
class MetadataVersion {
public:
    constexpr explicit MetadataVersion(std::int16_t level) : level_(level) {}

    [[nodiscard]] constexpr std::int16_t level() const { return level_; }

    /// Version of RegisterBrokerRecord: 1 has controlled shutdown, 2 migration, 3 log directories,
    /// 4 cordoned directories.
    [[nodiscard]] constexpr ApiVersion register_broker() const {
        const int version = level_ >= 30 ? 4 : level_ >= 17 ? 3 : level_ >= 8 ? 2 : 1;
        return ApiVersion(static_cast<std::int16_t>(version));
    }
    /// Version of PartitionRecord and PartitionChangeRecord: 1 has directories, 2 eligible leader
    /// replicas.
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
    /// True if a shrinking ISR needs a new leader epoch, because brokers older than 3.6 would not
    /// notice it otherwise (KAFKA-15021).
    [[nodiscard]] constexpr bool shrink_raises_leader_epoch() const { return level_ < 12; }

private:
    std::int16_t level_;
};

/// The level that a new cluster starts with, and Kafka's name of it.
inline constexpr MetadataVersion kInitialMetadataVersion{30};
inline constexpr std::string_view kInitialMetadataVersionName = "4.3-IV0";
inline constexpr MetadataVersion kLowestMetadataVersion{7};
inline constexpr MetadataVersion kHighestMetadataVersion{33};

inline constexpr std::string_view kGroupVersionFeature = "group.version";

/// A level of the feature group.version, as Kafka counts them.
class GroupVersion {
public:
    constexpr explicit GroupVersion(std::int16_t level) : level_(level) {}

    [[nodiscard]] constexpr std::int16_t level() const { return level_; }
    /// Whether consumers may join groups with ConsumerGroupHeartbeat (KIP-848).
    [[nodiscard]] constexpr bool has_consumer_protocol() const { return level_ >= 1; }

private:
    std::int16_t level_;
};

/// The features that a new cluster finalizes with its first records.
struct InitialFeatures {
    MetadataVersion metadata_version = kInitialMetadataVersion;
    GroupVersion group_version{1};
};

/// Feature of a broker whose acknowledged records in `disk` topics are on stable storage, so they
/// survive a crash as well as a clean stop.
inline constexpr std::string_view kDurableFeature = "highwater.durable";

/// What becomes of a finalized level that is known, but above the supported ones.
enum class LevelAbove : std::uint8_t {
    refused,  ///< brokers that do not support it cannot register
    lowered,  ///< the cluster works at the highest supported level
};

/// A feature whose level a cluster can finalize (KIP-584).
struct KnownFeature {
    std::string_view name;
    std::string_view purpose;  ///< of its highest level, as a noun phrase
    FeatureRange known;        ///< the levels of Kafka 4.4; for a feature of Highwater its own
    FeatureRange supported;    ///< the levels that are built here
    LevelAbove above;
};

/// All features that this program knows, ordered by name.
[[nodiscard]] std::span<const KnownFeature> known_features();
/// nullptr if there is none of that name.
[[nodiscard]] const KnownFeature* find_feature(std::string_view name);

/// The features that this program supports above level 0, as nodes register them and ApiVersions
/// reports them. Any other feature is supported at level 0 only.
[[nodiscard]] FeatureRanges supported_features();

/// Whether records may finalize this level. Errors: unsupported, if the feature or a level of it
/// that can be lowered is not known.
[[nodiscard]] Result<void> check_known(std::string_view feature, std::int16_t level);

/// The level at which the cluster works: the finalized one, lowered to the highest supported one
/// where the feature allows it; 0 if it is not finalized.
[[nodiscard]] std::int16_t working_level(const MetadataImage& image, std::string_view feature);

/// The group.version at which the cluster works. Cheap: for each request.
[[nodiscard]] GroupVersion group_version(const MetadataImage& image);

}  // namespace hw::controller
