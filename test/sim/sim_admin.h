#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/delete_topics.h"
#include "test/sim/sim_client.h"

namespace hw::sim {

/// A client that creates and deletes topics through any broker, so that there are always metadata
/// records to replicate. At the end it checks that what was acknowledged is so. Sometimes it gives
/// the partitions of the offsets topic back to their preferred leaders, so that coordinators move
/// between processes that go on.
class SimAdmin final : public SimClient {
public:
    SimAdmin(ClientWorld& world, std::uint64_t seed) : SimClient(world, "admin", seed) {}

    [[nodiscard]] Task<> run();
    /// Creates the topics of the plan. Sets `is_created` if all were created, and then `has_ended`.
    [[nodiscard]] Task<> create(const Plan& plan, bool& is_created, bool& has_ended);

    /// The first broken rule, as a sentence.
    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }
    /// Number of topics that were created and deleted with an acknowledgement.
    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }

private:
    enum class Presence : std::uint8_t { exists, deleted, unknown };

    static constexpr std::size_t kTopicsMax = 60;
    /// How long a broker may show older metadata than a controller has acknowledged.
    static constexpr Duration kLagMax = std::chrono::seconds(10);

    [[nodiscard]] Task<> create_one();
    [[nodiscard]] Task<> delete_one();
    [[nodiscard]] Task<> elect_coordinators();
    [[nodiscard]] Task<> check_all();
    [[nodiscard]] std::optional<std::string> contradiction(
        const std::set<std::string>& found) const;

    std::map<std::string, Presence> topics_;
    std::uint64_t acknowledged_ = 0;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
