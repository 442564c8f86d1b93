#pragma once

#include "config/settings.h"
#include "controller/ops/results.h"

namespace hw::broker {

/// The controller's rules for configs of topics and groups: the table of keys, with the defaults
/// and the bounds of this node.
class KeyTableRules final : public controller::ConfigRules {
public:
    /// `settings` must outlive it.
    explicit KeyTableRules(const config::Settings& settings) : settings_(settings) {}

    [[nodiscard]] Result<void> validate(controller::ConfigResourceType type, std::string_view name,
                                        std::string_view value) const override;
    [[nodiscard]] std::optional<std::string> list_default(controller::ConfigResourceType type,
                                                          std::string_view name) const override;
    [[nodiscard]] Result<void> check_change(controller::ConfigResourceType type,
                                            const controller::ConfigValues& before,
                                            const controller::ConfigValues& after) const override;
    [[nodiscard]] std::vector<controller::TopicConfig> describe_topic(
        const controller::ConfigValues& values, std::int16_t replicas) const override;

private:
    const config::Settings& settings_;
};

}  // namespace hw::broker
