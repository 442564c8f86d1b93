#pragma once

#include <memory>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"

namespace hw::broker {

/// What the handlers of one shard work with. Owned by the node's part for that shard; changed and
/// used there only.
struct ApiServices {
    BrokerId node_id;
    /// The newest metadata this shard was told of; set before the first request.
    std::shared_ptr<const controller::MetadataImage> image;
};

}  // namespace hw::broker
