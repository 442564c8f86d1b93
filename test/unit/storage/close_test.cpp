#include "test/unit/storage/manager_fixture.h"

/// The stop of a node with many logs.
namespace hw::storage {
namespace {

/// A node with `count` logs in each of two directories, each of which has a record that is not
/// synced.
struct Many : World {
    explicit Many(int count) {
        Node& node = start();
        ManagerSettings settings{{"/a", "/b"}, "c",
                                 BrokerId(1),  kMetadataTopic,
                                 1000,         [](const std::string&) { return LogOptions{}; }};
        REQUIRE(node.run(node.manager.open(std::move(settings))).has_value());
        TopicId topic(Uuid{1, 2});
        for (const auto& directory : node.manager.directories()) {
            for (int i = 0; i < count; ++i) {
                const TopicPartition name{"t", PartitionIndex(i)};
                auto made = node.run(node.manager.create(*directory, name, topic));
                REQUIRE(made.has_value());
                node.take(std::move(*made));
                node.append(SyncUrgency::background);
                closing.push_back({node.directory, node.id, node.log.get()});
                logs.push_back(std::move(node.log));
                owners.push_back(node.owner);
            }
            topic = TopicId(Uuid{3, 4});
        }
    }
    Duration close() {
        const TimePoint begin = scheduler.now();
        outcome = node->run(node->manager.close(closing, BrokerEpoch(17)));
        return scheduler.now() - begin;
    }

    std::vector<ClosingLog> closing;
    std::vector<std::unique_ptr<Log>> logs;
    std::vector<std::shared_ptr<TestOwner>> owners;
    Result<void> outcome;
};

TEST_CASE("manager: a stop closes the logs of all directories side by side", "[storage][manager]") {
    Many few(1);
    const Duration shortest = few.close();
    REQUIRE(few.outcome.has_value());
    constexpr int kLogs = static_cast<int>(LogManager::kCloseLanes) * 3;
    Many many(kLogs);
    const Duration time = many.close();
    REQUIRE(many.outcome.has_value());
    INFO(time.count() << " ns for " << kLogs << " logs, " << shortest.count() << " ns for one");
    CHECK(time < shortest * kLogs / 4);
    many.node.reset();
    many.disk.process_kill();
    Node& next = many.start();
    const auto opened = next.open({"/a", "/b"});
    REQUIRE(opened.has_value());
    CHECK(opened->logs.size() == 2 * kLogs);
    CHECK(next.manager.clean_broker_epoch() == BrokerEpoch(17));
}

TEST_CASE("manager: a log that cannot be closed leaves its directory without a marker only",
          "[storage][manager]") {
    Many many(40);
    many.disk.faults().failed.insert("/a");
    many.close();
    REQUIRE_FALSE(many.outcome.has_value());
    CHECK_FALSE(many.disk.has("/a/.kafka_cleanshutdown"));
    CHECK(many.disk.has("/b/.kafka_cleanshutdown"));
}

}  // namespace
}  // namespace hw::storage
