#include "test/sim/plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/ranges.h>

#include "broker/coordinator/group/group_partition.h"
#include "controller/image/topic_name.h"
#include "test/sim/fault_plan.h"

namespace hw::sim {

using replication::Acks;
using replication::Durability;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::uint16_t broker_port(NodeTag id) {
    return static_cast<std::uint16_t>(10'000 + id);
}

std::uint16_t controller_port(NodeTag id) {
    return static_cast<std::uint16_t>(11'000 + id);
}

/// Some topics get short segments, so that files are created and closed, and some get
/// LogAppendTime, so that records have timestamps from the broker's wall clock and its jumps.
std::map<std::string, std::string> draw_configs(Random& random) {
    std::map<std::string, std::string> configs;
    if (random.chance(1, 2)) {
        configs["segment.ms"] = std::to_string(random.between(500, 10'000));
    }
    if (random.chance(1, 3)) {
        configs["message.timestamp.type"] = "LogAppendTime";
    }
    return configs;
}

void draw_topics(Random& random, Plan& plan) {
    // The first two topics have different durabilities, so that every run has both.
    const std::uint64_t count = 2 + random.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
        const bool on_disk = i == 0 || (i > 1 && random.chance(1, 2));
        TopicPlan topic{.name = "topic-" + std::to_string(i),
                        .partitions = static_cast<std::int32_t>(1 + random.below(3)),
                        .durability = on_disk ? Durability::disk : Durability::memory,
                        .configs = draw_configs(random)};
        topic.configs["highwater.durability"] = on_disk ? "disk" : "memory";
        for (std::int32_t index = 0; index < topic.partitions; ++index) {
            plan.partitions.push_back({topic.name, PartitionIndex(index), {topic.durability}});
        }
        plan.topics.push_back(std::move(topic));
    }
}

/// Draws how many replicas each topic has, and how many must be in sync. Most have several where
/// there are brokers for them.
void draw_replicas(Random random, Plan& plan) {
    const auto most =
        std::min(static_cast<std::uint64_t>(kMaxReplicationFactor), plan.broker_count());
    for (TopicPlan& topic : plan.topics) {
        const std::uint64_t replicas = random.chance(1, 4) ? 1 : 1 + random.below(most);
        topic.replication_factor = static_cast<std::int16_t>(replicas);
        topic.configs["min.insync.replicas"] = std::to_string(1 + random.below(replicas));
        const bool is_unclean = replicas > 1 && random.chance(1, 6);
        if (is_unclean) {
            topic.configs["unclean.leader.election.enable"] = "true";
        }
        for (PartitionPlan& partition : plan.partitions) {
            if (partition.topic == topic.name) {
                partition.facts.replication_factor = topic.replication_factor;
                partition.facts.may_elect_uncleanly = is_unclean;
            }
        }
    }
}

ProducerPlan draw_producer(Random& random, PartitionNumber partition) {
    constexpr std::array kAcks{Acks::all, Acks::all, Acks::leader, Acks::none};
    ProducerPlan producer{
        .facts = {.partition = partition, .acks = kAcks[random.below(kAcks.size())]},
        .retries = random.chance(1, 2),
        .batch_records_max = 1 + random.below(10),
        .pause_max = draw_span(random, milliseconds(5), milliseconds(200)),
        .request_timeout = draw_span(random, milliseconds(200), seconds(5))};
    const bool idempotent = producer.facts.acks == Acks::all && random.chance(1, 2);
    producer.facts.idempotent = idempotent;
    producer.retries = producer.retries || producer.facts.idempotent;
    return producer;
}

void draw_clients(Random& random, Plan& plan) {
    for (std::uint32_t i = 0; i < plan.partitions.size(); ++i) {
        const PartitionNumber partition(i);
        for (std::uint64_t count = 1 + random.below(2); count > 0; --count) {
            plan.producers.push_back(draw_producer(random, partition));
        }
        plan.readers.push_back(
            {.partition = partition,
             .wait_max = Millis(static_cast<std::int32_t>(random.below(500))),
             .pause_max = draw_span(random, milliseconds(5), milliseconds(300)),
             .bytes_max = static_cast<std::int32_t>(random.chance(1, 3) ? 1 : 1 << 20),
             .rack = {}});
    }
    // In every run something is promised.
    ProducerFacts& first = plan.producers.front().facts;
    first.acks = first.acks == Acks::none ? Acks::all : first.acks;
}

/// Half of the readers read at a replica in their rack, some know of no leader epochs.
void draw_kinds_of_readers(Random random, Plan& plan) {
    for (ReaderPlan& reader : plan.readers) {
        if (random.chance(1, 2)) {
            reader.rack = Plan::rack(static_cast<NodeTag>(random.below(2)));
        }
        // Where records may be lost, one without epochs may still read them at an old leader.
        const PartitionFacts& facts = plan.partitions[reader.partition.value()].facts;
        const bool keeps_all = facts.durability == Durability::disk && !facts.may_elect_uncleanly;
        reader.knows_epochs = !keeps_all || random.chance(1, 2);
    }
}

/// Adds a group, which commits offsets for two partitions.
void add_group(const std::string& name, Plan& plan) {
    constexpr std::uint32_t kRegisters = 2;
    const auto registers = static_cast<std::uint32_t>(plan.groups.size()) * kRegisters;
    const auto index =
        broker::partition_of_group(name, static_cast<std::size_t>(plan.offsets_topic.partitions));
    const auto first = static_cast<std::uint32_t>(plan.partitions.size());
    GroupPlan& group = plan.groups.emplace_back();
    group.name = name;
    group.coordinator = PartitionNumber(first + static_cast<std::uint32_t>(index.value()));
    for (std::uint32_t i = 0; i < kRegisters; ++i) {
        group.registers.emplace_back(PartitionNumber(i), RegisterNumber(registers + i));
    }
}

/// Draws groups with members, and a client that reads what these commit.
void draw_teams(Random random, Plan& plan) {
    const std::uint64_t teams = random.chance(1, 4) ? 0 : 1 + random.below(2);
    for (std::uint64_t team = 0; team < teams; ++team) {
        add_group(fmt::format("team-{}", team), plan);
        plan.teams.push_back(plan.groups.size() - 1);
        const std::uint64_t members = 1 + random.below(4);
        for (std::uint64_t member = 0; member < members; ++member) {
            MemberPlan& drawn = plan.members.emplace_back();
            drawn.team = plan.teams.size() - 1;
            drawn.group = plan.teams.back();
            if (random.chance(1, 3)) {
                drawn.instance = fmt::format("instance-{}", member);
            }
            drawn.dies = member > 0 && random.chance(1, 3);
            drawn.session = milliseconds(1000 + random.below(3000));
            drawn.rebalance = milliseconds(500 + random.below(4000));
            drawn.request_timeout = draw_span(random, milliseconds(300), seconds(7));
        }
        plan.committers.push_back(
            {.group = plan.teams.back(),
             .only_reads = true,
             .pause_max = draw_span(random, milliseconds(20), seconds(1)),
             .request_timeout = draw_span(random, milliseconds(300), seconds(7))});
    }
}

/// Draws which protocols the members of groups use, and which groups have cooperative members. The
/// members of these and of mixed groups have no instances: a static member that is away may be back
/// with an assignment that others waited for, and then nobody rebalances the group; and another
/// process may take what one of the classic protocol has, without its knowledge.
void draw_protocols(Random random, Plan& plan) {
    constexpr std::array kKinds{GroupKind::classic, GroupKind::consumer, GroupKind::mixed};
    plan.consumer_session = milliseconds(2000 + random.below(3000));
    for (const std::size_t number : plan.teams) {
        GroupPlan& group = plan.groups[number];
        group.kind = kKinds[random.below(kKinds.size())];
        group.has_cooperative = group.kind == GroupKind::mixed ||
                                (group.kind == GroupKind::classic && random.chance(1, 2));
        group.protocol_phase = draw_span(random, seconds(6), seconds(20));
        for (MemberPlan& member : plan.members) {
            if (member.group == number && group.has_cooperative) {
                member.instance.reset();
            }
        }
    }
}

/// Draws the offsets topic, and clients that commit offsets to it.
void draw_groups(Random random, Plan& plan) {
    TopicPlan& topic = plan.offsets_topic;
    topic.name = controller::kOffsetsTopic;
    topic.partitions = static_cast<std::int32_t>(1 + random.below(kOffsetsPartitionsMax));
    topic.replication_factor =
        static_cast<std::int16_t>(std::min<std::size_t>({3, plan.broker_count()}));
    const std::uint64_t groups = 2 + random.below(2);
    for (std::uint64_t group = 0; group < groups; ++group) {
        add_group(fmt::format("group-{}", group), plan);
    }
    for (std::size_t i = 0; i <= plan.groups.size(); ++i) {
        plan.committers.push_back(
            {.group = i % plan.groups.size(),
             .only_reads = false,
             .pause_max = draw_span(random, milliseconds(20), seconds(1)),
             .request_timeout = draw_span(random, milliseconds(300), seconds(7))});
    }
    draw_teams(Random(random.next()), plan);
    for (std::int32_t index = 0; index < topic.partitions; ++index) {
        plan.partitions.push_back(
            {topic.name,
             PartitionIndex(index),
             {.durability = Durability::disk, .replication_factor = topic.replication_factor}});
    }
}

}  // namespace

const char* name_of(End end) {
    switch (end) {
        case End::clean_stop:
            return "a clean stop";
        case End::process_kill:
            return "a process kill";
        case End::power_loss:
            return "a power loss";
        case End::freeze_and_kill:
            return "a frozen disk, then a process kill";
        case End::freeze_and_power_loss:
            return "a frozen disk, then a power loss";
        case End::sync_error:
            return "failing syncs, then a power loss";
        case End::full_disk:
            return "a full disk";
        case End::full_disk_and_power_loss:
            return "a full disk and power losses";
    }
    std::unreachable();
}

std::string Plan::properties(const NodePlan& node) const {
    std::string listeners;
    std::string voters;
    if (node.is_broker) {
        listeners = fmt::format("PLAINTEXT://localhost:{}", broker_port(node.id));
    }
    if (node.is_controller) {
        listeners += fmt::format("{}CONTROLLER://localhost:{}", listeners.empty() ? "" : ",",
                                 controller_port(node.id));
    }
    for (const NodePlan& each : nodes) {
        if (each.is_controller) {
            voters += fmt::format("{}{}@localhost:{}", voters.empty() ? "" : ",", each.id,
                                  controller_port(each.id));
        }
    }
    return fmt::format(
        "process.roles={}{}{}\nnode.id={}\nlisteners={}\ncontroller.listener.names=CONTROLLER\n"
        "controller.quorum.voters={}\nlog.dirs={}\nbroker.rack={}\n"
        "replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector\n"
        "offsets.topic.num.partitions={}\noffsets.topic.replication.factor={}\n"
        "group.min.session.timeout.ms=1000\ngroup.initial.rebalance.delay.ms=100\n"
        "group.consumer.session.timeout.ms={}\ngroup.consumer.heartbeat.interval.ms={}\n",
        node.is_broker ? "broker" : "", node.is_broker && node.is_controller ? "," : "",
        node.is_controller ? "controller" : "", node.id, listeners, voters,
        fmt::join(node.directories, ","), rack(node.id), offsets_topic.partitions,
        offsets_topic.replication_factor, consumer_session.count(), kConsumerInterval);
}

std::size_t Plan::controllers() const {
    return static_cast<std::size_t>(std::ranges::count(nodes, true, &NodePlan::is_controller));
}

std::size_t Plan::broker_count() const {
    return static_cast<std::size_t>(std::ranges::count(nodes, true, &NodePlan::is_broker));
}

std::vector<Endpoint> Plan::brokers() const {
    std::vector<Endpoint> all;
    for (const NodePlan& node : nodes) {
        if (node.is_broker) {
            all.push_back({"localhost", broker_port(node.id)});
        }
    }
    return all;
}

Plan draw_plan(std::uint64_t seed) {
    Random random(seed ^ 0x504C'414E);
    Plan plan;
    plan.has_faults = !random.chance(1, 4);
    plan.data_shards = 1 + random.below(2);
    plan.defer_one_in = random.below(4);
    draw_topics(random, plan);
    draw_clients(random, plan);
    draw_nodes(Random(seed ^ 0x4E4F'4445), plan);
    draw_replicas(Random(seed ^ 0x5245'504C), plan);
    draw_kinds_of_readers(Random(seed ^ 0x5241'434B), plan);
    draw_groups(Random(seed ^ 0x4752'5053), plan);
    draw_protocols(Random(seed ^ 0x5052'4F54), plan);
    if (plan.has_faults) {
        draw_lives(Random(seed ^ 0x4C49'5645), plan);
        draw_cluster_faults(Random(seed ^ 0x4641'554C), plan);
    }
    draw_directories(Random(seed ^ 0x4449'5253), plan);
    draw_uncached(Random(seed ^ 0x434F'4C44), plan);
    return plan;
}

}  // namespace hw::sim
