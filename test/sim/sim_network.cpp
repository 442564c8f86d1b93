#include "test/sim/sim_network.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

namespace hw::sim {
namespace {

constexpr std::size_t kPipeRoom = 256 * 1024;

/// Lets one coroutine wait for an event of the network.
class Waiting {
public:
    [[nodiscard]] Task<> wait(Scheduler& scheduler, NodeTag node) {
        auto park = [this, &scheduler, node](Scheduler::Work resume) {
            parked_ = scheduler.park(node, std::move(resume));
        };
        co_await SimShard::suspend(park);
    }
    void wake(Scheduler& scheduler) {
        if (parked_) {
            scheduler.wake(*std::exchange(parked_, std::nullopt));
        }
    }

private:
    std::optional<Scheduler::ParkId> parked_;
};

SimShard& sim_shard(Shard& shard) {
    return static_cast<SimShard&>(shard);
}

}  // namespace

/// One direction of a connection.
struct SimNetwork::Pipe {
    std::string under_way;
    std::string arrived;
    std::size_t held = 0;  ///< bytes under way that wait until the network is healed
    TimePoint last_arrival{};
    Waiting reader;
    Waiting writer;
};

/// A connection. Side 0 has connected, side 1 has accepted; side i reads pipe i.
struct SimNetwork::Link {
    SimNetwork* network = nullptr;
    std::array<NodeTag, 2> nodes{};
    std::array<Pipe, 2> pipes;
    bool cut = false;
    std::array<bool, 2> closed{};  ///< by this side, which the other one does not know

    [[nodiscard]] bool is_dead(std::size_t side) const { return cut || closed[side]; }
    /// Side `side` closes, or its process ends.
    void close(std::size_t side) {
        if (!network->is_blocked(nodes[side], nodes[1 - side])) {
            cut_now();
            return;
        }
        closed[side] = true;
        pipes[side].reader.wake(*network->scheduler_);
        pipes[1 - side].writer.wake(*network->scheduler_);
    }
    void cut_now() {
        cut = true;
        for (Pipe& pipe : pipes) {
            pipe.under_way.clear();
            pipe.arrived.clear();
            pipe.reader.wake(*network->scheduler_);
            pipe.writer.wake(*network->scheduler_);
        }
    }
};

struct SimNetwork::Port {
    SimNetwork* network = nullptr;
    NodeTag node = kWorld;
    Endpoint endpoint;
    std::deque<std::shared_ptr<Link>> backlog;
    Waiting acceptor;
    bool open = true;

    void close() {
        open = false;
        for (const auto& link : backlog) {
            link->cut_now();
        }
        backlog.clear();
        acceptor.wake(*network->scheduler_);
    }
};

class SimTransport final : public Transport {
public:
    SimTransport(std::shared_ptr<SimNetwork::Link> link, std::size_t side, Endpoint local,
                 Endpoint peer)
        : link_(std::move(link)), side_(side), local_(std::move(local)), peer_(std::move(peer)) {}
    ~SimTransport() override { SimTransport::close(); }

    Transfer try_read(MutableBytes into) override {
        if (dead()) {
            return {Progress::closed, 0};
        }
        SimNetwork::Pipe& pipe = link_->pipes[side_];
        if (pipe.arrived.empty()) {
            return {Progress::would_block, 0};
        }
        const std::size_t max = std::min(into.size(), pipe.arrived.size());
        const std::size_t count = 1 + link_->network->scheduler_->random().below(max);
        std::copy_n(as_bytes(pipe.arrived).begin(), count, into.begin());
        pipe.arrived.erase(0, count);
        pipe.writer.wake(*link_->network->scheduler_);
        return {Progress::done, count};
    }

    Transfer try_write(std::span<const ByteView> slices) override {
        if (dead()) {
            return {Progress::closed, 0};
        }
        SimNetwork& network = *link_->network;
        SimNetwork::Pipe& pipe = link_->pipes[1 - side_];
        const std::size_t held = pipe.under_way.size() + pipe.arrived.size();
        std::string offered;
        for (const ByteView slice : slices) {
            offered += as_text(slice);
        }
        if (held >= kPipeRoom) {
            return {Progress::would_block, 0};
        }
        const std::size_t max = std::min(offered.size(), kPipeRoom - held);
        const std::size_t count = 1 + network.scheduler_->random().below(max);
        pipe.under_way.append(offered, 0, count);
        network.deliver(link_, 1 - side_, count);
        return {Progress::done, count};
    }

    Task<> wait_readable() override {
        SimNetwork::Pipe& pipe = link_->pipes[side_];
        if (!link_->is_dead(side_) && pipe.arrived.empty()) {
            co_await pipe.reader.wait(*link_->network->scheduler_, link_->nodes[side_]);
        }
    }

    Task<> wait_writable() override {
        SimNetwork::Pipe& pipe = link_->pipes[1 - side_];
        if (!link_->is_dead(side_) && pipe.under_way.size() + pipe.arrived.size() >= kPipeRoom) {
            co_await pipe.writer.wait(*link_->network->scheduler_, link_->nodes[side_]);
        }
    }

    void close() override {
        if (!link_->is_dead(side_)) {
            link_->close(side_);
        }
    }

    const Endpoint& local() const override { return local_; }
    const Endpoint& peer() const override { return peer_; }

private:
    bool dead() {
        if (!link_->cut && link_->network->draw_reset()) {
            link_->cut_now();
        }
        return link_->is_dead(side_);
    }

    std::shared_ptr<SimNetwork::Link> link_;
    std::size_t side_;
    Endpoint local_;
    Endpoint peer_;
};

class SimListener final : public Listener {
public:
    explicit SimListener(std::shared_ptr<SimNetwork::Port> port) : port_(std::move(port)) {}
    ~SimListener() override { SimListener::close(); }

    Task<Result<std::unique_ptr<Transport>>> accept(Shard& home) override {
        if (port_->open && port_->backlog.empty()) {
            co_await port_->acceptor.wait(*port_->network->scheduler_, port_->node);
        }
        if (!port_->open || port_->backlog.empty()) {
            co_return fail(ErrorKind::closed, "the listener {} is closed",
                           to_string(port_->endpoint));
        }
        auto link = std::move(port_->backlog.front());
        port_->backlog.pop_front();
        link->nodes[1] = sim_shard(home).node();
        Endpoint peer{"node-" + std::to_string(link->nodes[0]), 0};
        co_return std::make_unique<SimTransport>(std::move(link), 1, port_->endpoint,
                                                 std::move(peer));
    }

    void close() override {
        if (port_->open) {
            port_->close();
        }
    }

    const Endpoint& local() const override { return port_->endpoint; }

private:
    std::shared_ptr<SimNetwork::Port> port_;
};

Duration SimNetwork::draw_delay() {
    Random& random = scheduler_->random();
    const Duration delay(random.between(faults_.delay_least.count(), faults_.delay_most.count()));
    constexpr int kSlow = 100;
    const bool slow = faults_.slow_one_in != 0 && random.chance(1, faults_.slow_one_in);
    return slow ? delay * kSlow : delay;
}

bool SimNetwork::draw_reset() {
    return faults_.reset_one_in != 0 && scheduler_->random().chance(1, faults_.reset_one_in);
}

void SimNetwork::deliver(const std::shared_ptr<Link>& link, std::size_t side, std::size_t bytes) {
    Pipe& pipe = link->pipes[side];
    pipe.last_arrival = std::max(pipe.last_arrival, scheduler_->now() + draw_delay());
    auto arrive = [this, link, side, bytes] {
        if (link->cut) {
            return;
        }
        Pipe& target = link->pipes[side];
        if (is_blocked(link->nodes[1 - side], link->nodes[side])) {
            target.held += bytes;
            return;
        }
        // Chunks that are due at the same time may run in any order, but bytes arrive in order.
        target.arrived.append(target.under_way, 0, bytes);
        target.under_way.erase(0, bytes);
        target.reader.wake(*scheduler_);
    };
    scheduler_->park(kWorld, std::move(arrive), pipe.last_arrival);
}

Result<std::unique_ptr<Listener>> SimNetwork::listen(Shard& shard, const Endpoint& endpoint) {
    constexpr std::uint16_t kFirstAllowedPort = 1024;
    auto port = std::make_shared<Port>();
    port->network = this;
    port->node = sim_shard(shard).node();
    port->endpoint = endpoint;
    if (endpoint.port == 0) {
        port->endpoint.port = next_port_++;
    } else if (endpoint.port < kFirstAllowedPort) {
        return fail(ErrorKind::permission, "listen on {}: Permission denied", to_string(endpoint));
    }
    const auto taken = ports_[port->endpoint.port].lock();
    if (taken && taken->open) {
        return fail(ErrorKind::busy, "listen on {}: Address already in use", to_string(endpoint));
    }
    ports_[port->endpoint.port] = port;
    owners_[port->endpoint.port] = port->node;
    if (without_power_.erase(port->node) != 0) {
        release();
    }
    return std::make_unique<SimListener>(std::move(port));
}

Task<Result<std::unique_ptr<Transport>>> SimNetwork::connect(Shard& shard, Endpoint endpoint,
                                                             TimePoint deadline) {
    SimShard& from = sim_shard(shard);
    const TimePoint limit = from.true_time(deadline);
    Signal never;
    co_await from.wait_until(never, scheduler_->now() + draw_delay());
    constexpr Duration kRetry = std::chrono::milliseconds(100);
    while (!reaches(from.node(), endpoint.port)) {
        if (scheduler_->now() >= limit) {
            co_return fail(ErrorKind::timed_out, "no answer from {} in time", to_string(endpoint));
        }
        co_await from.wait_until(never, std::min(limit, scheduler_->now() + kRetry));
    }
    const auto port = ports_[endpoint.port].lock();
    if (!port || !port->open) {
        co_return fail(ErrorKind::closed, "connect to {}: Connection refused", to_string(endpoint));
    }
    if (scheduler_->now() > limit) {
        co_return fail(ErrorKind::timed_out, "no answer from {} in time", to_string(endpoint));
    }
    auto link = std::make_shared<Link>();
    link->network = this;
    link->nodes = {from.node(), port->node};
    links_.emplace(next_link_++, link);
    port->backlog.push_back(link);
    port->acceptor.wake(*scheduler_);
    Endpoint local{"node-" + std::to_string(from.node()), 0};
    co_return std::make_unique<SimTransport>(std::move(link), 0, std::move(local), endpoint);
}

void SimNetwork::unblock(NodeTag from, NodeTag to) {
    const auto block = blocked_.find({from, to});
    if (block != blocked_.end()) {
        blocked_.erase(block);
        release();
    }
}

void SimNetwork::heal() {
    blocked_.clear();
    release();
}

void SimNetwork::release() {
    for (const auto& [number, weak] : links_) {
        const auto link = weak.lock();
        if (link && !link->cut) {
            release(link);
        }
    }
}

void SimNetwork::release(const std::shared_ptr<Link>& link) {
    for (std::size_t side = 0; side < 2; ++side) {
        if (link->closed[side] && !is_blocked(link->nodes[side], link->nodes[1 - side])) {
            link->cut_now();
            return;
        }
    }
    for (std::size_t side = 0; side < 2; ++side) {
        Pipe& pipe = link->pipes[side];
        if (pipe.held > 0 && !is_blocked(link->nodes[1 - side], link->nodes[side])) {
            deliver(link, side, std::exchange(pipe.held, 0));
        }
    }
}

void SimNetwork::cut(NodeTag node) {
    for (auto entry = links_.begin(); entry != links_.end();) {
        const auto link = entry->second.lock();
        for (std::size_t side = 0; side < 2; ++side) {
            if (link && link->nodes[side] == node && !link->is_dead(side)) {
                link->close(side);
            }
        }
        entry = link ? std::next(entry) : links_.erase(entry);
    }
    for (const auto& [number, weak] : ports_) {
        const auto port = weak.lock();
        if (port && port->node == node) {
            port->close();
        }
    }
}

}  // namespace hw::sim
