#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "broker/coordinator/assignor/assignment_model.h"
#include "broker/coordinator/assignor/assignment_plan.h"
#include "broker/coordinator/assignor/assignor.h"
#include "broker/coordinator/assignor/home_restorer.h"
#include "broker/coordinator/assignor/load_balancer.h"
#include "broker/coordinator/assignor/rack_matcher.h"

namespace hw::broker {
namespace {

/// The partitions without an owner, those that fewer members may own first.
std::vector<std::uint32_t> partitions_to_place(const AssignmentModel& model,
                                               const AssignmentPlan& plan) {
    std::vector<std::size_t> subscribers;
    for (const auto& audience : model.audiences) {
        std::size_t count = 0;
        for (const std::uint32_t member_class : audience) {
            count += model.member_classes[member_class].members.size();
        }
        subscribers.push_back(count);
    }
    std::vector<std::uint32_t> result;
    for (std::uint32_t partition = 0; partition < model.partition_count(); ++partition) {
        if (plan.owner(partition) == AssignmentPlan::kNone &&
            !model.audience_of(partition).empty()) {
            result.push_back(partition);
        }
    }
    std::ranges::sort(result, {}, [&](std::uint32_t partition) {
        const std::uint32_t number = model.class_of_partition[partition];
        return std::pair(subscribers[model.partition_classes[number].audience], partition);
    });
    return result;
}

/// The member with the fewest partitions; among equals one in a rack of a replica.
std::uint32_t place_for(std::uint32_t partition, const AssignmentModel& model,
                        const AssignmentPlan& plan) {
    const auto rank = [&](std::uint32_t member_class) {
        const std::uint32_t member = plan.least_loaded(member_class);
        const bool is_near = model.is_near(member_class, model.class_of_partition[partition]);
        return std::tuple(plan.load(member), !is_near, member);
    };
    return plan.least_loaded(std::ranges::min(model.audience_of(partition), {}, rank));
}

}  // namespace

std::vector<Assignment> assign_uniform(const AssignorInput& input) {
    const AssignmentModel model = make_assignment_model(input);
    AssignmentPlan plan(model, input);
    for (const std::uint32_t partition : partitions_to_place(model, plan)) {
        plan.give(partition, place_for(partition, model, plan));
    }
    LoadBalancer(model, plan).run();
    HomeRestorer(model, plan).run();
    // Giving partitions back may open a way to bring others near.
    while (model.has_racks && RackMatcher(model, plan).run()) {
        HomeRestorer(model, plan).run();
    }
    return plan.result(input.topics);
}

}  // namespace hw::broker
