#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"

namespace hw::broker {

/// The topics that match each pattern: names, ascending.
using PatternTopics = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Which topics match patterns. Has all it needs, so that it may be answered on any thread.
struct PatternQuestion {
    std::shared_ptr<const void> ticket = nullptr;  ///< comes back with the answer
    std::shared_ptr<const controller::MetadataImage> image;
    std::vector<std::string> patterns;
};

struct ResolvedPatterns {
    std::shared_ptr<const void> ticket = nullptr;
    Offset position = kNoOffset;  ///< of the metadata
    PatternTopics topics;
};

/// Internal topics match no pattern, and nothing matches a text that is no pattern.
[[nodiscard]] ResolvedPatterns resolve(PatternQuestion question);

}  // namespace hw::broker
