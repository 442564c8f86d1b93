#include "controller/placement/placement.h"

#include <algorithm>
#include <cstddef>

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

}  // namespace

std::vector<Candidate> placement_candidates(const MetadataImage& image) {
    std::vector<Candidate> candidates;
    for (const auto& [id, broker] : image.brokers()) {
        // Brokers older than directory assignment (KIP-858) register no directories.
        const bool has_room = broker.log_dirs.empty() || !open_directories(broker).empty();
        if (broker.is_active() && has_room) {
            candidates.push_back({id, broker.rack});
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
    const std::size_t brokers = candidates.size();
    const auto replicas = static_cast<std::size_t>(request.replicas);
    HW_ASSERT(replicas >= 1);
    HW_ASSERT(replicas <= brokers);
    const std::size_t start = random.below(brokers);
    std::size_t distance = random.below(brokers);
    std::vector<std::vector<BrokerId>> placement;
    for (std::size_t partition = 0; partition < static_cast<std::size_t>(request.partitions);
         ++partition) {
        if (partition > 0 && partition % brokers == 0) {
            ++distance;
        }
        const std::size_t leader = (start + partition) % brokers;
        std::vector<BrokerId>& chosen = placement.emplace_back();
        chosen.push_back(candidates[leader].id);
        for (std::size_t other = 0; other + 1 < replicas; ++other) {
            const std::size_t step = 1 + (distance + other) % (brokers - 1);
            chosen.push_back(candidates[(leader + step) % brokers].id);
        }
    }
    return placement;
}

}  // namespace hw::controller
