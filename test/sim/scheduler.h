#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "protocol/base/random.h"
#include "protocol/base/time.h"

namespace hw::sim {

/// Owner of a task: a node of the simulated cluster, or the simulator itself (0).
using NodeTag = std::uint32_t;
inline constexpr NodeTag kWorld = 0;

/// The event loop of a simulation, with virtual time. Runs ready work in an order drawn from the
/// seed. Parked work becomes ready when it is woken or its deadline passes. The work of a paused
/// node is held back, as that of a stopped process (SIGSTOP).
class Scheduler {
public:
    using Work = std::move_only_function<void()>;
    using ParkId = std::uint64_t;

    explicit Scheduler(std::uint64_t seed) : random_(seed) {}
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    void ready(NodeTag node, Work work);
    /// Keeps `work` until it is woken or `deadline` has passed; then makes it ready.
    ParkId park(NodeTag node, Work work, TimePoint deadline = kNever);
    /// Does nothing if the work is already ready or has run.
    void wake(ParkId id);

    /// Runs one ready piece of work. If none is ready, first moves time to the next deadline.
    /// Returns false if there is no work.
    bool step();
    /// Steps until `done` returns true. Returns false if `limit` passes or no work is left first.
    bool run_until(const std::function<bool()>& done, TimePoint limit);
    /// Destroys all work of a node, including work that is added meanwhile.
    void drop(NodeTag node);
    /// Runs no work of a node until `resume`.
    void pause(NodeTag node);
    void resume(NodeTag node);
    [[nodiscard]] bool is_paused(NodeTag node) const { return held_.contains(node); }

    [[nodiscard]] TimePoint now() const { return now_; }
    /// The node whose work ran in the last step.
    [[nodiscard]] NodeTag last_node() const { return last_node_; }
    [[nodiscard]] Random& random() { return random_; }
    /// Hash of all steps: which work ran, of which node, and when. Equal runs have equal hashes.
    [[nodiscard]] std::uint64_t trace_hash() const { return trace_hash_; }
    [[nodiscard]] std::uint64_t steps() const { return steps_; }

private:
    struct Item {
        NodeTag node;
        std::uint64_t id;
        Work work;
    };
    struct Parked {
        NodeTag node;
        Work work;
        TimePoint deadline;
    };

    void wake_due();
    [[nodiscard]] std::vector<Work> take_all_of(NodeTag node);

    Random random_;
    TimePoint now_{};
    NodeTag last_node_ = kWorld;
    std::uint64_t next_id_ = 1;
    std::vector<Item> ready_;
    std::map<NodeTag, std::vector<Item>> held_;  ///< ready work of the nodes that are paused
    std::map<ParkId, Parked> parked_;
    std::set<std::pair<TimePoint, ParkId>> deadlines_;
    std::uint64_t trace_hash_ = 0xCBF2'9CE4'8422'2325;
    std::uint64_t steps_ = 0;
};

}  // namespace hw::sim
