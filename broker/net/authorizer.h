#pragma once

#include <cstdint>
#include <string_view>

namespace hw::broker {

struct RequestContext;

/// What may be done with a resource. The numbers are those of ACLs in the protocol.
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

/// The numbers are those of ACLs in the protocol.
enum class ResourceType : std::int8_t { topic = 2, group = 3, cluster = 4, transactional_id = 5 };

struct Resource {
    ResourceType type;
    std::string_view name;
};

/// The cluster as a whole, by the name that ACLs have for it.
inline constexpr Resource kCluster{ResourceType::cluster, "kafka-cluster"};

[[nodiscard]] constexpr Resource topic_resource(std::string_view name) {
    return {ResourceType::topic, name};
}

/// Decides what the sender of a request may do: asked for each resource that the request names, on
/// the request's shard, by any shard at the same time. Never waits.
class Authorizer {
public:
    virtual ~Authorizer() = default;
    [[nodiscard]] virtual bool allows(const RequestContext& who, Operation operation,
                                      const Resource& resource) const = 0;
    /// Whether the operation is allowed on one resource of the type at least.
    [[nodiscard]] virtual bool allows_any(const RequestContext& who, Operation operation,
                                          ResourceType type) const = 0;
};

/// Everybody may do everything.
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
