#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "broker/replicas/hosted_replica.h"
#include "storage/read_plan.h"

namespace hw::broker {

/// Where the readers of one shard have stopped in the logs of this broker, so that their next reads
/// continue without a look-up. A place belongs to one reader and one replica. Each holds an open
/// file, so the number of places is limited; those that were not used for the longest time go
/// first, and their readers look their place up again.
///
/// Owned by the view of the shard; used there only.
class ReadPlaces {
public:
    /// Of all readers of the shard.
    static constexpr std::size_t kMax = 1024;

    /// One reader, such as a client's connection. Its places end with it. Must not outlive the
    /// table.
    class Reader {
    public:
        explicit Reader(ReadPlaces& places) : places_(places) {}
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        ~Reader();

        /// Takes the reader's place in that replica; it is empty if there is none, or while another
        /// read of the same reader has it.
        [[nodiscard]] storage::ReadCursor take(const ReplicaPtr& replica);
        /// Keeps the place where a read has ended. A place without a file is not worth keeping.
        void keep(const ReplicaPtr& replica, storage::ReadCursor place);

    private:
        ReadPlaces& places_;
    };

    ReadPlaces() = default;
    ReadPlaces(const ReadPlaces&) = delete;
    ReadPlaces& operator=(const ReadPlaces&) = delete;

    /// Drops all places in a replica that is no longer on this broker, so that its files can go.
    void forget(const HostedReplica& replica);
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    struct Key {
        const Reader* reader = nullptr;
        const HostedReplica* replica = nullptr;

        bool operator==(const Key&) const = default;
    };
    struct Hash {
        [[nodiscard]] std::size_t operator()(const Key& key) const {
            return std::hash<const void*>()(key.reader) ^
                   (std::hash<const void*>()(key.replica) * 31);
        }
    };
    struct Entry {
        Key key;
        /// Keeps the memory of the replica, so that no other replica gets its address.
        std::weak_ptr<const HostedReplica> replica;
        storage::ReadCursor place;
    };

    void remove(std::list<Entry>::iterator entry);

    std::list<Entry> entries_;  ///< the most recently used first
    std::unordered_map<Key, std::list<Entry>::iterator, Hash> by_key_;
};

}  // namespace hw::broker
