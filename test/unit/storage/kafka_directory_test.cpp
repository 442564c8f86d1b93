#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/data_directory.h"
#include "storage/log_folder.h"
#include "storage/quorum_state_file.h"
#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

/// The cluster and the node that wrote the directories.
const MetaProperties kWriter{"A0q6A7bIRWSIKj2h24wd5w", BrokerId(1), DirectoryId(Uuid{1, 1})};

std::string read_real_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A data directory of Kafka on a simulated disk, as `/kafka`.
class KafkaDirectory {
public:
    explicit KafkaDirectory(const std::string& kind) {
        const std::filesystem::path root = std::string(HW_KAFKA_DIRECTORIES "/") + kind;
        REQUIRE(disk.make_directories("/kafka").has_value());
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
            const std::string target =
                "/kafka/" + std::filesystem::relative(entry.path(), root).string();
            if (entry.is_directory()) {
                REQUIRE(disk.make_directories(target).has_value());
                continue;
            }
            REQUIRE(disk.make_directories(target.substr(0, target.rfind('/'))).has_value());
            REQUIRE(disk.open(target, OpenMode::create).has_value());
            disk.overwrite(target, 0, read_real_file(entry.path()));
        }
    }

    OpenedDirectory open() {
        auto directory = open_data_directory(disk, "/kafka", kWriter, logger());
        INFO((directory ? "" : directory.error().message));
        REQUIRE(directory.has_value());
        return std::move(*directory);
    }

    Result<LogContents> load(const OpenedDirectory& directory, const TopicPartition& name) {
        const auto offset = [&](const PartitionOffsets& offsets) {
            const auto found = offsets.find(name);
            return found == offsets.end() ? Offset(0) : found->second;
        };
        return load_log({&disk, "/kafka/" + folder_name(name), LogOptions{}, directory.shutdown,
                         offset(directory.recovery_points), offset(directory.log_starts),
                         logger()});
    }

    Logger logger() { return {sink, "storage"}; }

    sim::Scheduler scheduler{1};
    sim::SimDisk disk{scheduler, 1};
    LinesKept sink;
};

Offset end_of(const LogContents& contents) {
    return contents.segments.back().end_offset();
}

TEST_CASE("kafka: a directory that Kafka closed opens cleanly", "[storage][kafka]") {
    KafkaDirectory kafka("data");
    const OpenedDirectory directory = kafka.open();
    CHECK(directory.shutdown == Shutdown::clean);
    CHECK(directory.broker_epoch == BrokerEpoch(11));
    CHECK(to_string(directory.properties.directory_id.value()) == "zWWi5vAsn2gpyYn2f3X6cg");
    CHECK(directory.deleting.size() == 3);
    CHECK(directory.unknown.empty());
    CHECK(directory.logs.size() == 37);
    for (const FoundLog& log : directory.logs) {
        INFO(fmt::format("{}", log.name));
        CHECK_FALSE(log.topic_id.value().is_zero());
        const auto contents = kafka.load(directory, log.name);
        REQUIRE(contents.has_value());
        if (log.name.topic == "__cluster_metadata") {
            CHECK(end_of(*contents) == Offset(203));
            continue;
        }
        CHECK(end_of(*contents) == directory.high_watermarks.at(log.name));
    }
    CHECK(kafka.sink.lines.empty());
}

TEST_CASE("kafka: start offsets, epochs and producers are the same as in Kafka's dumps",
          "[storage][kafka]") {
    KafkaDirectory kafka("data");
    const OpenedDirectory directory = kafka.open();
    const auto rolled = kafka.load(directory, {"rolled", PartitionIndex(0)});
    REQUIRE(rolled.has_value());
    CHECK(rolled->log_start_offset == Offset(25'000));
    CHECK(rolled->segments.front().base_offset() == Offset(17'664));
    CHECK(rolled->segments.front().max_timestamp() ==
          TimeEntry{Timestamp(1'795'394'118'816), Offset(35'327)});
    CHECK(rolled->epochs.entries() == std::vector{EpochStart{LeaderEpoch(0), Offset(25'000)}});
    const auto txn = kafka.load(directory, {"txn", PartitionIndex(0)});
    REQUIRE(txn.has_value());
    const ProducerEntry* producer = txn->producers.find(ProducerId(5));
    REQUIRE(producer != nullptr);
    CHECK(producer->epoch == ProducerEpoch(0));
    CHECK(producer->coordinator_epoch == record::CoordinatorEpoch(0));
    CHECK(producer->transaction_start == kNoOffset);
    CHECK(producer->last_timestamp == Timestamp(1'795'394'131'091));
    CHECK(producer->last_batch().last_sequence == Sequence(12));
    CHECK(producer->last_batch().last_offset == Offset(16));
}

/// What Kafka's snapshots keep of the producers: their last batches.
std::vector<ProducerSlot> as_in_kafka(const ProducerTable& producers) {
    std::vector<ProducerSlot> slots = as_in_snapshot(producers).entries();
    for (ProducerSlot& slot : slots) {
        const ProducerBatch last = slot.entry.last_batch();
        slot.entry.batch_count = std::min<std::uint8_t>(slot.entry.batch_count, 1);
        slot.entry.batches = {last};
    }
    return slots;
}

TEST_CASE("kafka: a directory that was copied from a running Kafka opens with its records",
          "[storage][kafka]") {
    KafkaDirectory stopped("data");
    KafkaDirectory running("running");
    const OpenedDirectory before = stopped.open();
    const OpenedDirectory directory = running.open();
    CHECK(directory.shutdown == Shutdown::unclean);
    for (const FoundLog& log : directory.logs) {
        INFO(fmt::format("{}", log.name));
        const auto contents = running.load(directory, log.name);
        INFO((contents ? "" : contents.error().message));
        REQUIRE(contents.has_value());
        const auto later = stopped.load(before, log.name);
        REQUIRE(later.has_value());
        const bool grew_later = log.name.topic == "__cluster_metadata";
        CHECK((end_of(*contents) == end_of(*later) || grew_later));
        CHECK(contents->segments.front().base_offset() == later->segments.front().base_offset());
        CHECK((as_in_kafka(contents->producers) == as_in_kafka(later->producers)));
    }
    CHECK(running.sink.lines.find("the log is cut") == std::string::npos);
    for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix}) {
        for (const std::int64_t base : {17'664, 35'328}) {
            const std::string file = "/kafka/rolled-0/" + file_name(Offset(base), suffix);
            INFO(file);
            CHECK((running.disk.contents(file) == stopped.disk.contents(file)));
        }
    }
}

TEST_CASE("kafka: the same batches give the same bytes in indexes and snapshot as in Kafka",
          "[storage][kafka]") {
    KafkaDirectory kafka("data");
    LogFixture t;
    t.options.segment_bytes = 1 << 20;
    t.open();
    auto restart = t.log->begin_restart_at(Offset(17'664));
    const auto outcome = restart->run();
    t.log->finish_truncation(std::move(*restart), outcome);
    const std::string folder = "/kafka/rolled-0/";
    for (const std::int64_t base : {17'664, 35'328}) {
        const std::string bytes = kafka.disk.contents(folder + file_name(Offset(base), kLogSuffix));
        REQUIRE(t.log->stage_from_leader(as_bytes(bytes)).has_value());
        REQUIRE(t.write().has_value());
    }
    REQUIRE(t.log->close().has_value());
    CHECK(t.log->log_end_offset() == Offset(40'000));
    for (const std::int64_t base : {17'664, 35'328}) {
        for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix}) {
            const std::string name = file_name(Offset(base), suffix);
            INFO(name);
            CHECK((t.disk.contents(t.file(base, suffix)) == kafka.disk.contents(folder + name)));
        }
    }
    const std::string snapshot = file_name(Offset(40'000), kSnapshotSuffix);
    CHECK((t.disk.contents(t.folder + "/" + snapshot) == kafka.disk.contents(folder + snapshot)));
}

TEST_CASE("kafka: transactions give the same producer snapshot as in Kafka", "[storage][kafka]") {
    KafkaDirectory kafka("data");
    LogFixture t;
    t.open();
    const std::string bytes = kafka.disk.contents("/kafka/txn-0/00000000000000000000.log");
    REQUIRE(t.log->stage_from_leader(as_bytes(bytes)).has_value());
    REQUIRE(t.write().has_value());
    REQUIRE(t.log->close().has_value());
    // Both begin with the version, a checksum, and the entries; ours goes on with earlier batches.
    constexpr std::size_t kCrcEnd = 6;
    const std::string expected =
        kafka.disk.contents("/kafka/txn-0/00000000000000000018.snapshot").substr(kCrcEnd);
    const std::string written = t.disk.contents(t.file(18, kSnapshotSuffix)).substr(kCrcEnd);
    CHECK(written.size() > expected.size());
    CHECK((written.substr(0, expected.size()) == expected));
}

TEST_CASE("kafka: quorum-state, partition.metadata and epochs are written as Kafka wrote them",
          "[storage][kafka]") {
    KafkaDirectory kafka("data");
    const std::string quorum = kafka.disk.contents("/kafka/__cluster_metadata-0/quorum-state");
    CHECK(format_quorum_state(*parse_quorum_state(quorum, "f")) == quorum);
    const std::string metadata = kafka.disk.contents("/kafka/rolled-0/partition.metadata");
    CHECK(format_partition_metadata(*parse_partition_metadata(metadata, "f")) == metadata);
    const std::string epochs = kafka.disk.contents("/kafka/rolled-0/leader-epoch-checkpoint");
    CHECK(format_epoch_checkpoint(*parse_epoch_checkpoint(epochs, "f")) == epochs);
}

}  // namespace
}  // namespace hw::storage
