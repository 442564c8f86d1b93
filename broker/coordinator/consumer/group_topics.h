#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"

namespace hw::broker {

/// The cluster's topics as the groups of one partition see them: those of the newest metadata that
/// any request has brought. So the shards' different metadata do not change a group back and forth.
class GroupTopics {
public:
    /// Takes the metadata, if they are newer.
    void see(const std::shared_ptr<const controller::MetadataImage>& image);

    /// Null before the first request.
    [[nodiscard]] const controller::MetadataImage* image() const { return image_.get(); }
    [[nodiscard]] const std::shared_ptr<const controller::MetadataImage>& shared_image() const {
        return image_;
    }
    /// Where in the metadata log they are from; -1: there are none.
    [[nodiscard]] Offset position() const {
        return image_ == nullptr ? kNoOffset : image_->last_offset();
    }
    /// Hash of what an assignor knows of these topics (metadata_hash); of those that
    /// exist.
    [[nodiscard]] std::int64_t hash(const std::vector<std::string_view>& names);

private:
    std::shared_ptr<const controller::MetadataImage> image_;
    /// Of topics in that image.
    std::map<std::string, std::int64_t, std::less<>> hashes_;
};

}  // namespace hw::broker
