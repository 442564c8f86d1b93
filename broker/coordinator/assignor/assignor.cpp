#include "broker/coordinator/assignor/assignor.h"

#include <algorithm>
#include <array>

namespace hw::broker {
namespace {

struct NamedAssignor {
    std::string_view name;
    Assignor assignor = nullptr;
};

constexpr std::array<NamedAssignor, 2> kAssignors{
    {{"uniform", assign_uniform}, {"range", assign_range}}};

}  // namespace

Assignor find_assignor(std::string_view name) {
    const auto* const found = std::ranges::find(kAssignors, name, &NamedAssignor::name);
    return found == kAssignors.end() ? nullptr : found->assignor;
}

std::string assignor_names() {
    std::string names;
    for (const NamedAssignor& assignor : kAssignors) {
        names += names.empty() ? "" : ", ";
        names += assignor.name;
    }
    return names;
}

}  // namespace hw::broker
