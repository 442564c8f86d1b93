#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "controller/ops/partitions.h"

namespace hw::controller {
namespace {

using Request = schema::ElectLeadersRequest;
using wire::ErrorCode;

/// The types of election, with their numbers in the protocol.
enum class ElectionType : std::int8_t { preferred = 0, unclean = 1 };

/// Handles one ElectLeaders request, partition by partition.
class ElectionRequest {
public:
    ElectionRequest(const Request& request, const OperationContext& context)
        : request_(request),
          context_(context),
          type_(static_cast<ElectionType>(request.election_type)),
          brokers_(context.brokers()),
          changes_(brokers_, outcome_.records) {}
    ElectionRequest(const ElectionRequest&) = delete;
    ElectionRequest& operator=(const ElectionRequest&) = delete;

    [[nodiscard]] Outcome<ElectLeadersResult> run();

private:
    void elect_all();
    void elect_named();
    /// Elects the leader of a partition that exists, unless it has the leader that is asked for.
    [[nodiscard]] Checked<void> elect(PartitionKey key);
    [[nodiscard]] Checked<void> elect(std::string_view topic, PartitionIndex index);
    void answer(std::string_view topic, PartitionIndex index, const Checked<void>& outcome);

    const Request& request_;
    const OperationContext& context_;
    ElectionType type_;
    BrokersDuringElection brokers_;
    Outcome<ElectLeadersResult> outcome_;
    PartitionChanges changes_;
};

Checked<void> ElectionRequest::elect(PartitionKey key) {
    const PartitionImage& partition = *changes_.find(key);
    const BrokerId preferred = partition.replicas.front();
    if (type_ == ElectionType::preferred) {
        if (partition.leader == preferred) {
            return refuse(ErrorCode::election_not_needed, "the preferred leader, {}, leads",
                          preferred);
        }
        if (!changes_.apply(key, changes_.change(key).elect(Election::preferred))) {
            return refuse(ErrorCode::preferred_leader_not_available,
                          "the preferred leader, {}, is fenced, about to stop, or not in the ISR",
                          preferred);
        }
        return {};
    }
    if (partition.leader != kNoBroker) {
        return refuse(ErrorCode::election_not_needed, "there is a leader, {}", partition.leader);
    }
    if (!changes_.apply(key, changes_.change(key).elect(Election::unclean))) {
        return refuse(ErrorCode::eligible_leaders_not_available,
                      "each replica is on a broker that is fenced or about to stop, or in a "
                      "directory that is offline");
    }
    return {};
}

Checked<void> ElectionRequest::elect(std::string_view topic, PartitionIndex index) {
    const TopicImage* found = context_.image.find_topic(topic);
    if (found == nullptr) {
        return refuse(ErrorCode::unknown_topic_or_partition, "there is no topic '{}'", topic);
    }
    if (!found->partitions.contains(index)) {
        return refuse(ErrorCode::unknown_topic_or_partition,
                      "topic '{}' has {} partitions, and none with number {}", topic,
                      found->partitions.size(), index);
    }
    return elect({found->id, index});
}

void ElectionRequest::answer(std::string_view topic, PartitionIndex index,
                             const Checked<void>& outcome) {
    outcome_.response.partitions.push_back({.refusal = outcome ? Refusal() : outcome.error(),
                                            .topic = std::string(topic),
                                            .index = index});
}

void ElectionRequest::elect_all() {
    const TopicTable& topics = context_.image.topic_table();
    const PartitionSet partitions =
        type_ == ElectionType::preferred ? topics.not_led_as_preferred() : topics.led_by(kNoBroker);
    for (const auto& [key, nothing] : partitions) {
        if (outcome_.response.partitions.size() == kMaxElections) {
            return;
        }
        answer(topics.find(key.topic)->name, key.index, elect(key));
    }
}

void ElectionRequest::elect_named() {
    for (const Request::TopicPartitions& topic : request_.topic_partitions) {
        for (const PartitionIndex index : topic.partitions) {
            answer(topic.topic, index, elect(topic.topic, index));
        }
    }
}

Outcome<ElectLeadersResult> ElectionRequest::run() {
    if (type_ != ElectionType::preferred && type_ != ElectionType::unclean) {
        outcome_.response.refusal =
            refuse(ErrorCode::invalid_request,
                   "the election type is {}; it is 0 for preferred or 1 for unclean",
                   request_.election_type)
                .error();
    } else if (request_.topic_partitions.is_null()) {
        elect_all();
    } else {
        elect_named();
    }
    return std::move(outcome_);
}

}  // namespace

Outcome<ElectLeadersResult> elect_leaders(const Request& request, const OperationContext& context) {
    return ElectionRequest(request, context).run();
}

RecordBatch preferred_elections(const OperationContext& context, std::size_t limit) {
    RecordBatch records;
    const BrokersDuringElection brokers = context.brokers();
    const TopicTable& topics = context.image.topic_table();
    for (const auto& [key, nothing] : topics.not_led_as_preferred()) {
        if (records.size() == limit) {
            break;
        }
        PartitionChangeBuilder(brokers, key, *topics.find(key))
            .elect(Election::preferred)
            .add_to(records);
    }
    return records;
}

}  // namespace hw::controller
