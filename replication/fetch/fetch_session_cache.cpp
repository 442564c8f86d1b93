#include "replication/fetch/fetch_session_cache.h"

#include <algorithm>

namespace hw::replication {

using wire::ErrorCode;

FetchSessionOptions session_options_of_shard(std::size_t slots, std::size_t index,
                                             std::size_t shards) {
    const auto range = INT32_MAX / static_cast<std::int32_t>(shards);
    const auto first = static_cast<std::int32_t>(index) * range;
    return {.slots = (slots + shards - 1) / shards,
            .first_id = std::max(first, 1),
            .end_id = first + range};
}

std::expected<FetchSessionCache::SessionPtr, ErrorCode> FetchSessionCache::begin(
    std::int32_t id, std::int32_t epoch, FetchSession::TopicsBy naming) const {
    const auto found = entries_.find(id);
    if (found == entries_.end()) {
        return std::unexpected(ErrorCode::fetch_session_id_not_found);
    }
    const ErrorCode code = found->second.session->begin(epoch, naming);
    if (code != ErrorCode::none) {
        return std::unexpected(code);
    }
    return found->second.session;
}

bool FetchSessionCache::touch(std::int32_t id, TimePoint now) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) {
        return false;
    }
    const std::size_t partitions = found->second.session->size();
    uncount(*found);
    found->second.used = now;
    bool fits = partitions > 0 && partitions <= FetchSession::kMaxPartitions &&
                found->second.session->bytes() <= options_.bytes;
    // It is not counted here, so it is not the one that gives way.
    const Value value{found->second.reader, partitions, id};
    while (fits && bytes_ + found->second.session->bytes() > options_.bytes) {
        fits = evict_below(value, now);
    }
    if (!fits) {
        entries_.erase(found);
        return false;
    }
    count(*found, now);
    return true;
}

std::int32_t FetchSessionCache::add(SessionPtr session, Reader reader, TimePoint now) {
    const std::size_t partitions = session->size();
    const std::size_t bytes = session->bytes();
    if (partitions == 0 || partitions > FetchSession::kMaxPartitions || bytes > options_.bytes) {
        return kNoFetchSession;
    }
    // Of two sessions with the same size the older one stays, because ids are not 0.
    const Value value{reader, partitions, kNoFetchSession};
    while (entries_.size() >= options_.slots || bytes_ + bytes > options_.bytes) {
        if (!evict_below(value, now)) {
            return kNoFetchSession;
        }
    }
    const std::int32_t id = new_id();
    const auto added = entries_.emplace(
        id, Entry{.session = std::move(session), .reader = reader, .created = now, .used = now});
    count(*added.first, now);
    return id;
}

void FetchSessionCache::remove(std::int32_t id) {
    if (const auto found = entries_.find(id); found != entries_.end()) {
        uncount(*found);
        entries_.erase(found);
    }
}

std::int32_t FetchSessionCache::new_id() {
    std::int32_t id = kNoFetchSession;
    do {
        id = static_cast<std::int32_t>(random_.between(options_.first_id, options_.end_id - 1));
    } while (entries_.contains(id));
    return id;
}

void FetchSessionCache::count(Entries::value_type& entry, TimePoint now) {
    auto& [id, counted] = entry;
    counted.partitions = counted.session->size();
    counted.bytes = counted.session->bytes();
    bytes_ += counted.bytes;
    by_use_.emplace(counted.used, id);
    const bool is_old = now - counted.created > kEvictionTime;
    if (is_old) {
        evictable_.insert(value_of(entry));
    }
    if (is_old || counted.reader == Reader::consumer) {
        evictable_by_followers_.insert(value_of(entry));
    }
}

void FetchSessionCache::uncount(const Entries::value_type& entry) {
    bytes_ -= entry.second.bytes;
    by_use_.erase({entry.second.used, entry.first});
    evictable_.erase(value_of(entry));
    evictable_by_followers_.erase(value_of(entry));
}

bool FetchSessionCache::evict_below(const Value& value, TimePoint now) {
    if (by_use_.empty()) {
        return false;
    }
    if (const auto& [used, id] = *by_use_.begin(); now - used > kEvictionTime) {
        remove(id);
        return true;
    }
    const bool is_follower = std::get<Reader>(value) == Reader::follower;
    const std::set<Value>& evictable = is_follower ? evictable_by_followers_ : evictable_;
    if (evictable.empty() || value < *evictable.begin()) {
        return false;
    }
    remove(std::get<std::int32_t>(*evictable.begin()));
    return true;
}

}  // namespace hw::replication
