#pragma once

#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "broker/net/request_context.h"

namespace hw::test {

/// An authorizer that allows everything except what a test forbids.
class ForbiddingAuthorizer final : public broker::Authorizer {
public:
    void forbid(broker::Operation operation, const broker::Resource& resource) {
        forbidden_.emplace(operation, resource.type, resource.name);
    }
    /// Forbids `operation` on every resource of the type.
    void forbid_all(broker::Operation operation, broker::ResourceType type) {
        forbidden_types_.emplace(operation, type);
    }

    [[nodiscard]] bool allows(const broker::RequestContext& /*who*/, broker::Operation operation,
                              const broker::Resource& resource) const override {
        return !forbidden_types_.contains({operation, resource.type}) &&
               !forbidden_.contains({operation, resource.type, std::string(resource.name)});
    }
    [[nodiscard]] bool allows_any(const broker::RequestContext& /*who*/,
                                  broker::Operation operation,
                                  broker::ResourceType type) const override {
        return !forbidden_types_.contains({operation, type});
    }

private:
    std::set<std::tuple<broker::Operation, broker::ResourceType, std::string>> forbidden_;
    std::set<std::pair<broker::Operation, broker::ResourceType>> forbidden_types_;
};

}  // namespace hw::test
