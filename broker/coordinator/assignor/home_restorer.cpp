#include "broker/coordinator/assignor/home_restorer.h"

namespace hw::broker {

HomeRestorer::HomeRestorer(const AssignmentModel& model, AssignmentPlan& plan)
    : model_(model), plan_(plan), foreign_(model.class_of_member.size()) {
    for (std::uint32_t partition = 0; partition < model.partition_count(); ++partition) {
        if (!plan.is_home(partition)) {
            const std::uint32_t partition_class = model.class_of_partition[partition];
            foreign_[plan.owner(partition)][partition_class].insert(partition);
        }
    }
}

void HomeRestorer::run() {
    bool has_moved = true;
    while (has_moved) {
        has_moved = false;
        for (std::uint32_t partition = 0; partition < model_.partition_count(); ++partition) {
            has_moved |= restore(partition);
        }
    }
}

bool HomeRestorer::restore(std::uint32_t partition) {
    const std::uint32_t home = plan_.home(partition);
    if (home == AssignmentPlan::kNone || plan_.is_home(partition)) {
        return false;
    }
    const std::uint32_t owner = plan_.owner(partition);
    if (plan_.load(owner) > plan_.load(home) &&
        gain(model_.class_of_partition[partition], owner, home) >= 0) {
        give(partition, home);
        return true;
    }
    const auto other = exchange_for(partition);
    if (!other) {
        return false;
    }
    give(partition, home);
    give(*other, owner);
    return true;
}

std::optional<std::uint32_t> HomeRestorer::exchange_for(std::uint32_t partition) const {
    const std::uint32_t home = plan_.home(partition);
    const std::uint32_t owner = plan_.owner(partition);
    const int first_gain = gain(model_.class_of_partition[partition], owner, home);
    for (const auto& [partition_class, partitions] : foreign_[home]) {
        if (!partitions.empty() && model_.may_own(model_.class_of_member[owner], partition_class) &&
            first_gain + gain(partition_class, home, owner) >= 0) {
            return *partitions.begin();
        }
    }
    return std::nullopt;
}

int HomeRestorer::gain(std::uint32_t partition_class, std::uint32_t from, std::uint32_t to) const {
    const auto near = [&](std::uint32_t member) {
        return model_.is_near(model_.class_of_member[member], partition_class) ? 1 : 0;
    };
    return near(to) - near(from);
}

void HomeRestorer::give(std::uint32_t partition, std::uint32_t member) {
    const std::uint32_t partition_class = model_.class_of_partition[partition];
    foreign_[plan_.owner(partition)][partition_class].erase(partition);
    plan_.give(partition, member);
    if (!plan_.is_home(partition)) {
        foreign_[member][partition_class].insert(partition);
    }
}

}  // namespace hw::broker
