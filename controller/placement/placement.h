#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"

namespace hw::controller {

/// A broker that may get new replicas.
struct Candidate {
    BrokerId id;
    std::string rack;  ///< empty: none
};

/// The brokers that may get new replicas: those with a directory that is not cordoned. Ordered by
/// id.
struct Candidates {
    std::vector<Candidate> in_service;
    std::vector<Candidate> others;  ///< fenced, or in a controlled shutdown

    [[nodiscard]] std::size_t size() const { return in_service.size() + others.size(); }
};
[[nodiscard]] Candidates placement_candidates(const MetadataImage& image);

/// The directory for a new replica on `broker`: round-robin by `turn` over the directories that are
/// not cordoned. Kafka lets the broker choose, and report its choice later. The controller chooses
/// here, so the directory is known from the first record on. If it is missing when the broker
/// starts, the replica is offline; it is not created again, empty, in another directory. A
/// directory is not chosen any more once its broker has reported that it failed.
[[nodiscard]] DirectoryId directory_for_new_replica(const BrokerImage& broker, std::uint64_t turn);

/// The numbers of partitions and of replicas per partition to place.
struct PlacementRequest {
    std::int32_t partitions = 1;
    std::int16_t replicas = 1;
};

/// Striped placement: the replicas of each partition, the preferred leader first. Leaders are
/// chosen round-robin from all candidates, beginning with a random one. The other replicas follow
/// the leader at a distance that grows with every round, so that the partitions of one leader have
/// different followers. The replicas of a partition are spread evenly over the racks: no rack has
/// two more than another that has a broker left. Brokers without a rack count as one rack.
/// `replicas` is at least 1 and at most the number of candidates.
[[nodiscard]] std::vector<std::vector<BrokerId>> place_striped(
    std::span<const Candidate> candidates, const PlacementRequest& request, Random& random);

/// Striped placement over the brokers in service. If they are too few, the other replicas go to
/// brokers that are not, in turn, as in Kafka: so a topic can be created while a broker is down.
/// There is at least one broker in service, and `replicas` is at most the number of candidates.
[[nodiscard]] std::vector<std::vector<BrokerId>> place_replicas(const Candidates& candidates,
                                                                const PlacementRequest& request,
                                                                Random& random);

}  // namespace hw::controller
