#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "protocol/base/network.h"
#include "test/sim/sim_shard.h"

namespace hw::sim {

/// How the simulated network behaves; drawn per seed.
struct NetworkFaults {
    Duration delay_least = std::chrono::microseconds(20);
    Duration delay_most = std::chrono::microseconds(200);
    /// One chunk in this many is delayed a hundred times longer; 0: none.
    std::uint64_t slow_one_in = 0;
    /// One write or read in this many resets its connection; 0: none.
    std::uint64_t reset_one_in = 0;
};

/// Byte streams between the nodes of one simulated world.
///
/// The model: a connection is two pipes. Written bytes arrive completely and in order after a
/// delay. A read takes a random non-empty prefix of the bytes that have arrived. A write takes a
/// random non-empty prefix of the offered bytes, as much as fits into the pipe. Ports below 1024
/// are forbidden, as for an ordinary user. A close by either side or a reset cuts the connection,
/// and bytes in transit are lost.
///
/// While a direction between two nodes is blocked, bytes and closes in it wait for `unblock`, and
/// no connection can be made between the two, as with a cable that is pulled. So a connection may
/// be half open: one side has closed it, and the other does not know. A machine without power is
/// like one whose cable is pulled: it does not refuse connections, as a machine does on which no
/// process listens. The peers of its old connections notice their end when it starts again.
class SimNetwork final : public Network {
public:
    SimNetwork(Scheduler& scheduler, NetworkFaults faults)
        : scheduler_(&scheduler), faults_(faults) {}
    SimNetwork(const SimNetwork&) = delete;
    SimNetwork& operator=(const SimNetwork&) = delete;

    [[nodiscard]] Result<std::unique_ptr<Listener>> listen(Shard& shard,
                                                           const Endpoint& endpoint) override;
    [[nodiscard]] Task<Result<std::unique_ptr<Transport>>> connect(Shard& shard, Endpoint endpoint,
                                                                   TimePoint deadline) override;

    void set_faults(NetworkFaults faults) { faults_ = faults; }
    /// Cuts every connection of a node and closes its listeners, as the end of its process does.
    void cut(NodeTag node);
    /// The same for a node whose machine loses its power. It has power again when it listens.
    void cut_power(NodeTag node) {
        without_power_.insert(node);
        cut(node);
    }
    /// Lets nothing pass from one node to another. Blocks of one direction are counted.
    void block(NodeTag from, NodeTag to) { blocked_.insert({from, to}); }
    /// Removes one block. What has waited arrives if it was the last one of this direction.
    void unblock(NodeTag from, NodeTag to);
    /// Removes all blocks.
    void heal();

private:
    friend class SimTransport;
    friend class SimListener;
    struct Pipe;
    struct Link;
    struct Port;

    [[nodiscard]] Duration draw_delay();
    [[nodiscard]] bool draw_reset();
    [[nodiscard]] bool is_blocked(NodeTag from, NodeTag to) const {
        return blocked_.contains({from, to}) || without_power_.contains(from) ||
               without_power_.contains(to);
    }
    /// True if what a node sends to a port reaches the node that has listened there last, and the
    /// answer comes back.
    [[nodiscard]] bool reaches(NodeTag from, std::uint16_t port) const {
        const auto owner = owners_.find(port);
        return owner == owners_.end() ||
               (!is_blocked(from, owner->second) && !is_blocked(owner->second, from));
    }
    void deliver(const std::shared_ptr<Link>& link, std::size_t side, std::size_t bytes);
    /// Lets what has waited pass in all directions that are not blocked.
    void release();
    void release(const std::shared_ptr<Link>& link);

    Scheduler* scheduler_;
    NetworkFaults faults_;
    std::multiset<std::pair<NodeTag, NodeTag>> blocked_;
    std::set<NodeTag> without_power_;
    std::map<std::uint16_t, std::weak_ptr<Port>> ports_;
    std::map<std::uint16_t, NodeTag> owners_;  ///< who listens, or has listened last, at each port
    std::map<std::uint64_t, std::weak_ptr<Link>> links_;
    std::uint64_t next_link_ = 0;
    std::uint16_t next_port_ = 20'000;
};

}  // namespace hw::sim
