#include "broker/api/offset_for_leader_epoch.h"

#include <expected>
#include <span>
#include <vector>

#include "broker/api/partition_lookup.h"
#include "broker/net/long_loop.h"
#include "broker/replicas/guard_visit.h"

namespace hw::broker {
namespace {

using replication::PartitionReplica;
using storage::EpochEnd;
using Request = schema::OffsetForLeaderEpochRequest;
using Response = schema::OffsetForLeaderEpochResponse;

FoundTopic find_topic(const ApiServices& services, const RequestContext& who,
                      std::string_view name) {
    if (who.allows(Operation::cluster_action, kCluster)) {
        return {services.image->find_topic(name), wire::ErrorCode::unknown_topic_or_partition};
    }
    return find_topic(services, TopicAccess{who, Operation::describe}, name);
}

/// One OffsetForLeaderEpoch request in progress. Lives in the frame of its coroutine.
class EpochLookup {
public:
    EpochLookup(const ApiServices& services, const Exchange& exchange, std::size_t partitions)
        : services_(services), who_(exchange.context()), visit_(services.shard) {
        answers_.reserve(partitions);
    }

    /// Adds the answer for one partition.
    [[nodiscard]] Task<> look_up(std::string_view topic, const Request::Partition& asked);
    void reply(Exchange& exchange, const Request& request) const;

private:
    using Found = std::expected<EpochEnd, wire::Refusal>;

    [[nodiscard]] Task<Found> find(std::string_view topic, const Request::Partition& asked);

    const ApiServices& services_;
    const RequestContext& who_;
    std::vector<Response::Partition> answers_;  ///< of all topics, in the order of the request
    GuardVisit visit_;
};

Task<> EpochLookup::look_up(std::string_view topic, const Request::Partition& asked) {
    const Found found = co_await find(topic, asked);
    Response::Partition answer{.partition = asked.partition};
    if (found) {
        answer.leader_epoch = found->epoch;
        answer.end_offset = found->end_offset;
    } else {
        answer.error_code = found.error().code;
    }
    answers_.push_back(answer);
}

Task<EpochLookup::Found> EpochLookup::find(std::string_view topic,
                                           const Request::Partition& asked) {
    const auto hosted =
        find_partition(services_, find_topic(services_, who_, topic), asked.partition);
    if (!hosted) {
        co_return std::unexpected(hosted.error());
    }
    const ReplicaPtr replica = (*hosted)->replica;
    Found found;
    const auto read = [&](const PartitionReplica& inside) {
        const auto reader = inside.reader(asked.current_leader_epoch);
        found =
            reader ? reader->listed_end_of(asked.leader_epoch) : std::unexpected(reader.error());
    };
    while (!visit_.begin(*replica, read)) {
        co_await wait_for_room(services_.shard, services_.clock);
    }
    co_await visit_.wait();
    co_return found;
}

void EpochLookup::reply(Exchange& exchange, const Request& request) const {
    std::vector<Response::Topic> topics;
    topics.reserve(request.topics.size());
    std::span<const Response::Partition> rest(answers_);
    for (const Request::Topic& topic : request.topics) {
        topics.push_back({topic.topic, rest.first(topic.partitions.size())});
        rest = rest.subspan(topic.partitions.size());
    }
    Response response;
    response.topics = topics;
    exchange.reply(response);
}

}  // namespace

Task<> OffsetForLeaderEpochHandler::serve(ExchangePtr exchange, const Request& request) {
    constexpr std::size_t kBytesPerItem = 64;  // of the answer
    const std::size_t partitions = partitions_of(request);
    const std::size_t items = request.topics.size() + partitions;
    if (items > 2 && !exchange->take_work(items, kBytesPerItem)) {
        co_return;
    }
    EpochLookup lookup(services_, *exchange, partitions);
    LongLoop loop;
    for (const Request::Topic& topic : request.topics) {
        for (const Request::Partition& asked : topic.partitions) {
            co_await lookup.look_up(topic.topic, asked);
            if (loop.is_over()) {
                co_await let_others_run(services_.shard);
            }
            if (!exchange->is_wanted()) {
                co_return;
            }
        }
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    lookup.reply(*exchange, request);
}

}  // namespace hw::broker
