#include "test/sim/plan.h"

#include <array>
#include <utility>

namespace hw::sim {

using replication::Acks;
using replication::Durability;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kRunMin = seconds(60);

Duration draw_span(Random& random, Duration min, Duration max) {
    return Duration(random.between(min.count(), max.count()));
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
            plan.partitions.push_back({topic.name, PartitionIndex(index), topic.durability});
        }
        plan.topics.push_back(std::move(topic));
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
             .bytes_max = static_cast<std::int32_t>(random.chance(1, 3) ? 1 : 1 << 20)});
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

LifePlan draw_life(Random& random) {
    constexpr std::array kEnds{End::clean_stop, End::process_kill,
                               End::power_loss, End::freeze_and_kill,
                               End::sync_error, End::freeze_and_power_loss,
                               End::full_disk,  End::full_disk_and_power_loss};
    // Some lives are so short that the crash happens during the recovery.
    const Duration longest = random.chance(1, 5) ? Duration(milliseconds(600)) : seconds(15);
    LifePlan life{.length = draw_span(random, Duration::zero(), longest),
                  .end = kEnds[random.below(kEnds.size())],
                  .disk = draw_disk(random),
                  .network = draw_network(random),
                  .freeze_after = random.below(100),
                  .sync_error_one_in = 1 + random.below(10),
                  .space_left = random.below(random.chance(1, 2) ? 2'000 : 100'000),
                  .full_for = draw_span(random, milliseconds(10), seconds(4)),
                  .wall_jump = std::nullopt,
                  .damage = std::nullopt};
    if (random.chance(1, 3)) {
        life.wall_jump = draw_wall_jump(random, life.length);
    }
    return life;
}

/// How often a read finds that bytes are not in memory. Uses its own random numbers, as below.
void draw_uncached(Random random, Plan& plan) {
    for (LifePlan& life : plan.lives) {
        life.disk.uncached_one_in = random.below(5);
    }
}

/// Uses its own random numbers, so that the seeds in seeds.txt keep their other faults.
void draw_damage(Random random, Plan& plan) {
    constexpr std::array kKinds{DamageKind::bit_flip, DamageKind::header_bit_flip,
                                DamageKind::zeroed_sector};
    for (LifePlan& life : plan.lives) {
        if (!random.chance(1, 3)) {
            continue;
        }
        const bool at_rest = random.chance(1, 2);
        life.damage = {
            .after = at_rest ? Duration::zero() : draw_span(random, Duration(1), life.length),
            .is_of_metadata = random.chance(1, 5),
            .kind = kKinds[random.below(kKinds.size())],
            .seed = random.next()};
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

Plan draw_plan(std::uint64_t seed) {
    Random random(seed ^ 0x504C'414E);
    Plan plan;
    plan.has_faults = !random.chance(1, 4);
    plan.data_shards = 1 + random.below(2);
    plan.defer_one_in = random.below(4);
    draw_topics(random, plan);
    draw_clients(random, plan);
    if (!plan.has_faults) {
        LifePlan life;
        life.length = kRunMin;
        plan.lives.push_back(life);
        draw_uncached(Random(seed ^ 0x434F'4C44), plan);
        return plan;
    }
    Duration sum{};
    while (sum < kRunMin) {
        plan.lives.push_back(draw_life(random));
        sum += plan.lives.back().length;
    }
    draw_damage(Random(seed ^ 0x4441'4D47), plan);
    draw_uncached(Random(seed ^ 0x434F'4C44), plan);
    return plan;
}

}  // namespace hw::sim
