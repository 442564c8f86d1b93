#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"

/// Hashes of the metadata of topics, equal to those of Kafka 4. A group's record has the hash of
/// the topics that its members subscribe to (ConsumerGroupMetadataValue.MetadataHash, KIP-1101).
/// When the hash of the present metadata differs, partitions or racks have changed, and the group
/// needs a new assignment.
///
/// The hash of a topic is XXH3-64 with seed 0 over these bytes; integers are little-endian:
///
/// | size     | field                                                                           |
/// |----------|---------------------------------------------------------------------------------|
/// | 1        | 0, the version of this layout                                                   |
/// | 8, 8     | topic id: its high half, its low half                                           |
/// | string   | name                                                                            |
/// | 4        | number of partitions                                                            |
/// | 4        | for each partition: its index, then:                                            |
/// | 4,string | for each replica whose broker has a rack, ordered by rack: its length, the rack |
///
/// A string is its UTF-16 units, 2 bytes each, followed by their number in 4 bytes. A length counts
/// UTF-16 units, too, and racks are ordered by them. What is not UTF-8 counts as U+FFFD.
///
/// The hash of a group is XXH3-64 over the hashes of its topics, 8 bytes each, ordered by name.
namespace hw::broker {

struct TopicToHash {
    TopicId id;
    std::string_view name;
    /// By partition: the rack of each replica whose broker is registered and has one. In any order;
    /// a rack of two replicas is there twice.
    std::vector<std::vector<std::string_view>> racks;
};
[[nodiscard]] std::int64_t topic_hash(const TopicToHash& topic);

struct NamedTopicHash {
    std::string_view topic;
    std::int64_t hash = 0;
};
/// `topics` are those subscribed to that exist, each once, in any order. The hash of none is 0.
[[nodiscard]] std::int64_t metadata_hash(std::vector<NamedTopicHash> topics);

}  // namespace hw::broker
