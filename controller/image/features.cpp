#include "controller/image/features.h"

#include <algorithm>
#include <array>
#include <string>

namespace hw::controller {
namespace {

constexpr FeatureRange kOnlyZero{0, 0};

constexpr std::array kFeatures{
    KnownFeature{.name = "eligible.leader.replicas.version",
                 .purpose = "safe leaders from outside the ISR (KIP-966)",
                 .known = {0, 1},
                 .supported = kOnlyZero,
                 .above = LevelAbove::lowered},
    KnownFeature{.name = kGroupVersionFeature,
                 .purpose = "consumer groups of the new protocol (KIP-848)",
                 .known = {0, 1},
                 .supported = {0, 1},
                 .above = LevelAbove::lowered},
    KnownFeature{.name = kDurableFeature,
                 .purpose = "acknowledged records that survive a crash",
                 .known = {0, 1},
                 .supported = {0, 1},
                 .above = LevelAbove::refused},
    KnownFeature{.name = "kraft.version",
                 .purpose = "controllers that are added and removed at run time (KIP-853)",
                 .known = {0, 1},
                 .supported = kOnlyZero,
                 .above = LevelAbove::refused},
    KnownFeature{.name = kMetadataVersionFeature,
                 .purpose = "the records of the metadata log",
                 .known = {kLowestMetadataVersion.level(), kHighestMetadataVersion.level()},
                 .supported = {kLowestMetadataVersion.level(), kHighestMetadataVersion.level()},
                 .above = LevelAbove::refused},
    KnownFeature{.name = "share.version",
                 .purpose = "share groups, which read as from a queue (KIP-932)",
                 .known = {0, 2},
                 .supported = kOnlyZero,
                 .above = LevelAbove::lowered},
    KnownFeature{.name = "streams.version",
                 .purpose = "groups of Kafka Streams that the brokers balance (KIP-1071)",
                 .known = {0, 1},
                 .supported = kOnlyZero,
                 .above = LevelAbove::lowered},
    KnownFeature{.name = "transaction.version",
                 .purpose = "transactions with an epoch each (KIP-890)",
                 .known = {0, 2},
                 .supported = kOnlyZero,
                 .above = LevelAbove::lowered},
};

}  // namespace

std::span<const KnownFeature> known_features() {
    return kFeatures;
}

const KnownFeature* find_feature(std::string_view name) {
    const auto* const found = std::ranges::find(kFeatures, name, &KnownFeature::name);
    return found == kFeatures.end() ? nullptr : found;
}

FeatureRanges supported_features() {
    FeatureRanges ranges;
    for (const KnownFeature& feature : kFeatures) {
        if (feature.supported.high > 0) {
            ranges.emplace(feature.name, feature.supported);
        }
    }
    return ranges;
}

Result<void> check_known(std::string_view feature, std::int16_t level) {
    constexpr const char* kRemedy =
        "Use a version of Highwater that knows it, or lower it with the software that raised it";
    const KnownFeature* known = find_feature(feature);
    if (known == nullptr && level != 0) {
        return fail(ErrorKind::unsupported,
                    "the cluster is at level {} of feature '{}', which this version does not know. "
                    "{}",
                    level, feature, kRemedy);
    }
    if (known != nullptr && known->above == LevelAbove::lowered && !known->known.contains(level)) {
        return fail(ErrorKind::unsupported,
                    "the cluster is at level {} of feature '{}', of which this version knows the "
                    "levels {} to {}. {}",
                    level, feature, known->known.low, known->known.high, kRemedy);
    }
    return {};
}

std::int16_t working_level(const MetadataImage& image, std::string_view feature) {
    const std::int16_t level = image.feature_level(feature);
    const KnownFeature* known = find_feature(feature);
    return known != nullptr && known->above == LevelAbove::lowered
               ? std::min(level, known->supported.high)
               : level;
}

GroupVersion group_version(const MetadataImage& image) {
    return GroupVersion(working_level(image, kGroupVersionFeature));
}

}  // namespace hw::controller
