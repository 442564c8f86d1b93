#include "tools/client/partition_lag.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "protocol/schema/api/describe_lag.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

using schema::DescribeLagRequest;
using schema::DescribeLagResponse;

/// Brokers describe no more partitions at once.
constexpr std::size_t kMaxPartitions = 1000;

using Indexes = std::span<const std::size_t>;

/// What the request of some partitions is made of; they are together where they have a topic in
/// common.
struct LagQuestion {
    LagQuestion(std::span<const ReadPosition> positions, Indexes asked) {
        partitions.reserve(asked.size());  // the topics point into it
        for (const std::size_t index : asked) {
            const ReadPosition& position = positions[index];
            partitions.push_back({.partition_index = position.name.partition,
                                  .next_offset = position.next_offset.value_or(kNoOffset)});
            if (topics.empty() || topics.back().name != position.name.topic) {
                topics.push_back({.name = position.name.topic, .partitions = {}});
                first = partitions.size() - 1;
            }
            topics.back().partitions = Asked(partitions).subspan(first);
        }
    }

    using Asked = std::span<const DescribeLagRequest::Partition>;

    std::vector<DescribeLagRequest::Partition> partitions;
    std::vector<DescribeLagRequest::Topic> topics;
    std::size_t first = 0;  ///< of the last topic
};

/// Asks for the lags of partitions, in attempts, and collects the results.
class LagQuery {
public:
    LagQuery(Client& client, std::span<const ReadPosition> positions)
        : client_(client),
          positions_(positions),
          lags_(positions.size(), fail(ErrorKind::busy, "it was not asked for yet")),
          pending_(positions.size()) {
        std::iota(pending_.begin(), pending_.end(), std::size_t{0});
    }

    /// Asks for the partitions without a final result. Errors: that of one which may have a result
    /// later.
    [[nodiscard]] Result<void> attempt(const Deadline& deadline);
    /// Adds to the failures of the partitions without a final result that there is no time left.
    void give_up();
    [[nodiscard]] std::vector<Result<PartitionLag>> take() { return std::move(lags_); }

private:
    [[nodiscard]] Result<BrokerId> leader_of(const PartitionName& name, const Deadline& deadline);
    void ask_leader(BrokerId leader, Indexes asked, const Deadline& deadline);
    /// Errors: unsupported (the broker is not one of Highwater's), those of BrokerConnection::call.
    [[nodiscard]] Result<void> ask(BrokerConnection& leader, Indexes asked,
                                   const Deadline& deadline);
    [[nodiscard]] Result<PartitionLag> lag_in(const DescribeLagResponse::Partition& answer,
                                              std::size_t index, Timestamp now) const;

    Client& client_;
    std::span<const ReadPosition> positions_;
    std::vector<Result<PartitionLag>> lags_;
    std::vector<std::size_t> pending_;
};

Result<PartitionLag> LagQuery::lag_in(const DescribeLagResponse::Partition& answer,
                                      std::size_t index, Timestamp now) const {
    const ReadPosition& position = positions_[index];
    if (answer.error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of(answer.error_code, "partition " + to_string(position.name),
                                        answer.error_message));
    }
    PartitionLag lag{.end_offset = answer.end_offset, .age = {}};
    if (position.next_offset && *position.next_offset >= answer.end_offset) {
        lag.age = Milliseconds(0);
    } else if (position.next_offset && answer.oldest_timestamp >= Timestamp(0)) {
        lag.age = Milliseconds(std::max<std::int64_t>(now - answer.oldest_timestamp, 0));
    }
    return lag;
}

Result<void> LagQuery::ask(BrokerConnection& leader, Indexes asked, const Deadline& deadline) {
    const LagQuestion question(positions_, asked);
    const DescribeLagRequest request{.topics = question.topics};
    HW_TRY(answer, leader.call<DescribeLagResponse>(request, deadline));
    if (answer->error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of(answer->error_code, "the lag", answer->error_message));
    }
    std::size_t answered = 0;
    for (const auto& topic : answer->topics) {
        for (const auto& partition : topic.partitions) {
            const bool is_next =
                answered < asked.size() &&
                partition.partition_index == positions_[asked[answered]].name.partition;
            if (!is_next) {
                return fail(ErrorKind::corrupt, "{}: the answer has other partitions than asked",
                            config::to_string(leader.address()));
            }
            lags_[asked[answered]] = lag_in(partition, asked[answered], answer->time);
            ++answered;
        }
    }
    if (answered != asked.size()) {
        return fail(ErrorKind::corrupt, "{}: the answer has {} of {} partitions",
                    config::to_string(leader.address()), answered, asked.size());
    }
    return {};
}

void LagQuery::ask_leader(BrokerId id, Indexes asked, const Deadline& deadline) {
    const auto leader = client_.broker(id, deadline);
    if (!leader) {
        for (const std::size_t index : asked) {
            const auto& [topic, partition] = positions_[index].name;
            lags_[index] = std::unexpected(leader_failure(topic, partition, id, leader.error()));
        }
        return;
    }
    while (!asked.empty()) {
        const Indexes next = asked.first(std::min(asked.size(), kMaxPartitions));
        if (const auto done = ask(**leader, next, deadline); !done) {
            for (const std::size_t index : asked) {
                lags_[index] = std::unexpected(done.error());
            }
            return;
        }
        asked = asked.subspan(next.size());
    }
}

Result<BrokerId> LagQuery::leader_of(const PartitionName& name, const Deadline& deadline) {
    HW_TRY(topic, client_.topic(name.topic, deadline));
    const auto found = std::ranges::find(topic.partitions, name.partition, &PartitionView::index);
    if (found == topic.partitions.end()) {
        return std::unexpected(unknown_partition(topic, fmt::format("{}", name.partition)));
    }
    return found->leader;
}

Result<void> LagQuery::attempt(const Deadline& deadline) {
    std::map<BrokerId, std::vector<std::size_t>> by_leader;
    for (const std::size_t index : pending_) {
        if (const auto leader = leader_of(positions_[index].name, deadline)) {
            by_leader[*leader].push_back(index);
        } else {
            lags_[index] = std::unexpected(leader.error());
        }
    }
    // A leader that does not answer must not use up the time of the others.
    auto leaders_left = static_cast<std::int64_t>(by_leader.size());
    for (const auto& [leader, asked] : by_leader) {
        ask_leader(leader, asked, deadline.within(deadline.left() / leaders_left--));
    }
    std::erase_if(pending_, [this](std::size_t index) {
        return lags_[index] || !Client::may_be_temporary(lags_[index].error());
    });
    return pending_.empty() ? Result<void>() : std::unexpected(lags_[pending_.front()].error());
}

void LagQuery::give_up() {
    for (const std::size_t index : pending_) {
        lags_[index].error().message += client_.given_up();
    }
}

}  // namespace

std::vector<Result<PartitionLag>> partition_lags(Client& client,
                                                 std::span<const ReadPosition> positions) {
    LagQuery query(client, positions);
    const auto ended = client.retried(
        Retry::any, [&](const Deadline& deadline) { return query.attempt(deadline); });
    if (!ended) {
        query.give_up();
    }
    auto lags = query.take();
    for (std::size_t index = 0; index < lags.size(); ++index) {
        if (lags[index] || lags[index].error().kind != ErrorKind::unsupported) {
            continue;
        }
        const auto end = offset_at(client, positions[index].name, kLogEnd);
        lags[index] = end ? Result<PartitionLag>({*end, {}, false}) : std::unexpected(end.error());
    }
    return lags;
}

}  // namespace hw::client
