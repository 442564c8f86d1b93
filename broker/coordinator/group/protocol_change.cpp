#include "broker/coordinator/group/protocol_change.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/coordinator/assignor/assignment.h"
#include "broker/coordinator/consumer/classic_subscription.h"
#include "broker/coordinator/consumer/consumer_records.h"
#include "broker/coordinator/consumer/member_steps.h"

namespace hw::broker {
namespace {

using controller::MetadataImage;

/// A member of a classic group, as it is in a consumer group.
struct Changed {
    MemberDescription description;
    Assignment assigned;
    Assignment owned;  ///< by its own word
};

std::optional<Changed> changed(const ClassicMember& member, const MetadataImage& image) {
    if (member.protocols.empty()) {
        return std::nullopt;
    }
    auto subscription = read_subscription(member.protocols.front().metadata, image);
    auto assigned = read_classic_assignment(member.assignment, image);
    if (!subscription || !assigned) {
        return std::nullopt;
    }
    return Changed{.description = {.instance = member.instance,
                                   .rack = std::move(subscription->rack),
                                   .client_id = member.client_id,
                                   .client_host = member.client_host,
                                   .topics = std::move(subscription->topics),
                                   .pattern = {},
                                   .rebalance_timeout = member.rebalance_timeout,
                                   .assignor = {},
                                   .classic = ClassicPart{.session_timeout = member.session_timeout,
                                                          .protocols = member.protocols}},
                   .assigned = std::move(*assigned),
                   .owned = std::move(subscription->owned)};
}

/// Partitions that have an owner.
class Taken {
public:
    /// Those of the partitions that had no owner. They have one now.
    Assignment take(const Assignment& partitions) {
        Assignment free;
        for (const AssignedTopic& topic : partitions) {
            AssignedTopic part{topic.topic, topic.partitions};
            std::erase_if(part.partitions, [&](PartitionIndex partition) {
                return !taken_.emplace(topic.topic, partition).second;
            });
            if (!part.partitions.empty()) {
                free.push_back(std::move(part));
            }
        }
        return free;
    }

private:
    std::set<std::pair<TopicId, PartitionIndex>> taken_;
};

/// Gives members what they have and nobody is assigned: they are giving it up. Nobody else may have
/// it until they have.
void add_owned(std::map<std::string, Changed>& members) {
    Taken taken;
    for (auto& [id, member] : members) {
        member.assigned = taken.take(member.assigned);  // a leader may have assigned one twice
    }
    for (auto& [id, member] : members) {
        member.assigned = united(member.assigned, taken.take(member.owned));
    }
}

OwnedPartitions owned_since(const Assignment& assigned, std::int32_t epoch) {
    OwnedPartitions owned;
    for (const AssignedTopic& topic : assigned) {
        OwnedTopic& one = owned.emplace_back(OwnedTopic{topic.topic, {}});
        for (const PartitionIndex partition : topic.partitions) {
            one.partitions.push_back({partition, epoch});
        }
    }
    return owned;
}

}  // namespace

std::optional<CoordinatorRecords> to_consumer_group(std::string_view name,
                                                    const ClassicGroup& group,
                                                    const MetadataImage& image, Timestamp wall,
                                                    const ConsumerMutants& mutants) {
    if (!group.is_of_consumers()) {
        return std::nullopt;
    }
    std::map<std::string, Changed> members;
    for (const auto& [id, member] : group.members()) {
        auto one = changed(member, image);
        if (!one) {
            return std::nullopt;
        }
        members.emplace(id, std::move(*one));
    }
    if (!mutants.forgets_classic_parts) {
        add_owned(members);
    }
    const std::int32_t epoch = group.generation();
    CoordinatorRecords records;
    for (const auto& [id, member] : members) {
        records.push_back(description_record(name, id, member.description));
    }
    records.push_back(group_epoch_record(name, epoch, 0));
    for (const auto& [id, member] : members) {
        records.push_back(target_record(name, id, member.assigned));
    }
    records.push_back(target_epoch_record(name, epoch, wall));
    for (const auto& [id, member] : members) {
        records.push_back(position_record(name, id,
                                          {.epoch = epoch,
                                           .previous_epoch = epoch,
                                           .state = MemberState::stable,
                                           .assigned = owned_since(member.assigned, epoch),
                                           .revoking = {}}));
    }
    return records;
}

ClassicRecord to_classic_group(const ConsumerGroup& group, const MetadataImage& image,
                               Timestamp wall, const ConsumerMutants& mutants) {
    ClassicRecord record{.protocol_type = "consumer",
                         .generation = group.target_epoch(),
                         .protocol = group.common_protocol(),
                         .leader = {},
                         .state_since = wall,
                         .members = {}};
    for (const auto& [id, member] : group.members()) {
        const ClassicPart& classic = *member.description.classic;
        Assignment has = partitions_of(member.position.assigned);
        if (!mutants.forgets_classic_parts) {
            has = united(has, partitions_of(member.position.revoking));
        }
        record.members.push_back(
            {.id = id,
             .instance = member.description.instance,
             .client_id = member.description.client_id,
             .client_host = member.description.client_host,
             .rebalance_timeout = member.description.rebalance_timeout,
             .session_timeout = classic.session_timeout,
             .assignment = write_classic_assignment(has, classic.protocols.front().metadata, image),
             .protocols = classic.protocols});
    }
    return record;
}

}  // namespace hw::broker
