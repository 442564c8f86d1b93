#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "protocol/base/clock.h"
#include "protocol/base/random.h"
#include "replication/fetch/fetch_session.h"

namespace hw::replication {

/// Limits and ids of the fetch sessions of one shard.
struct FetchSessionOptions {
    std::size_t slots = 1000;                  ///< number of sessions
    std::size_t bytes = std::size_t{8} << 20;  ///< memory of all sessions, see FetchSession::bytes
    std::int32_t first_id = 1;                 ///< ids are from here,
    std::int32_t end_id = INT32_MAX;           ///< to below this
    std::uint64_t seed = 0;  ///< of the ids, which must not repeat after a restart
};

/// The slots and ids of shard `index` of `shards`: equal parts of the `slots`, and of all ids.
[[nodiscard]] FetchSessionOptions session_options_of_shard(std::size_t slots, std::size_t index,
                                                           std::size_t shards);

/// The fetch sessions of one shard (README.md has the rules).
///
/// A core: does no I/O and reads no clock. A session that it removes lives on until its last user
/// has ended. Used on one shard.
class FetchSessionCache {
public:
    using SessionPtr = std::shared_ptr<FetchSession>;
    enum class Reader : std::uint8_t { consumer, follower };

    /// A session that was unused for longer gives way to any other; one that is younger gives way
    /// only to a follower's.
    static constexpr Duration kEvictionTime = std::chrono::minutes(2);

    explicit FetchSessionCache(const FetchSessionOptions& options)
        : options_(options), random_(options.seed) {}

    /// Begins the next request of a session. Codes: fetch_session_id_not_found, and those of
    /// FetchSession::begin.
    [[nodiscard]] std::expected<SessionPtr, wire::ErrorCode> begin(
        std::int32_t id, std::int32_t epoch, FetchSession::TopicsBy naming) const;
    /// The session is in use, and its partitions may have changed. False when it is not in the
    /// cache any more, or was removed because it has no partitions or there is no room for them.
    [[nodiscard]] bool touch(std::int32_t id, TimePoint now);
    /// Adds a new session. The result is its id, or kNoFetchSession if there is no room for it, or
    /// it has no partitions.
    [[nodiscard]] std::int32_t add(SessionPtr session, Reader reader, TimePoint now);
    void remove(std::int32_t id);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    /// Sessions by value, the least valuable first.
    using Value = std::tuple<Reader, std::size_t, std::int32_t>;

    struct Entry {
        SessionPtr session;
        Reader reader;
        TimePoint created;
        TimePoint used;
        std::size_t partitions = 0;
        std::size_t bytes = 0;
    };
    using Entries = std::map<std::int32_t, Entry>;

    [[nodiscard]] static Value value_of(const Entries::value_type& entry) {
        return {entry.second.reader, entry.second.partitions, entry.first};
    }
    [[nodiscard]] std::int32_t new_id();
    /// Counts the entry in the indexes, or takes it out.
    void count(Entries::value_type& entry, TimePoint now);
    void uncount(const Entries::value_type& entry);
    /// Removes a session that is less valuable than `value`. False if there is none.
    [[nodiscard]] bool evict_below(const Value& value, TimePoint now);

    FetchSessionOptions options_;
    Random random_;
    Entries entries_;
    std::set<std::pair<TimePoint, std::int32_t>> by_use_;
    std::set<Value> evictable_;               ///< by any reader
    std::set<Value> evictable_by_followers_;  ///< these, and young ones of consumers
    std::size_t bytes_ = 0;
};

}  // namespace hw::replication
