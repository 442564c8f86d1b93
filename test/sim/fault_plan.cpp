#include "test/sim/fault_plan.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hw::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kRunMin = seconds(60);

/// Numbers of nodes by their roles.
struct Shape {
    NodeTag combined = 0;
    NodeTag controllers = 0;
    NodeTag brokers = 0;
};

/// A single node is the most frequent shape, because it has most to do with its disk.
Shape draw_shape(Random& random) {
    const auto some = [&random] { return static_cast<NodeTag>(1 + random.below(2)); };
    switch (random.below(10)) {
        case 0:
        case 1:
            return {.combined = 3};
        case 2:
            return {.combined = 3, .brokers = some()};
        case 3:
            return {.controllers = 3, .brokers = some()};
        case 4:
            return {.combined = 1, .brokers = some()};
        case 5:
            return {.controllers = 1, .brokers = some()};
        default:
            return {.combined = 1};
    }
}

DiskFaults draw_disk(Random& random) {
    DiskFaults disk;
    if (random.chance(1, 3)) {
        disk.delay_most = draw_span(random, milliseconds(10), milliseconds(300));
    }
    if (random.chance(1, 3)) {
        disk.late_write_one_in = 1 + random.below(10);
    }
    return disk;
}

NetworkFaults draw_network(Random& random) {
    NetworkFaults network;
    if (random.chance(1, 3)) {
        network.delay_most = draw_span(random, milliseconds(1), milliseconds(20));
    }
    if (random.chance(1, 3)) {
        network.slow_one_in = 10 + random.below(200);
    }
    if (random.chance(1, 3)) {
        network.reset_one_in = 100 + random.below(2000);
    }
    return network;
}

/// A jump by minutes, hours or days in either direction, or back to the true time.
WallJump draw_wall_jump(Random& random, Duration length) {
    constexpr std::array<Duration, 3> kUnits{std::chrono::minutes(1), std::chrono::hours(1),
                                             std::chrono::days(1)};
    WallJump jump{.after = draw_span(random, Duration::zero(), length), .ahead = {}};
    if (!random.chance(1, 4)) {
        constexpr std::int64_t kMaxUnits = 20;
        jump.ahead = kUnits[random.below(kUnits.size())] * random.between(-kMaxUnits, kMaxUnits);
    }
    return jump;
}

DamagePlan draw_damage(Random& random, Duration length) {
    constexpr std::array kKinds{DamageKind::bit_flip, DamageKind::header_bit_flip,
                                DamageKind::zeroed_sector};
    const bool at_rest = random.chance(1, 2);
    return {.after = at_rest ? Duration::zero() : draw_span(random, Duration(1), length),
            .is_of_metadata = random.chance(1, 5),
            .kind = kKinds[random.below(kKinds.size())],
            .seed = random.next()};
}

LifePlan draw_life(Random& random, bool is_alone) {
    constexpr std::array kEnds{End::clean_stop, End::process_kill,
                               End::power_loss, End::freeze_and_kill,
                               End::sync_error, End::freeze_and_power_loss,
                               End::full_disk,  End::full_disk_and_power_loss};
    // Some lives are so short that the crash happens during the recovery.
    const Duration longest = random.chance(1, 5) ? Duration(milliseconds(600))
                                                 : Duration(is_alone ? seconds(15) : seconds(30));
    LifePlan life{.length = draw_span(random, Duration::zero(), longest),
                  .end = kEnds[random.below(kEnds.size())],
                  .disk = draw_disk(random),
                  .freeze_after = random.below(100),
                  .sync_error_one_in = 1 + random.below(10),
                  .space_left = random.below(random.chance(1, 2) ? 2'000 : 100'000),
                  .full_for = draw_span(random, milliseconds(10), seconds(4)),
                  .wall_jump = std::nullopt,
                  .damage = std::nullopt,
                  .failed_directory = std::nullopt,
                  .down_for = {}};
    if (random.chance(1, 3)) {
        life.wall_jump = draw_wall_jump(random, life.length);
    }
    if (random.chance(1, 3)) {
        life.damage = draw_damage(random, life.length);
    }
    if (!is_alone && random.chance(1, 2)) {
        life.down_for = draw_span(random, Duration::zero(), seconds(6));
    }
    return life;
}

/// Draws faults of the network and of several nodes.
class FaultDraw {
public:
    FaultDraw(Random& random, const Plan& plan)
        : random_(random), nodes_(static_cast<NodeTag>(plan.nodes.size())) {}

    [[nodiscard]] ClusterFault draw() {
        ClusterFault fault{.length = draw_span(random_, milliseconds(100), seconds(15)),
                           .text = {},
                           .blocked = {},
                           .paused = {},
                           .without_power = {},
                           .network = std::nullopt};
        const NodeTag node = draw_node();
        switch (random_.below(6)) {
            case 0:
                isolate(fault, node);
                break;
            case 1:
                cut_pair(fault, node);
                break;
            case 2:
                cut_one_way(fault, node);
                break;
            case 3:
            case 4:
                fault.text = fmt::format("node {} is paused", node);
                fault.paused = {node};
                fault.length = draw_span(random_, milliseconds(100),
                                         random_.chance(1, 2) ? seconds(2) : seconds(20));
                break;
            default:
                lose_power(fault);
        }
        return fault;
    }

private:
    [[nodiscard]] NodeTag draw_node() { return static_cast<NodeTag>(1 + random_.below(nodes_)); }
    /// Another node, or the clients.
    [[nodiscard]] NodeTag draw_other(NodeTag than) {
        const NodeTag drawn = draw_node();
        return drawn == than ? kClients : drawn;
    }

    void isolate(ClusterFault& fault, NodeTag node) {
        const bool with_clients = random_.chance(1, 2);
        fault.text = fmt::format("node {} is cut off from the other nodes{}", node,
                                 with_clients ? ", but not from clients" : " and from clients");
        for (const NodeTag other : others(node, !with_clients)) {
            fault.blocked.emplace_back(node, other);
            fault.blocked.emplace_back(other, node);
        }
    }
    void cut_pair(ClusterFault& fault, NodeTag node) {
        const NodeTag other = draw_other(node);
        fault.text = fmt::format("{} and {} are cut off from each other", node, other);
        fault.blocked = {{node, other}, {other, node}};
    }
    void cut_one_way(ClusterFault& fault, NodeTag node) {
        const bool is_deaf = random_.chance(1, 2);
        const bool is_total = random_.chance(1, 2);
        const auto cut =
            is_total ? others(node, random_.chance(1, 2)) : std::vector<NodeTag>{draw_other(node)};
        fault.text = fmt::format("node {} {} {}", node, is_deaf ? "cannot hear" : "is not heard by",
                                 is_total ? "any other" : fmt::format("{}", cut.front()));
        for (const NodeTag other : cut) {
            fault.blocked.emplace_back(is_deaf ? other : node, is_deaf ? node : other);
        }
    }
    void lose_power(ClusterFault& fault) {
        const bool all = random_.chance(1, 2);
        for (NodeTag node = 1; node <= nodes_; ++node) {
            if (all || random_.chance(1, 2)) {
                fault.without_power.push_back(node);
            }
        }
        fault.text = fmt::format("{} nodes lose their power at once", fault.without_power.size());
    }
    [[nodiscard]] std::vector<NodeTag> others(NodeTag node, bool and_clients) const {
        std::vector<NodeTag> all;
        for (NodeTag other = 1; other <= nodes_; ++other) {
            if (other != node) {
                all.push_back(other);
            }
        }
        if (and_clients) {
            all.push_back(kClients);
        }
        return all;
    }

    Random& random_;
    NodeTag nodes_;
};

}  // namespace

Duration draw_span(Random& random, Duration min, Duration max) {
    return Duration(random.between(min.count(), max.count()));
}

void draw_nodes(Random random, Plan& plan) {
    const Shape shape = draw_shape(random);
    const NodeTag controllers = shape.combined + shape.controllers;
    const bool have_wrong_clocks = plan.has_faults && random.chance(1, 3);
    LifePlan quiet;
    quiet.length = kRunMin;
    for (NodeTag id = 1; id <= controllers + shape.brokers; ++id) {
        NodePlan node{.id = id,
                      .is_controller = id <= controllers,
                      .is_broker = id <= shape.combined || id > controllers,
                      .lives = {quiet}};
        if (have_wrong_clocks) {
            node.clock_rate = random.between(900, 1100);
        }
        plan.nodes.push_back(std::move(node));
    }
}

void draw_lives(Random random, Plan& plan) {
    const bool is_alone = plan.nodes.size() == 1;
    for (NodePlan& node : plan.nodes) {
        node.lives.clear();
        Duration sum{};
        while (sum < kRunMin) {
            node.lives.push_back(draw_life(random, is_alone));
            sum += node.lives.back().length + node.lives.back().down_for;
        }
    }
}

void draw_directories(Random random, Plan& plan) {
    for (NodePlan& node : plan.nodes) {
        if (plan.nodes.size() == 1 || !node.is_broker || !random.chance(1, 3)) {
            continue;
        }
        node.directories = {"/data", "/data2"};
        // Without the directory of its metadata log a controller ends.
        const auto draw = [&] { return random.chance(1, node.is_controller ? 1 : 2); };
        for (LifePlan& life : node.lives) {
            if (plan.has_faults && random.chance(1, 3)) {
                life.failed_directory = DirectoryFailure(
                    draw_span(random, Duration::zero(), life.length), node.directories[draw()]);
            }
        }
        if (plan.has_faults) {
            plan.last_failure = {node.id, node.directories[draw()]};
        }
    }
    for (NodePlan& node : plan.nodes) {
        for (std::size_t i = 1; i < node.lives.size(); ++i) {
            LifePlan& life = node.lives[i];
            life.keeps_failed_directory = node.lives[i - 1].failed_directory &&
                                          !life.failed_directory && !life.damage &&
                                          random.chance(1, 2);
        }
    }
}

void draw_uncached(Random random, Plan& plan) {
    for (NodePlan& node : plan.nodes) {
        for (LifePlan& life : node.lives) {
            life.disk.uncached_one_in = random.below(5);
        }
    }
}

void draw_cluster_faults(Random random, Plan& plan) {
    const auto spread = [&random](ClusterFault fault) {
        fault.after = draw_span(random, Duration::zero(), kRunMin);
        return fault;
    };
    for (std::uint64_t count = 3 + random.below(10); count > 0; --count) {
        ClusterFault change{.text = "the network behaves differently",
                            .blocked = {},
                            .paused = {},
                            .without_power = {},
                            .network = draw_network(random)};
        plan.faults.push_back(spread(std::move(change)));
    }
    if (plan.nodes.size() > 1 || random.chance(1, 3)) {
        FaultDraw draw(random, plan);
        for (std::uint64_t count = random.below(10); count > 0; --count) {
            plan.faults.push_back(spread(draw.draw()));
        }
    }
    std::ranges::sort(plan.faults, {}, &ClusterFault::after);
}

}  // namespace hw::sim
