#include "replication/fetch/fetch_session_reader.h"

#include <algorithm>
#include <tuple>

namespace hw::replication {

using schema::FetchRequest;
using schema::FetchResponse;
using wire::ErrorCode;

namespace {

auto fields(const FetchRequest::Partition& asked) {
    return std::tie(asked.partition, asked.current_leader_epoch, asked.fetch_offset,
                    asked.last_fetched_epoch, asked.log_start_offset, asked.partition_max_bytes,
                    asked.replica_directory_id, asked.high_watermark);
}

}  // namespace

FetchSessionReader::NextRequest FetchSessionReader::next(std::vector<Wanted> wanted) {
    NextRequest request{.id = id_, .epoch = epoch_, .named = {}, .forgotten = {}};
    was_full_ = request.is_full();
    if (was_full_) {
        known_.clear();
    }
    ++requests_;
    for (const Wanted& one : wanted) {
        const auto [place, is_new] = known_.try_emplace({one.topic, one.asked.partition});
        Known& known = place->second;
        known.request = requests_;
        if (is_new || fields(known.asked) != fields(one.asked)) {
            known.asked = one.asked;
            request.named.push_back(one);
        }
    }
    if (known_.size() > wanted.size()) {
        std::erase_if(known_, [&](const auto& entry) {
            const bool is_forgotten = entry.second.request != requests_;
            if (is_forgotten) {
                request.forgotten.push_back(entry.first);
            }
            return is_forgotten;
        });
    }
    return request;
}

FetchSessionReader::Outcome FetchSessionReader::on_response(const FetchResponse& response) {
    if (response.error_code != ErrorCode::none) {
        const bool is_lost =
            !was_full_ && (response.error_code == ErrorCode::fetch_session_id_not_found ||
                           response.error_code == ErrorCode::invalid_fetch_session_epoch ||
                           response.error_code == ErrorCode::fetch_session_topic_id_error);
        on_failure();
        return is_lost ? Outcome::session_lost : Outcome::refused;
    }
    // A broker may end a session with any answer, by another id.
    const bool goes_on =
        response.session_id != kNoFetchSession && (was_full_ || response.session_id == id_);
    id_ = response.session_id;
    epoch_ = goes_on ? next_session_epoch(epoch_) : kInitialSessionEpoch;
    for (const FetchResponse::Topic& topic : response.responses) {
        for (const FetchResponse::Partition& partition : topic.partitions) {
            const auto known = known_.find({topic.topic_id, partition.partition_index});
            if (known == known_.end()) {
                continue;
            }
            const bool failed = partition.error_code != ErrorCode::none;
            known->second.answered = {failed ? kNoOffset : partition.high_watermark,
                                      partition.log_start_offset};
        }
    }
    return Outcome::taken;
}

std::optional<FetchSessionReader::Answered> FetchSessionReader::unchanged(const Key& key) const {
    const auto known = known_.find(key);
    const bool may_be_left_out =
        !was_full_ && known != known_.end() && known->second.answered.high_watermark != kNoOffset;
    return may_be_left_out ? std::optional(known->second.answered) : std::nullopt;
}

}  // namespace hw::replication
