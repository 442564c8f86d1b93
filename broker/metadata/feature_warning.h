#pragma once

#include <string>

#include "controller/image/metadata_image.h"
#include "protocol/base/logger.h"

namespace hw::broker {

/// Warns of features that the cluster has finalized at a level above the supported ones, and that
/// therefore work at a lower level here: what that level is for is missing.
///
/// Owned by the node, which passes it each image of its controller and its broker. Warns once, and
/// again when these features change. Lives on the control shard.
class FeatureWarning {
public:
    explicit FeatureWarning(Logger log) : log_(log) {}

    void on_image(const controller::MetadataImage& image);

private:
    Logger log_;
    std::string warned_of_;
};

}  // namespace hw::broker
