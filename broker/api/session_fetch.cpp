#include "broker/api/session_fetch.h"

#include <utility>

#include "broker/net/long_loop.h"

namespace hw::broker {

using replication::FetchSession;
using replication::kInitialSessionEpoch;
using replication::kNoFetchSession;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kTopicIdsFrom{13};

std::size_t named_items(const schema::FetchRequest& request) {
    std::size_t items = request.topics.size();
    for (const schema::FetchRequest::Topic& topic : request.topics) {
        items += topic.partitions.size();
    }
    return items;
}

}  // namespace

std::expected<std::unique_ptr<SessionFetch>, ErrorCode> SessionFetch::begin(Cache& cache,
                                                                            const Request& request,
                                                                            ApiVersion version,
                                                                            Cache::Reader reader) {
    const auto naming =
        version >= kTopicIdsFrom ? FetchSession::TopicsBy::id : FetchSession::TopicsBy::name;
    if (request.session_epoch == kInitialSessionEpoch) {
        return std::make_unique<SessionFetch>(cache, request,
                                              std::make_shared<FetchSession>(naming), reader);
    }
    auto session = cache.begin(request.session_id, request.session_epoch, naming);
    if (!session) {
        return std::unexpected(session.error());
    }
    return std::make_unique<SessionFetch>(cache, request, std::move(*session), reader);
}

SessionFetch::SessionFetch(Cache& cache, const Request& request, Cache::SessionPtr session,
                           Cache::Reader reader)
    : cache_(cache),
      request_(request),
      session_(std::move(session)),
      reader_(reader),
      id_(request.session_epoch == kInitialSessionEpoch ? kNoFetchSession : request.session_id) {}

std::size_t SessionFetch::items() const {
    return session_->size() + named_items(request_);
}

Task<ErrorCode> SessionFetch::list(Shard& shard, const Clock& clock) {
    co_await apply(shard);
    if (!is_full() && !cache_.touch(id_, clock.now())) {
        if (session_->size() > 0) {
            co_return ErrorCode::fetch_session_id_not_found;
        }
        is_closed_ = true;
    }
    listed_.reserve(session_->size());
    partitions_.reserve(session_->size());
    LongLoop loop;
    const FetchSession::Topic* last = nullptr;
    auto& all = session_->partitions();
    for (auto partition = all.begin(); partition != all.end(); ++partition) {
        listed_.push_back(partition);
        partitions_.push_back(partition->asked);
        if (partition->topic != last) {
            last = partition->topic;
            topics_.push_back({.topic = last->name, .topic_id = last->id});
        }
        // The vector does not grow, so a list may be extended by what follows it.
        auto& listed = topics_.back().partitions;
        const Request::Partition* const first =
            listed.empty() ? &partitions_.back() : listed.begin();
        listed = std::span(first, listed.size() + 1);
        if (loop.is_over()) {
            co_await let_others_run(shard);
        }
    }
    co_return ErrorCode::none;
}

Task<> SessionFetch::apply(Shard& shard) {
    LongLoop loop;
    for (const Request::Topic& topic : request_.topics) {
        for (const Request::Partition& asked : topic.partitions) {
            session_->put(topic, asked);
            if (loop.is_over()) {
                co_await let_others_run(shard);
            }
        }
    }
    if (is_full()) {
        co_return;
    }
    for (const Request::ForgottenTopic& topic : request_.forgotten_topics_data) {
        for (const PartitionIndex index : topic.partitions) {
            session_->forget(topic, index);
            if (loop.is_over()) {
                co_await let_others_run(shard);
            }
        }
    }
}

std::span<SessionFetch::Answer> SessionFetch::select(std::span<Answer> answers) {
    std::size_t kept = 0;
    for (const Answer& answer : answers) {
        const bool is_new = session_->note_answer(listed_[next_++], answer);
        if (is_full() || is_new) {
            answers[kept++] = answer;
        }
    }
    return answers.first(kept);
}

std::int32_t SessionFetch::response_id(TimePoint now) {
    if (is_full()) {
        return cache_.add(session_, reader_, now);
    }
    return is_closed_ ? kNoFetchSession : id_;
}

void SessionFetch::end() {
    if (session_ != nullptr) {
        session_->end();
        session_.reset();
    }
}

}  // namespace hw::broker
