#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "controller/ops/partition_change.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

constexpr std::int32_t kBrokers = 4;

bool contains(const std::vector<BrokerId>& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

/// Checks the invariants of a partition, which hold in every image.
void check_partition(const MetadataImage& image, const PartitionImage& partition) {
    INFO(text_of(partition));
    REQUIRE_FALSE(partition.isr.empty());
    REQUIRE(partition.elr.empty());
    REQUIRE(partition.directories.size() == partition.replicas.size());
    for (const BrokerId member : partition.isr) {
        REQUIRE(contains(partition.replicas, member));
        // A fenced broker is in the ISR only as its last member, and then the partition has no
        // leader.
        const bool in_service = image.find_live_broker(member) != nullptr;
        REQUIRE((in_service || (partition.isr.size() == 1 && partition.leader == kNoBroker)));
    }
    if (partition.leader != kNoBroker) {
        REQUIRE(contains(partition.isr, partition.leader));
        REQUIRE(image.find_broker(partition.leader)->is_active());
    } else {
        const auto may = [&](BrokerId id) { return may_lead({.image = image}, partition, id); };
        REQUIRE(std::ranges::none_of(partition.isr, may));
    }
}

/// Checks in each image that no epoch of a partition falls, and that a leader epoch has one leader.
class Watcher {
public:
    void see(const MetadataImage& image) {
        for (const auto& [name, topic] : image.topics()) {
            for (const auto& [index, partition] : topic.partitions) {
                check_partition(image, partition);
                check_epochs({topic.id, index}, partition);
            }
        }
    }

private:
    void check_epochs(PartitionKey key, const PartitionImage& now) {
        const auto [seen, is_new] = last_.try_emplace(key, now);
        if (is_new) {
            return;
        }
        const PartitionImage& before = seen->second;
        REQUIRE(now.partition_epoch >= before.partition_epoch);
        REQUIRE(now.leader_epoch >= before.leader_epoch);
        REQUIRE((now.leader == before.leader || now.leader_epoch > before.leader_epoch));
        REQUIRE((now == before || now.partition_epoch > before.partition_epoch));
        seen->second = now;
    }

    std::map<PartitionKey, PartitionImage> last_;
};

/// A cluster with random requests, silent brokers and changes of the active controller.
class RandomCluster {
public:
    explicit RandomCluster(std::uint64_t seed) : random_(seed), world_(seed) {
        world_.lead();
        world_.commit();
    }

    void step() {
        switch (random_.below(12)) {
            case 0:
                return register_broker();
            case 1:
                return create();
            case 2:
                return remove();
            case 3:
                return allocate();
            case 4:
                world_.pass(std::chrono::milliseconds(random_.below(1500)));
                return;
            case 5:
            case 6:
                world_.commit(random_.below(4));
                return;
            case 7:
                return change_controller();
            default:
                return beat();
        }
    }

    void check() {
        committed_.see(world_.controller().committed());
        if (random_.chance(1, 20)) {
            REQUIRE(text_of(world_.controller().committed()) == world_.replay());
        }
        if (world_.uncommitted() == 0) {
            REQUIRE(text_of(world_.image()) == text_of(world_.controller().committed()));
            REQUIRE(world_.answers() == asked_);
        }
        for (const auto& [name, topic] : world_.image().topics()) {
            for (const auto& [index, partition] : topic.partitions) {
                check_partition(world_.image(), partition);
            }
        }
    }

    [[nodiscard]] const World& world() const { return world_; }

private:
    void ask(const ControllerRequest& request) {
        world_.ask(request);
        ++asked_;
    }
    [[nodiscard]] std::int32_t some_broker() {
        return static_cast<std::int32_t>(1 + random_.below(kBrokers));
    }
    [[nodiscard]] std::string some_name() { return "t" + std::to_string(random_.below(8)); }

    void register_broker() {
        // Run 3 of a broker has a new log directory, as if its disk was lost.
        const std::int32_t id = some_broker();
        const std::uint64_t run = random_.below(4);
        Registration joining = registration(id, run);
        if (run == 3) {
            joining.log_dirs = {DirectoryId(uuid(500 + static_cast<std::uint64_t>(id)))};
        }
        ask(joining.request());
    }
    void beat() {
        auto request = world_.heartbeat(some_broker());
        request.want_fence = random_.chance(1, 20);
        request.want_shut_down = random_.chance(1, 20);
        ask(request);
    }
    void create() {
        const std::string name = some_name();
        const std::vector<schema::CreateTopicsRequest::Topic> topics{
            topic(name, static_cast<std::int32_t>(1 + random_.below(5)),
                  static_cast<std::int16_t>(random_.between(-1, kBrokers)))};
        ask(schema::CreateTopicsRequest{.topics = std::span(topics)});
    }
    void remove() {
        const std::string name = some_name();
        const std::vector<std::string_view> names{name};
        ask(schema::DeleteTopicsRequest{.topic_names = std::span(names)});
    }
    void allocate() {
        const auto beat = world_.heartbeat(some_broker());
        ask(schema::AllocateProducerIdsRequest{.broker_id = beat.broker_id,
                                               .broker_epoch = beat.broker_epoch});
    }
    void change_controller() {
        if (random_.chance(1, 4)) {
            world_.lose(random_.below(4));
            world_.lead();
        }
    }

    Random random_;
    World world_;
    Watcher committed_;
    std::size_t asked_ = 0;
};

TEST_CASE(
    "properties: under random requests and losses of leadership the committed image equals the "
    "replayed log, and its invariants hold",
    "[controller][property]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        RandomCluster cluster(seed);
        for (int step = 0; step < 600; ++step) {
            cluster.step();
            cluster.check();
        }
    }
}

TEST_CASE("properties: the same seed gives the same records", "[controller][property]") {
    const auto run = [](std::uint64_t seed) {
        RandomCluster cluster(seed);
        for (int step = 0; step < 600; ++step) {
            cluster.step();
        }
        return cluster.world().records();
    };
    const std::vector<std::string> first = run(42);
    CHECK(first.size() > 200);
    CHECK(first == run(42));
    CHECK(first != run(43));
}

}  // namespace
}  // namespace hw::controller::testing
