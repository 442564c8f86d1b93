#include "broker/api/authorized_operations.h"

#include <initializer_list>

namespace hw::broker {
namespace {

std::int32_t allowed(const RequestContext& who, const Resource& resource,
                     std::initializer_list<Operation> operations) {
    std::int32_t bits = 0;
    for (const Operation operation : operations) {
        if (who.allows(operation, resource)) {
            bits |= 1 << static_cast<int>(operation);
        }
    }
    return bits;
}

}  // namespace

std::int32_t topic_operations(const RequestContext& who, std::string_view topic) {
    using enum Operation;
    return allowed(who, topic_resource(topic),
                   {read, write, create, remove, alter, describe, describe_configs, alter_configs});
}

std::int32_t group_operations(const RequestContext& who, std::string_view group) {
    using enum Operation;
    return allowed(who, {ResourceType::group, group},
                   {read, remove, describe, describe_configs, alter_configs});
}

std::int32_t cluster_operations(const RequestContext& who) {
    using enum Operation;
    return allowed(who, kCluster,
                   {create, alter, describe, cluster_action, describe_configs, alter_configs,
                    idempotent_write});
}

}  // namespace hw::broker
