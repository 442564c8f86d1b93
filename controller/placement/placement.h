#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"

namespace hw::controller {

/// A broker that may be given new replicas.
struct Candidate {
    BrokerId id;
    std::string rack;  ///< empty: none
};

/// The brokers that are in service and have a directory which takes new replicas, by id.
[[nodiscard]] std::vector<Candidate> placement_candidates(const MetadataImage& image);

/// Where a new replica on `broker` goes: the directories that take new ones have their turns.
/// Kafka leaves a choice to the broker, which tells it later. Chosen here, it is known from the
/// first record on: when the directory is away at a start, the replica is, and is not made anew.
/// A directory that fails while its broker runs keeps its turn: what is put there is offline.
[[nodiscard]] DirectoryId directory_for_new_replica(const BrokerImage& broker, std::uint64_t turn);

struct PlacementRequest {
    std::int32_t partitions = 1;
    std::int16_t replicas = 1;
};

/// The replicas of each partition, the preferred leader first. Striped: leaders go around all
/// candidates from a random one on, and so do the other replicas behind them, at a distance that
/// grows with every round, so that the partitions of one leader have different followers.
/// `replicas` is at least 1 and at most the number of candidates.
[[nodiscard]] std::vector<std::vector<BrokerId>> place_striped(
    std::span<const Candidate> candidates, const PlacementRequest& request, Random& random);

}  // namespace hw::controller
