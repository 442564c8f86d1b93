#include "broker/metadata/metadata_follower.h"

#include <algorithm>
#include <array>
#include <utility>

#include "broker/quorum/metadata_batch.h"
#include "protocol/record/batch_cursor.h"
#include "replication/raft/metadata_topic.h"

namespace hw::broker {

using schema::FetchRequest;
using schema::FetchResponse;
using wire::ErrorCode;

MetadataFollower::MetadataFollower(const Ports& ports, BrokerId self, std::string cluster_id,
                                   MetadataSubscriber& subscriber)
    : shard_(ports.shard),
      clock_(ports.clock),
      log_(ports.log),
      self_(self),
      is_only_broker_(ports.is_only_broker),
      cluster_id_(std::move(cluster_id)),
      locator_(ports.locator),
      asked_(ports.asked),
      subscriber_(subscriber),
      loader_(controller::MetadataImage(cluster_id_)),
      catching_up_(controller::Publication{.image = loader_.image(), .changes = {}}),
      tasks_(ports.shard) {}

void MetadataFollower::start(std::function<void(const Error&)> tell_end) {
    tell_end_ = std::move(tell_end);
    tasks_.spawn(run());
}

void MetadataFollower::begin_stop() {
    stopping_ = true;
    stop_.set();
}

Task<> MetadataFollower::run() {
    while (!stopping_) {
        const ControllerAddress from = locator_.to_ask();
        const auto answer = co_await fetch();
        if (stopping_) {
            co_return;
        }
        if (!answer) {
            report(from, answer.error().message);
            ask_another(from);
            co_await shard_.wait(stop_, clock_.now() + kRetry);
            continue;
        }
        const auto taken = co_await take(*answer, from);
        if (!taken) {
            log_.error("this node can no longer follow the metadata log: {}",
                       taken.error().message);
            tell_end_(taken.error());
            co_return;
        }
    }
}

Task<Result<MetadataFollower::Reply>> MetadataFollower::fetch() {
    using Topic = FetchRequest::Topic;
    FetchRequest::Partition partition;
    partition.partition = replication::kMetadataPartition;
    partition.current_leader_epoch = locator_.epoch();
    partition.fetch_offset = fetched_end_offset();
    partition.last_fetched_epoch =
        tail_.empty() ? loader_.image()->last_epoch() : tail_.back().epoch;
    partition.partition_max_bytes = kMaxBytes;
    partition.high_watermark = loader_.next_offset();
    const std::array partitions{partition};
    Topic topic;
    topic.topic_id = replication::kMetadataTopicId;
    topic.partitions = partitions;
    const std::array topics{topic};
    FetchRequest request;
    request.cluster_id = cluster_id_;
    // The id of a voter would acknowledge records in the name of its log, which may not have them.
    request.replica_state.replica_id = is_only_broker_ ? self_ : kNoBroker;
    request.max_wait_ms = kWait;
    request.min_bytes = 1;
    request.max_bytes = kMaxBytes;
    request.topics = topics;
    const TimePoint deadline = clock_.now() + kLimit;
    auto answer =
        co_await replication::call<FetchResponse>(asked_, request, kFetchVersion, deadline);
    co_return answer;
}

void MetadataFollower::ask_another(const ControllerAddress& from) {
    locator_.on_no_answer(from);
    if (locator_.to_ask() != from) {
        asked_.disconnect();
    }
}

void MetadataFollower::learn_leader(const Reply& answer, const ControllerAddress& from) {
    const FetchResponse::Partition& partition = answer->responses[0].partitions[0];
    const BrokerId leader = partition.current_leader.leader_id;
    std::optional<Endpoint> endpoint;
    if (partition.error_code == ErrorCode::none) {
        endpoint = from.endpoint;
    }
    for (const FetchResponse::NodeEndpoint& node : answer->node_endpoints) {
        if (node.node_id == leader && !endpoint && node.port > 0 && node.port <= UINT16_MAX) {
            endpoint = Endpoint(std::string(node.host), static_cast<std::uint16_t>(node.port));
        }
    }
    locator_.on_leader(leader, partition.current_leader.leader_epoch, endpoint);
}

std::optional<std::string> MetadataFollower::trouble_of(const Reply& answer) {
    if (answer->error_code != ErrorCode::none) {
        return fmt::format("it refuses: {}", answer->error_code);
    }
    if (answer->responses.size() != 1 || answer->responses[0].partitions.size() != 1) {
        return "its answer does not contain the log";
    }
    return std::nullopt;
}

Task<Result<void>> MetadataFollower::take(const Reply& answer, const ControllerAddress& from) {
    if (answer->error_code == ErrorCode::inconsistent_cluster_id && catching_up_) {
        co_return fail(ErrorKind::invalid,
                       "{} belongs to another cluster than the data of this node, which is of "
                       "cluster {}. Correct controller.quorum.voters or "
                       "controller.quorum.bootstrap.servers, or log.dirs",
                       to_string(from), cluster_id_);
    }
    if (const auto trouble = trouble_of(answer)) {
        report(from, *trouble);
        ask_another(from);
        co_await shard_.wait(stop_, clock_.now() + kRetry);
        co_return Result<void>();
    }
    const FetchResponse::Partition& partition = answer->responses[0].partitions[0];
    if (is_only_broker_ && partition.current_leader.leader_id == self_) {
        co_return fail(ErrorKind::invalid,
                       "the active controller has the id of this broker, {}: give each node a "
                       "node.id of its own",
                       self_);
    }
    const LeaderEpoch known = locator_.epoch();
    learn_leader(answer, from);
    if (partition.error_code != ErrorCode::none) {
        const bool is_news = locator_.epoch() > known || locator_.to_ask() != from;
        if (!is_news) {
            // Normal during an election.
            log_.debug("{} does not lead the metadata quorum: {}", to_string(from),
                       partition.error_code);
            ask_another(from);
            co_await shard_.wait(stop_, clock_.now() + kRetry);
        } else if (locator_.to_ask() != from) {
            asked_.disconnect();
        }
        co_return Result<void>();
    }
    if (partition.current_leader.leader_id != loader_.image()->controller()) {
        co_await publish(loader_.set_controller(partition.current_leader.leader_id));
    }
    const auto taken = co_await take_records(partition, from);
    co_return taken;
}

Task<Result<void>> MetadataFollower::take_records(const FetchResponse::Partition& partition,
                                                  const ControllerAddress& from) {
    if (partition.diverging_epoch.epoch >= LeaderEpoch(0)) {
        // The records after the high watermark are not in the leader's log.
        if (tail_.empty()) {
            report(from, fmt::format("it does not have the committed records up to offset {}",
                                     loader_.next_offset()));
            co_await shard_.wait(stop_, clock_.now() + kRetry);
        }
        tail_.clear();
        tail_bytes_ = 0;
        co_return Result<void>();
    }
    const Offset asked = fetched_end_offset();
    const auto has_room = add_to_tail(partition);
    if (!has_room) {
        report(from, fmt::format("the records that it sends from offset {} on are refused: {}",
                                 asked, has_room.error().message));
        ask_another(from);
        co_await shard_.wait(stop_, clock_.now() + kRetry);
        co_return Result<void>();
    }
    const auto loaded = co_await load_committed(partition.high_watermark);
    if (!loaded) {
        co_return loaded;
    }
    if (!*has_room) {
        co_await shard_.wait(stop_, clock_.now() + kRetry);
    }
    const Offset present = partition.high_watermark;
    if (*has_room && fetched_end_offset() == asked && present > asked) {
        report(from, fmt::format("it sends no records from offset {} on, although all below {} are "
                                 "committed",
                                 asked, present));
        co_await shard_.wait(stop_, clock_.now() + kRetry);
        co_return Result<void>();
    }
    troubles_.clear();
    if (catching_up_ && present != kNoOffset && loader_.next_offset() >= present) {
        auto whole = *std::exchange(catching_up_, std::nullopt);
        co_await subscriber_.apply(
            MetadataUpdate(std::move(whole.image), std::move(whole.changes), true));
    }
    co_return Result<void>();
}

Offset MetadataFollower::fetched_end_offset() const {
    return tail_.empty() ? loader_.next_offset() : tail_.back().end_offset;
}

Result<bool> MetadataFollower::add_to_tail(const FetchResponse::Partition& partition) {
    record::BatchCursor cursor(partition.records.empty() ? ByteView() : partition.records[0]);
    while (const auto batch = cursor.next()) {
        if (batch->base_offset() != fetched_end_offset()) {
            return fail(ErrorKind::corrupt,
                        "a batch of the metadata log starts at offset {}, expected {}",
                        batch->base_offset(), fetched_end_offset());
        }
        if (!batch->crc_matches()) {
            return fail(ErrorKind::corrupt, "the batch at offset {} has a wrong checksum",
                        batch->base_offset());
        }
        if (!tail_.empty() && tail_bytes_ + batch->size() > kMaxTailBytes) {
            return false;
        }
        tail_bytes_ += batch->size();
        Buffer copy(batch->size());
        std::ranges::copy(batch->bytes(), copy.data());
        tail_.push_back({.bytes = std::move(copy),
                         .end_offset = batch->last_offset() + 1,
                         .epoch = batch->leader_epoch()});
    }
    HW_TRY_VOID(cursor.status());
    return true;
}

Task<Result<void>> MetadataFollower::load_committed(Offset high_watermark) {
    while (!tail_.empty() && tail_.front().end_offset <= high_watermark) {
        const FetchedBatch batch = std::move(tail_.front());
        tail_.pop_front();
        tail_bytes_ -= batch.bytes.size();
        const auto loaded = co_await load(batch.bytes.view());
        if (!loaded) {
            co_return loaded;
        }
    }
    co_return Result<void>();
}

Task<Result<void>> MetadataFollower::load(ByteView batches) {
    record::BatchCursor cursor(batches);
    while (const auto batch = cursor.next()) {
        const auto decoded = DecodedBatch::decode(*batch);
        if (!decoded) {
            co_return std::unexpected(decoded.error());
        }
        auto publication = loader_.load(decoded->view());
        if (!publication) {
            co_return std::unexpected(publication.error());
        }
        if (*publication) {
            co_await publish(std::move(**publication));
        }
    }
    co_return cursor.status();
}

Task<> MetadataFollower::publish(controller::Publication publication) {
    if (catching_up_) {
        catching_up_->image = std::move(publication.image);
        catching_up_->changes.deleted_topics.merge(publication.changes.deleted_topics);
        co_return;
    }
    co_await subscriber_.apply(
        MetadataUpdate(std::move(publication.image), std::move(publication.changes), false));
}

void MetadataFollower::report(const ControllerAddress& from, const std::string& trouble) {
    std::string& last = troubles_[to_string(from)];
    if (trouble != last) {
        log_.warning("cannot fetch the metadata log from {}: {}; trying again until it succeeds",
                     to_string(from), trouble);
        last = trouble;
    }
}

}  // namespace hw::broker
