#pragma once

#include "controller/image/broker_image.h"
#include "controller/image/metadata_image.h"
#include "controller/metadata_version.h"

namespace hw::controller {

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
