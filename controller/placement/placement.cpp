#include "controller/placement/placement.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

#include "controller/image/topic_image.h"
#include "protocol/base/assert.h"

namespace hw::controller {
namespace {

std::vector<DirectoryId> open_directories(const BrokerImage& broker) {
    std::vector<DirectoryId> open;
    std::ranges::copy_if(broker.log_dirs, std::back_inserter(open), [&](DirectoryId directory) {
        return !broker.cordoned_log_dirs.has_value() ||
               std::ranges::find(*broker.cordoned_log_dirs, directory) ==
                   broker.cordoned_log_dirs->end();
    });
    return open;
}

/// The candidates in an order in which neighbours are in different racks, as far as possible.
std::vector<Candidate> alternating_racks(std::span<const Candidate> candidates) {
    std::map<std::string_view, std::vector<Candidate>> racks;
    for (const Candidate& candidate : candidates) {
        racks[candidate.rack].push_back(candidate);
    }
    std::vector<Candidate> ring;
    for (std::size_t turn = 0; ring.size() < candidates.size(); ++turn) {
        for (const auto& [name, brokers] : racks) {
            if (turn < brokers.size()) {
                ring.push_back(brokers[turn]);
            }
        }
    }
    return ring;
}

/// The replicas of one partition: the leader, then, from `distance` behind it in the ring on, each
/// time the first broker in one of the racks that have the fewest replicas so far.
std::vector<BrokerId> place_one(const std::vector<Candidate>& ring, std::size_t leader,
                                std::size_t distance, std::size_t replicas) {
    std::vector<const Candidate*> others;
    for (std::size_t step = 0; step + 1 < ring.size(); ++step) {
        const std::size_t behind = 1 + (distance + step) % (ring.size() - 1);
        others.push_back(&ring[(leader + behind) % ring.size()]);
    }
    std::map<std::string_view, int> used;
    ++used[ring[leader].rack];
    std::vector<BrokerId> chosen{ring[leader].id};
    while (chosen.size() < replicas) {
        const auto next = std::ranges::min_element(
            others, {}, [&used](const Candidate* other) { return used[other->rack]; });
        ++used[(*next)->rack];
        chosen.push_back((*next)->id);
        others.erase(next);
    }
    return chosen;
}

}  // namespace

Candidates placement_candidates(const MetadataImage& image) {
    Candidates candidates;
    for (const auto& [id, broker] : image.brokers()) {
        // Brokers older than directory assignment (KIP-858) register no directories.
        const bool has_room = broker.log_dirs.empty() || !open_directories(broker).empty();
        if (has_room) {
            auto& group = broker.is_active() ? candidates.in_service : candidates.others;
            group.push_back({id, broker.rack});
        }
    }
    return candidates;
}

DirectoryId directory_for_new_replica(const BrokerImage& broker, std::uint64_t turn) {
    if (broker.log_dirs.empty()) {
        return kMigratingDirectory;
    }
    const std::vector<DirectoryId> open = open_directories(broker);
    return open.empty() ? kUnassignedDirectory : open[turn % open.size()];
}

std::vector<std::vector<BrokerId>> place_striped(std::span<const Candidate> candidates,
                                                 const PlacementRequest& request, Random& random) {
    const std::vector<Candidate> ring = alternating_racks(candidates);
    const auto replicas = static_cast<std::size_t>(request.replicas);
    HW_ASSERT(replicas >= 1);
    HW_ASSERT(replicas <= ring.size());
    const std::size_t start = random.below(ring.size());
    std::size_t distance = random.below(ring.size());
    std::vector<std::vector<BrokerId>> placement;
    for (std::size_t partition = 0; partition < static_cast<std::size_t>(request.partitions);
         ++partition) {
        if (partition > 0 && partition % ring.size() == 0) {
            ++distance;
        }
        placement.push_back(place_one(ring, (start + partition) % ring.size(), distance, replicas));
    }
    return placement;
}

std::vector<std::vector<BrokerId>> place_replicas(const Candidates& candidates,
                                                  const PlacementRequest& request, Random& random) {
    PlacementRequest first = request;
    first.replicas =
        std::min(request.replicas, static_cast<std::int16_t>(candidates.in_service.size()));
    auto placement = place_striped(candidates.in_service, first, random);
    std::size_t turn = 0;
    for (std::vector<BrokerId>& replicas : placement) {
        const std::size_t start = turn++;
        for (int i = 0; i < request.replicas - first.replicas; ++i) {
            const auto next = (start + static_cast<std::size_t>(i)) % candidates.others.size();
            replicas.push_back(candidates.others[next].id);
        }
    }
    return placement;
}

}  // namespace hw::controller
