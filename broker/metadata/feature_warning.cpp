#include "broker/metadata/feature_warning.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "controller/image/features.h"

namespace hw::broker {

void FeatureWarning::on_image(const controller::MetadataImage& image) {
    std::string lowered;
    for (const auto& [name, level] : image.features()) {
        const std::int16_t working = controller::working_level(image, name);
        if (working < level) {
            lowered += fmt::format("{}{} {} works as {}, without {}", lowered.empty() ? "" : "; ",
                                   name, level, working, controller::find_feature(name)->purpose);
        }
    }
    if (lowered != warned_of_ && !lowered.empty()) {
        log_.warning(
            "the cluster has finalized features at levels that this version does not support; "
            "clients see the lower levels: {}",
            lowered);
    }
    warned_of_ = std::move(lowered);
}

}  // namespace hw::broker
