#pragma once

#include <cstdint>
#include <string_view>

namespace hw::broker {

struct RequestContext;

/// Operations on a resource, with the numbers that ACLs have in the protocol.
enum class Operation : std::int8_t {
    read = 3,
    write = 4,
    create = 5,
    remove = 6,
    alter = 7,
    describe = 8,
    cluster_action = 9,
    describe_configs = 10,
    alter_configs = 11,
    idempotent_write = 12,
};

/// Types of resources, with the numbers that ACLs have in the protocol.
enum class ResourceType : std::int8_t { topic = 2, group = 3, cluster = 4, transactional_id = 5 };

struct Resource {
    ResourceType type;
    std::string_view name;
};

/// The cluster as a whole, with its name in ACLs.
inline constexpr Resource kCluster{ResourceType::cluster, "kafka-cluster"};

[[nodiscard]] constexpr Resource topic_resource(std::string_view name) {
    return {ResourceType::topic, name};
}

/// Decides what the sender of a request may do. Handlers ask it for each resource that the request
/// names. Called on every shard, at the same time; never waits.
class Authorizer {
public:
    virtual ~Authorizer() = default;
    [[nodiscard]] virtual bool allows(const RequestContext& who, Operation operation,
                                      const Resource& resource) const = 0;
    /// True if the operation is allowed on at least one resource of the type.
    [[nodiscard]] virtual bool allows_any(const RequestContext& who, Operation operation,
                                          ResourceType type) const = 0;
};

/// Authorizer that allows everything to everybody.
class AllowAll final : public Authorizer {
public:
    [[nodiscard]] bool allows(const RequestContext& /*who*/, Operation /*operation*/,
                              const Resource& /*resource*/) const override {
        return true;
    }
    [[nodiscard]] bool allows_any(const RequestContext& /*who*/, Operation /*operation*/,
                                  ResourceType /*type*/) const override {
        return true;
    }
};

}  // namespace hw::broker
