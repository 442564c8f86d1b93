#pragma once

#include <cstdint>
#include <optional>

#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/list_offsets.h"
#include "test/sim/plan.h"
#include "test/sim/sim_client.h"

namespace hw::sim {

/// A reader of a run. Reads one partition from its start, and begins again after each life of
/// its brokers. One with a rack reads at the replica that the leader names (KIP-392), for a while.
/// Reports what it reads to the checker and the recorder.
class SimReader final : public SimClient {
public:
    /// `partition` outlives it.
    SimReader(ClientWorld& world, const ReaderPlan& plan, const PartitionPlan& partition,
              std::uint64_t seed);

    [[nodiscard]] Task<> run();

private:
    [[nodiscard]] bool may_end() const;
    [[nodiscard]] Task<> fetch();
    /// Asks the leader for the latest offset.
    [[nodiscard]] Task<> list();
    [[nodiscard]] std::uint64_t restarts() const {
        return world_.restarts[plan_.partition.value()];
    }
    void seek(Offset position);
    void on_partition(const schema::FetchResponse::Partition& outcome, const Leader& from,
                      const Checker::Mark& mark);
    /// Goes on at the leader.
    void leave_follower();
    void on_records(const schema::FetchResponse::Partition& outcome, const Leader& from,
                    const Checker::Mark& mark);
    /// Reports that the current offset is damaged, and skips it, as an application may do.
    void skip_damaged(const Checker::Mark& mark);

    const ReaderPlan plan_;
    const PartitionPlan& partition_;
    std::uint64_t restarts_ = UINT64_MAX;  ///< at the last begin
    Offset position_{0};
    std::optional<BrokerId> follower_;  ///< to read at
};

}  // namespace hw::sim
