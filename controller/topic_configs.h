#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/image/metadata_image.h"
#include "protocol/base/result.h"

namespace hw::controller {

/// One config of a topic as clients are told it.
struct TopicConfig {
    std::string name;
    std::string value;
    bool read_only = false;
    std::int8_t source = 0;  ///< 1 set for the topic, 4 static broker config, 5 default
    bool sensitive = false;  ///< the value is not to be told
};

/// Port: what configs a topic may have. Implemented from the table of configs.
class TopicConfigs {
public:
    virtual ~TopicConfigs() = default;

    /// Errors: invalid, with the name, the value and what is allowed.
    [[nodiscard]] virtual Result<void> validate(std::string_view name,
                                                std::string_view value) const = 0;
    /// All configs, in the order of their names, of a topic for which `values` are set and whose
    /// partitions have so many replicas.
    [[nodiscard]] virtual std::vector<TopicConfig> describe(const ConfigValues& values,
                                                            std::int16_t replicas) const = 0;
};

}  // namespace hw::controller
