#include "broker/coordinator/consumer/consumer_group.h"
#include "config/group_config.h"

namespace hw::broker {

void ConsumerGroup::see_configs(const GroupTopics& topics, const config::Settings& broker) {
    if (topics.position() == configs_position_) {
        return;
    }
    configs_position_ = topics.position();
    const controller::ConfigValues* const set =
        topics.image()->find_configs({controller::ConfigResourceType::group, name_});
    if (set == nullptr) {
        times_ = times_of(rules_);
        return;
    }
    const config::GroupConfig own = config::make_group_config(*set, broker);
    times_ = {.session_timeout = own.consumer_session,
              .heartbeat_interval = own.consumer_heartbeat_interval};
}

}  // namespace hw::broker
