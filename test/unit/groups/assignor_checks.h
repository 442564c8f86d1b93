#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/coordinator/assignor/assignor.h"
#include "protocol/base/random.h"

/// Inputs of assignors for tests, and independent checks of what these give back.
namespace hw::broker {

using Subscription = std::shared_ptr<const std::vector<std::uint32_t>>;

[[nodiscard]] TopicId topic_id(std::uint64_t number);
[[nodiscard]] Subscription subscribe(std::vector<std::uint32_t> topics);
/// "m000", "m001" and so on, so that numbers and ids have the same order.
[[nodiscard]] std::string member_id(std::size_t number);
/// These partitions of the topic with this number.
[[nodiscard]] AssignedTopic partitions_of(std::uint64_t topic,
                                          std::vector<std::int32_t> partitions);

/// What random inputs are like. Bounds are included.
struct InputShape {
    std::int64_t members = 6;
    std::int64_t topics = 4;
    std::int64_t partitions = 7;  ///< of one topic
    std::int64_t racks = 0;
    bool equal_subscriptions = true;
};
/// Without `current`.
[[nodiscard]] AssignorInput random_input(const InputShape& shape, Random& random);
/// Gives each partition at random to a subscriber, or to nobody.
void give_random_current(AssignorInput& input, Random& random);
void set_current(AssignorInput& input, const std::vector<Assignment>& assignments);

/// Why this is no assignment of the partitions; empty if it is one.
[[nodiscard]] std::string fault_in(const AssignorInput& input,
                                   const std::vector<Assignment>& assignments);
/// True if no chain of moves leads from a member to one with at least two fewer.
[[nodiscard]] bool is_level(const AssignorInput& input, const std::vector<Assignment>& assignments);

struct Score {
    std::size_t sum_of_squares = 0;  ///< of the numbers of partitions
    std::size_t near = 0;            ///< partitions whose member is in the rack of a replica
    std::size_t moved = 0;  ///< partitions in `current` of a subscriber that others have now

    bool operator==(const Score&) const = default;
};
[[nodiscard]] Score score_of(const AssignorInput& input,
                             const std::vector<Assignment>& assignments);
/// The best score of all possible assignments: the least sum, then the most near, then the fewest
/// moved. Its cost is exponential in the number of partitions.
[[nodiscard]] Score best_score(const AssignorInput& input);

/// True if no move of a partition and no exchange of two makes the score better.
[[nodiscard]] bool is_best_nearby(const AssignorInput& input,
                                  const std::vector<Assignment>& assignments);

}  // namespace hw::broker
