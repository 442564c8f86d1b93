#include "broker/replicas/follower_fetcher.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "broker/replicas/guard_visit.h"

namespace hw::broker {

using replication::FetchedPartition;
using replication::FetchPosition;
using replication::PartitionReplica;
using schema::FetchRequest;
using schema::FetchResponse;
using wire::ErrorCode;
using Wanted = replication::FetchSessionReader::Wanted;
using Outcome = replication::FetchSessionReader::Outcome;

namespace {

constexpr ApiVersion kFetchVersion{18};

/// Runs `work` in the guard of the replica and waits for it.
Task<> run_inside(Shard& shard, const Clock& clock, ReplicaPtr replica,
                  std::move_only_function<void(PartitionReplica&)> work) {
    GuardVisit visit(shard);
    while (!visit.begin(*replica, [&work](PartitionReplica& inside) { work(inside); })) {
        co_await wait_for_room(shard, clock);
    }
    co_await visit.wait();
}

bool has_records(const FetchResponse::Partition& partition) {
    return !partition.records.empty() && !partition.records[0].empty();
}

/// An answer without an error, records or a place where to cut.
bool says_nothing(const wire::DecodedMessage<FetchResponse>& reply) {
    return reply->error_code == ErrorCode::none &&
           std::ranges::all_of(reply->responses, [](const FetchResponse::Topic& topic) {
               return std::ranges::all_of(
                   topic.partitions, [](const FetchResponse::Partition& partition) {
                       return partition.error_code == ErrorCode::none &&
                              partition.diverging_epoch.end_offset == kNoOffset &&
                              !has_records(partition);
                   });
           });
}

/// Lists the last of `items` under its topic. Called for each item; the vector must not grow beyond
/// its capacity, because the lists point into it.
template <class Topic, class Item>
void list_last(std::vector<Topic>& topics, TopicId topic, const std::vector<Item>& items) {
    if (topics.empty() || topics.back().topic_id != topic) {
        topics.push_back({.topic_id = topic});
    }
    auto& listed = topics.back().partitions;
    const Item* const first = listed.empty() ? &items.back() : listed.begin();
    listed = std::span(first, listed.size() + 1);
}

FetchedPartition answer_of(const FetchResponse::Partition& partition, const FetchPosition& asked) {
    FetchedPartition answer{.asked = asked,
                            .error = partition.error_code,
                            .diverging = {},
                            .high_watermark = partition.high_watermark,
                            .log_start_offset = partition.log_start_offset,
                            .records = {}};
    if (partition.diverging_epoch.end_offset != kNoOffset) {
        answer.diverging = storage::EpochEnd{partition.diverging_epoch.epoch,
                                             partition.diverging_epoch.end_offset};
    }
    if (has_records(partition)) {
        answer.records = partition.records[0];
    }
    return answer;
}

}  // namespace

FollowerFetcher::FollowerFetcher(Ports ports, BrokerId leader, const FetcherOptions& options)
    : ports_(std::move(ports)),
      leader_(leader),
      options_(options),
      tasks_(ports_.shard),
      troubles_(ports_.log, ports_.clock) {}

void FollowerFetcher::add(ReplicaPtr replica) {
    const auto known = awaited_.find(replica->key());
    const int failures = known == awaited_.end() ? 0 : known->second;
    arrivals_.push_back({TimePoint(), std::move(replica), failures});
    changed_.set();
}

void FollowerFetcher::begin_stop() {
    stopping_ = true;
    changed_.set();
}

Task<> FollowerFetcher::stop() {
    begin_stop();
    co_await tasks_.wait_idle();
}

Task<> FollowerFetcher::run() {
    while (!stopping_) {
        end_pauses();
        co_await admit();
        if (may_send()) {
            awaited_.clear();
            const Rest rest = one_rests_ ? Rest::no : Rest::yes;
            (rest == Rest::yes ? one_rests_ : one_hurries_) = true;
            tasks_.spawn(fetch(std::exchange(ready_, {}), rest));
        } else if (arrivals_.empty()) {
            co_await ports_.shard.wait(changed_, next_time());
        }
    }
}

/// Asks the replicas that have come for their positions.
Task<> FollowerFetcher::admit() {
    for (Paused& arrival : std::exchange(arrivals_, {})) {
        std::optional<FetchPosition> position;
        auto ask = [&position, leader = leader_](PartitionReplica& inside) {
            position = inside.next_fetch(leader);
        };
        co_await run_inside(ports_.shard, ports_.clock, arrival.replica, std::move(ask));
        awaited_.erase(arrival.replica->key());
        begin_next({std::move(arrival.replica), {}, arrival.failures}, position);
    }
}

void FollowerFetcher::begin_next(Member member, const std::optional<FetchPosition>& position) {
    const Key key = member.replica->key();
    if (!position) {
        // It comes back by `add`, if it still follows this leader.
        awaited_[key] = member.failures;
        return;
    }
    if (ready_.empty()) {
        ready_since_ = ports_.clock.now();
    }
    member.position = *position;
    ready_.insert_or_assign(key, std::move(member));
}

bool FollowerFetcher::may_send() const {
    return !stopping_ && !ready_.empty() && !one_hurries_ &&
           (awaited_.empty() || ports_.clock.now() >= ready_since_ + kPatience);
}

TimePoint FollowerFetcher::next_time() const {
    TimePoint next = kNever;
    if (!ready_.empty() && !one_hurries_) {
        next = ready_since_ + kPatience;
    }
    for (const Paused& paused : paused_) {
        next = std::min(next, paused.until);
    }
    return next;
}

void FollowerFetcher::end_pauses() {
    const TimePoint now = ports_.clock.now();
    std::vector<Paused> later;
    for (Paused& paused : paused_) {
        (paused.until > now ? later : arrivals_).push_back(std::move(paused));
    }
    paused_ = std::move(later);
}

void FollowerFetcher::pause(Member member) {
    const int failures = member.failures + 1;
    const Duration pause =
        std::min(kLastPause, kFirstPause * (std::int64_t{1} << std::min(member.failures, 10)));
    paused_.push_back({ports_.clock.now() + pause, std::move(member.replica), failures});
}

Task<> FollowerFetcher::fetch(Batch batch, Rest rest) {
    const TimePoint begin = ports_.clock.now();
    if (rest == Rest::no) {
        hurried_at_ = begin;
    }
    auto reply = co_await (rest == Rest::yes ? send_in_session(batch) : send_alone(batch));
    const bool ended_itself = rest == Rest::yes && hurried_at_ < begin;
    if (ended_itself && reply && says_nothing(**reply)) {
        Signal nobody;
        co_await ports_.shard.wait(nobody, begin + kShortest);
    }
    std::string trouble;
    if (!reply) {
        trouble = reply.error().message;
    } else if ((**reply)->error_code != ErrorCode::none) {
        trouble = fmt::format("it refuses: {}", (**reply)->error_code);
    } else {
        co_await take(batch, *reply);
        if (rest == Rest::yes) {
            co_await take_unchanged(batch, std::move(*reply));
        }
    }
    report(trouble);
    // What is left has got no answer.
    for (auto& [key, member] : batch) {
        co_await give_up(std::move(member));
    }
    (rest == Rest::yes ? one_rests_ : one_hurries_) = false;
    changed_.set();
}

void FollowerFetcher::report(const std::string& trouble) {
    if (!trouble.empty() && trouble != last_trouble_ && !stopping_) {
        troubles_.warning("cannot fetch from broker {}: {}; trying again until it succeeds",
                          leader_, trouble);
    }
    last_trouble_ = trouble;
}

Task<> FollowerFetcher::give_up(Member member) {
    auto forget = [&asked = member.position](PartitionReplica& inside) {
        inside.fetch_failed(asked);
    };
    co_await run_inside(ports_.shard, ports_.clock, member.replica, std::move(forget));
    pause(std::move(member));
}

std::vector<Wanted> FollowerFetcher::wanted(const Batch& batch) const {
    std::vector<Wanted> order;
    order.reserve(batch.size());
    for (const auto& [key, member] : batch) {
        const FetchPosition& position = member.position;
        order.push_back({key.topic,
                         {.partition = key.index,
                          .current_leader_epoch = position.leader_epoch,
                          .fetch_offset = position.offset,
                          .last_fetched_epoch = position.last_fetched_epoch,
                          .log_start_offset = position.log_start_offset,
                          .partition_max_bytes = options_.partition_max_bytes,
                          .replica_directory_id = member.replica->directory()->id(),
                          .high_watermark = position.shown_high_watermark}});
    }
    const auto served = std::distance(batch.begin(), batch.upper_bound(last_served_));
    std::ranges::rotate(order, order.begin() + served);
    return order;
}

Task<Result<FollowerFetcher::ReplyPtr>> FollowerFetcher::send_alone(const Batch& batch) {
    const NextRequest next{.id = replication::kNoFetchSession,
                           .epoch = replication::kFinalSessionEpoch,
                           .named = wanted(batch),
                           .forgotten = {}};
    auto reply = co_await send(next, std::chrono::milliseconds(0));
    co_return reply;
}

Task<Result<FollowerFetcher::ReplyPtr>> FollowerFetcher::send_in_session(const Batch& batch) {
    // A full request cannot lose its session, so there are two attempts at most.
    while (true) {
        const NextRequest next = session_.next(wanted(batch));
        auto reply = co_await send(next, options_.max_wait);
        if (!reply) {
            session_.on_failure();
            co_return reply;
        }
        if (session_.on_response(***reply) != Outcome::session_lost) {
            co_return reply;
        }
    }
}

Task<Result<FollowerFetcher::ReplyPtr>> FollowerFetcher::send(const NextRequest& next,
                                                              std::chrono::milliseconds max_wait) {
    std::vector<FetchRequest::Partition> partitions;
    partitions.reserve(next.named.size());
    std::vector<FetchRequest::Topic> topics;
    for (const Wanted& one : next.named) {
        partitions.push_back(one.asked);
        list_last(topics, one.topic, partitions);
    }
    std::vector<PartitionIndex> forgotten_partitions;
    forgotten_partitions.reserve(next.forgotten.size());
    std::vector<FetchRequest::ForgottenTopic> forgotten;
    for (const auto& [topic, index] : next.forgotten) {
        forgotten_partitions.push_back(index);
        list_last(forgotten, topic, forgotten_partitions);
    }
    FetchRequest request;
    request.replica_state.replica_id = options_.self;
    request.replica_state.replica_epoch = ports_.broker_epoch();
    request.max_wait_ms = Millis(static_cast<std::int32_t>(max_wait.count()));
    request.min_bytes = 1;
    request.max_bytes = options_.response_max_bytes;
    request.session_id = next.id;
    request.session_epoch = next.epoch;
    request.topics = topics;
    request.forgotten_topics_data = forgotten;
    const TimePoint deadline = ports_.clock.now() + options_.max_wait + options_.answer_limit;
    auto reply =
        co_await replication::call<FetchResponse>(ports_.leader, request, kFetchVersion, deadline);
    if (!reply) {
        co_return std::unexpected(reply.error());
    }
    co_return std::make_shared<const Reply>(std::move(*reply));
}

/// Takes the answered members out of `batch`.
Task<> FollowerFetcher::take(Batch& batch, ReplyPtr reply) {
    for (const FetchResponse::Topic& topic : (*reply)->responses) {
        for (const FetchResponse::Partition& partition : topic.partitions) {
            auto found = batch.extract(Key(topic.topic_id, partition.partition_index));
            if (found.empty()) {
                continue;
            }
            last_served_ = has_records(partition) ? found.key() : last_served_;
            const auto answer = answer_of(partition, found.mapped().position);
            co_await take_partition(std::move(found.mapped()), answer, reply);
        }
    }
}

Task<> FollowerFetcher::take_unchanged(Batch& batch, ReplyPtr reply) {
    Batch rest;
    for (auto& [key, member] : std::exchange(batch, {})) {
        const auto known = session_.unchanged({key.topic, key.index});
        if (!known) {
            rest.emplace(key, std::move(member));
            continue;
        }
        const FetchedPartition answer{.asked = member.position,
                                      .diverging = {},
                                      .high_watermark = known->high_watermark,
                                      .log_start_offset = known->log_start_offset,
                                      .records = {}};
        co_await take_partition(std::move(member), answer, reply);
    }
    batch = std::move(rest);
}

Task<> FollowerFetcher::take_partition(Member member, FetchedPartition answer, ReplyPtr reply) {
    std::string trouble;
    std::optional<FetchPosition> next;
    auto work = [&](PartitionReplica& inside) {
        trouble = inside.take_fetched(answer, reply);
        if (trouble.empty()) {
            next = inside.next_fetch(leader_);
        }
    };
    co_await run_inside(ports_.shard, ports_.clock, member.replica, std::move(work));
    if (trouble.empty()) {
        member.failures = 0;
        begin_next(std::move(member), next);
        co_return;
    }
    // The first few, for about two seconds, are normal while the leader changes, or makes its log.
    constexpr int kNormal = 10;
    if (member.failures == kNormal) {
        troubles_.warning(
            "{}: cannot follow: {}; trying again until it succeeds",
            fmt::format("{}-{}", member.replica->key().topic, member.replica->key().index),
            trouble);
    }
    pause(std::move(member));
}

}  // namespace hw::broker
