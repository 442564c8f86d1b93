#include "tools/cli/group_rebalance.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "tools/client/words.h"

namespace hw::cli {
namespace {

using client::GroupMember;
using client::GroupView;
using client::PartitionName;

/// "member m (client c1, /127.0.0.1)".
std::string name_of(const GroupMember& member) {
    return fmt::format("member {} (client {}, {})", member.id, member.client_id, member.host);
}

std::vector<std::string> classic_reasons(const GroupView& group) {
    if (group.state == "PreparingRebalance") {
        return {
            "The group is rebalancing: it waits for its members to join again, and removes "
            "those that do not do so within their rebalance timeout."};
    }
    if (group.state == "CompletingRebalance" || group.state == "AwaitingSync") {
        return {
            "The group is rebalancing: all members have joined, and it waits for one of them, "
            "the leader, to assign the partitions."};
    }
    return {};
}

/// The members of a group of the consumer protocol that have not reached the epoch of the targets.
class Laggards {
public:
    explicit Laggards(const GroupView& group)
        : group_(group), epoch_(group.epochs->assignment), withheld_(withheld()) {
        for (const GroupMember& member : group.members) {
            if (is_behind(member)) {
                may_withhold_ += member.epoch >= 0 && member.to_give_up().empty() ? 1U : 0U;
                members_.push_back(&member);
            }
        }
    }

    [[nodiscard]] std::vector<std::string> reasons() const {
        std::vector<std::string> reasons;
        for (const GroupMember* member : members_) {
            if (reasons.size() == kMostNamedMembers) {
                reasons.push_back(fmt::format(
                    "It also waits for {}.",
                    client::counted(members_.size() - kMostNamedMembers, "other member")));
                break;
            }
            reasons.push_back(reason(*member));
        }
        if (may_withhold_ == 0 && !withheld_.empty()) {
            reasons.push_back(
                fmt::format("The group is rebalancing: nobody has {} any more, and the next "
                            "heartbeats assign them.",
                            partition_names(withheld_)));
        }
        return reasons;
    }

private:
    [[nodiscard]] bool is_behind(const GroupMember& member) const { return member.epoch < epoch_; }

    /// What members wait for that have reached the epoch, and nobody is said to have: a member has
    /// been told to give it up, or it has just become free.
    [[nodiscard]] std::vector<PartitionName> withheld() const {
        std::set<PartitionName> owned;
        std::set<PartitionName> wanted;
        for (const GroupMember& member : group_.members) {
            owned.insert(member.partitions.begin(), member.partitions.end());
            if (!is_behind(member)) {
                const auto to_get = member.to_get();
                wanted.insert(to_get.begin(), to_get.end());
            }
        }
        std::vector<PartitionName> withheld;
        std::ranges::set_difference(wanted, owned, std::back_inserter(withheld));
        return withheld;
    }

    [[nodiscard]] std::string reason(const GroupMember& member) const {
        const std::string name = name_of(member);
        if (member.epoch == client::kAwayEpoch) {
            return fmt::format(
                "The group waits for static {}, which has left and may return until its session "
                "ends: it keeps {}.",
                name, partition_names(member.partitions));
        }
        const auto to_give_up = member.to_give_up();
        if (!to_give_up.empty()) {
            return fmt::format(
                "The group is rebalancing: it waits for {} to give up {}; the member is at epoch "
                "{}, and has not reported since the targets of epoch {} were assigned.",
                name, partition_names(to_give_up), member.epoch, epoch_);
        }
        if (withheld_.empty() && member.is_classic) {
            return fmt::format(
                "The group is rebalancing: it waits for {}, which is at epoch {}, to join again.",
                name, member.epoch);
        }
        if (withheld_.empty()) {
            return fmt::format(
                "The group is rebalancing: it waits for {}, which is at epoch {}, to reach epoch "
                "{} with its next heartbeats.",
                name, member.epoch, epoch_);
        }
        if (may_withhold_ == 1) {
            return fmt::format("The group is rebalancing: it waits for {} to give up {}.", name,
                               partition_names(withheld_));
        }
        return fmt::format(
            "The group is rebalancing: it waits for {}, one of {} that may still have {}.", name,
            client::counted(may_withhold_, "member"), partition_names(withheld_));
    }

    const GroupView& group_;
    std::int32_t epoch_;
    std::vector<PartitionName> withheld_;
    std::vector<const GroupMember*> members_;
    std::size_t may_withhold_ = 0;  ///< members that may have been told to give up partitions
};

}  // namespace

std::string partition_names(const std::vector<PartitionName>& names) {
    std::string text;
    std::string_view topic;
    std::size_t named = 0;
    for (const PartitionName& name : names) {
        if (named == kMostNamedPartitions) {
            return text + fmt::format(" and {} more", names.size() - named);
        }
        if (name.topic == topic) {
            text += fmt::format(", {}", name.partition);
        } else {
            text += fmt::format("{}{} {}", text.empty() ? "" : "; ", name.topic, name.partition);
        }
        topic = name.topic;
        ++named;
    }
    return text.empty() ? "-" : text;
}

std::vector<std::string> rebalance_reasons(const GroupView& group) {
    if (!group.epochs) {
        return classic_reasons(group);
    }
    std::vector<std::string> reasons = Laggards(group).reasons();
    if (group.epochs->group > group.epochs->assignment) {
        reasons.insert(reasons.begin(),
                       fmt::format("The group is rebalancing: the targets of epoch {} are being "
                                   "computed; until then members go on to those of epoch {}.",
                                   group.epochs->group, group.epochs->assignment));
    }
    if (reasons.empty() && group.state == "Reconciling") {
        reasons.emplace_back(
            "The group is rebalancing: members get their last partitions with their next "
            "heartbeats, once those that have them have given them up.");
    }
    return reasons;
}

}  // namespace hw::cli
