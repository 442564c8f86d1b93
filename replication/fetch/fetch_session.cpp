#include "replication/fetch/fetch_session.h"

namespace hw::replication {

using wire::ErrorCode;

ErrorCode FetchSession::begin(std::int32_t epoch, TopicsBy naming) {
    if (in_use_ || epoch != epoch_) {
        return ErrorCode::invalid_fetch_session_epoch;
    }
    if (naming != naming_) {
        return ErrorCode::fetch_session_topic_id_error;
    }
    epoch_ = next_session_epoch(epoch_);
    in_use_ = true;
    return ErrorCode::none;
}

void FetchSession::put(const Request::Topic& topic, const Request::Partition& asked) {
    auto known = topics_.find(TopicKey(topic.topic_id, topic.topic));
    if (known == topics_.end()) {
        known = topics_.try_emplace({topic.topic_id, std::string(topic.topic)}).first;
        name_bytes_ += topic.topic.size();
    }
    const auto [place, is_new] = known->second.try_emplace(asked.partition, partitions_.end());
    if (is_new) {
        place->second =
            partitions_.insert(partitions_.end(), {.topic = &known->first, .asked = asked});
    } else {
        place->second->asked = asked;
    }
}

void FetchSession::forget(const Request::ForgottenTopic& topic, PartitionIndex index) {
    const auto known = topics_.find(TopicKey(topic.topic_id, topic.topic));
    if (known == topics_.end()) {
        return;
    }
    const auto place = known->second.find(index);
    if (place == known->second.end()) {
        return;
    }
    partitions_.erase(place->second);
    known->second.erase(place);
    if (known->second.empty()) {
        name_bytes_ -= known->first.name.size();
        topics_.erase(known);
    }
}

bool FetchSession::note_answer(Partitions::iterator partition, const Answer& answer) {
    const bool failed = answer.error_code != ErrorCode::none;
    const bool has_records = !answer.records.empty();
    const bool moved = answer.high_watermark != partition->high_watermark ||
                       answer.log_start_offset != partition->log_start_offset;
    // So it is answered again when the error has gone.
    partition->high_watermark = failed ? kNoOffset : answer.high_watermark;
    partition->log_start_offset = answer.log_start_offset;
    if (has_records) {
        partitions_.splice(partitions_.end(), partitions_, partition);
    }
    return failed || has_records || moved || answer.diverging_epoch.end_offset != kNoOffset ||
           answer.preferred_read_replica != kNoBroker;
}

std::size_t FetchSession::bytes() const {
    return partitions_.size() * kPartitionBytes + topics_.size() * kTopicBytes + name_bytes_;
}

}  // namespace hw::replication
