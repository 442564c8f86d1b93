#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "protocol/wire/error_code.h"
#include "test/sim/offset_judge.h"
#include "test/sim/plan.h"
#include "test/sim/sim_client.h"

namespace hw::sim {

/// A client that commits offsets of its group, reads them, and sometimes removes them. It sends to
/// the coordinator that a broker has named, and asks again after an error. Reports to the judge of
/// offsets.
class SimCommitter final : public SimClient {
public:
    /// `plan` outlives it; `number` is the index of its CommitterPlan.
    SimCommitter(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed);

    /// Ends when, after the last fault, a commit was acknowledged and its group was read.
    [[nodiscard]] Task<> run();

private:
    using Chosen = std::pair<PartitionNumber, RegisterNumber>;
    /// The code of an answer, or why there is none.
    using Code = Result<wire::ErrorCode>;

    [[nodiscard]] Task<> do_something();
    [[nodiscard]] Task<> commit(Chosen chosen);
    [[nodiscard]] Task<> remove(Chosen chosen);
    [[nodiscard]] Task<> read(Chosen chosen);
    /// Notes an acknowledgement.
    void on_acknowledged();
    /// After an error: looks for the coordinator again.
    void on_failure(std::string_view what, const Code& code);
    [[nodiscard]] TimePoint deadline() const { return world_.clock.now() + plan_.request_timeout; }
    /// That of the coordinator, at present.
    [[nodiscard]] Leadership leadership() const {
        return world_.leadership(group_.coordinator, *coordinator_);
    }

    const Plan& world_plan_;
    const CommitterPlan& plan_;
    const GroupPlan& group_;
    Offset next_;                              ///< the offsets of all committers differ
    std::optional<BrokerId> acknowledged_by_;  ///< the last
    bool has_committed_at_end_ = false;
    bool may_end_ = false;
};

}  // namespace hw::sim
