// The part of FetchJob that finds out which partitions the request reads.

#include <algorithm>
#include <utility>

#include "broker/api/fetch_job.h"
#include "broker/net/long_loop.h"

namespace hw::broker {

using wire::ErrorCode;

namespace {

constexpr ApiVersion kTopicIdsFrom{13};

}  // namespace

Task<bool> FetchJob::prepare(ExchangePtr exchange) {
    // The memory of a single partition is not worth counting.
    const std::size_t topics = request_.topics.size();
    if (topics > 1 || partitions_ > 1) {
        if (!exchange->take_work(topics + partitions_, kBytesPerItem)) {
            co_return false;
        }
        co_await find_repeated();
    }
    co_return true;
}

Task<bool> FetchJob::prepare_session(ExchangePtr exchange) {
    const std::size_t items = session_->items();
    constexpr std::size_t kSingle = 2;  // one topic and its partition
    if (items > kSingle &&
        !exchange->take_work(items, kBytesPerItem + session_->bytes_per_item())) {
        co_return false;
    }
    const ErrorCode code = co_await session_->list(services_.shard, services_.clock);
    if (code != ErrorCode::none) {
        Response refusal;
        refusal.error_code = code;
        exchange->reply(refusal);
        co_return false;
    }
    request_.topics = session_->topics();
    partitions_ = session_->size();
    co_return true;
}

Task<> FetchJob::find_repeated() {
    std::vector<PartitionMention> mentions;
    mentions.reserve(partitions_);
    for (const Request::Topic& topic : request_.topics) {
        for (const Request::Partition& asked : topic.partitions) {
            mentions.push_back({&topic, &asked, mentions.size()});
        }
    }
    co_await sort_in_turns(services_.shard, std::span(mentions));
    for (std::size_t first = 0; first < mentions.size();) {
        std::size_t end = first + 1;
        for (; end < mentions.size() && mentions[end].key() == mentions[first].key(); ++end) {
            repeated_mentions_.push_back({mentions[end].place, nullptr});
        }
        if (end > first + 1) {
            repeated_mentions_.push_back({mentions[first].place, mentions[end - 1].asked});
        }
        first = end;
    }
    std::ranges::sort(repeated_mentions_, {}, &RepeatedMention::place);
}

FoundTopic FetchJob::find(const Request::Topic& topic) const {
    const TopicAccess access{who_, Operation::read};
    return version_ >= kTopicIdsFrom ? find_topic(services_, access, topic.topic_id)
                                     : find_topic(services_, access, topic.topic);
}

std::expected<const HostedPartition*, wire::Refusal> FetchJob::find_partition(
    const FoundTopic& topic, const Request::Partition& asked) const {
    auto found = reads_anywhere() ? find_replica(services_, topic, asked.partition)
                                  : broker::find_partition(services_, topic, asked.partition);
    if (found && is_of_follower()) {
        HW_TRY_VOID(check_follower(asked));
    }
    return found;
}

Task<> FetchJob::resolve_all() {
    answers_.reserve(partitions_ - repeated_mentions_.size());
    reads_.reserve(partitions_ - repeated_mentions_.size());
    topic_answers_.reserve(request_.topics.size());
    while (!resolve_some()) {
        co_await let_others_run(services_.shard);
    }
}

bool FetchJob::resolve_some() {
    LongLoop loop;
    while (next_topic_ < request_.topics.size()) {
        const Request::Topic& topic = request_.topics[next_topic_];
        const FoundTopic found = find(topic);
        if (next_partition_ == 0) {
            topic_answers_.push_back(0);
        }
        while (next_partition_ < topic.partitions.size()) {
            const Request::Partition* asked = &topic.partitions[next_partition_++];
            const std::size_t place = next_place_++;
            if (next_repeated_ < repeated_mentions_.size() &&
                repeated_mentions_[next_repeated_].place == place) {
                asked = repeated_mentions_[next_repeated_++].asked;
            }
            if (asked != nullptr) {
                ++topic_answers_.back();
                resolve(found, *asked);
            }
            if (loop.is_over()) {
                return false;
            }
        }
        next_partition_ = 0;
        ++next_topic_;
        if (loop.is_over()) {
            return false;
        }
    }
    return true;
}

void FetchJob::resolve(const FoundTopic& topic, const Request::Partition& asked) {
    const std::size_t answer = answers_.size();
    answers_.push_back({.partition_index = asked.partition});
    if (isolation_ == replication::IsolationLevel::read_uncommitted) {
        answers_.back().aborted_transactions = wire::Array<Response::AbortedTransaction>::null();
    }
    const auto hosted = find_partition(topic, asked);
    if (!hosted) {
        refuse(answer, hosted.error().code);
        return;
    }
    Read read;
    read.replica = (*hosted)->replica;
    read.asked = &asked;
    read.answer = answer;
    read.batch_bytes = static_cast<std::uint32_t>((*hosted)->options->produce.max_message_bytes);
    reads_.push_back(std::move(read));
}

}  // namespace hw::broker
