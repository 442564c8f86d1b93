#include "test/bench/toy.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdlib.h>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/batch_cursor.h"
#include "tools/perf/load.h"
#include "tools/perf/target.h"

namespace hw::bench {
namespace {

/// A Toy that serves on its own thread, with its files in a temporary folder.
class RunningToy {
public:
    explicit RunningToy(std::int32_t partitions = 1)
        : folder_(std::filesystem::temp_directory_path() / "hw-toy-XXXXXX"),
          stop_(::eventfd(0, EFD_CLOEXEC)) {
        REQUIRE(::mkdtemp(folder_.data()) != nullptr);
        auto toy = Toy::start({.port = 0, .directory = folder_, .partitions = partitions});
        REQUIRE(toy);
        toy_ = std::move(*toy);
        thread_ = std::thread([this] { served_ = toy_->serve_until(stop_).has_value(); });
    }
    ~RunningToy() {
        stop();
        toy_.reset();
        std::filesystem::remove_all(folder_);
    }
    RunningToy(const RunningToy&) = delete;
    RunningToy& operator=(const RunningToy&) = delete;

    /// Ends the thread and keeps the files. True if serving ended without an error.
    bool stop() {
        if (thread_.joinable()) {
            const std::uint64_t one = 1;
            CHECK(::write(stop_.number(), &one, sizeof one) == sizeof one);
            thread_.join();
        }
        return served_;
    }
    /// Ends the toy. Returns how many files are left in its folder.
    std::size_t end() {
        stop();
        toy_.reset();
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_),
                                                      std::filesystem::directory_iterator()));
    }
    [[nodiscard]] client::ClientOptions address() const {
        return {.servers = {{"127.0.0.1", toy_->port()}}};
    }
    [[nodiscard]] const std::string& path(std::size_t partition) const {
        return toy_->files()[partition]->path();
    }
    [[nodiscard]] std::string contents(std::size_t partition) const {
        std::ifstream file(path(partition), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::string folder_;
    client::Descriptor stop_;
    std::unique_ptr<Toy> toy_;
    bool served_ = false;
    std::thread thread_;
};

template <class Options>
perf::Target find(const RunningToy& toy, const Options& options) {
    auto client = client::Client::connect(toy.address());
    REQUIRE(client);
    auto target = perf::find_target(*client, options);
    REQUIRE(target);
    return std::move(*target);
}

template <class Options>
perf::LoadReport run(const RunningToy& toy, const Options& options) {
    auto report = perf::run_load(options, find(toy, options));
    REQUIRE(report);
    return std::move(*report);
}

perf::LoadReport produce(const RunningToy& toy, const perf::ProduceOptions& options) {
    return run(toy, options);
}

/// Checks that each batch in `file` is valid, starts where the one before ends, and otherwise
/// equals the first. Returns the number of batches.
std::size_t count_equal_batches(const std::string& file) {
    record::BatchCursor batches(as_bytes(file));
    std::size_t count = 0;
    bool equal = true;
    Offset next{0};
    std::string first;
    while (const auto batch = batches.next()) {
        ++count;
        const std::string bytes(as_text(batch->bytes().subspan(record::BatchLayout::kLength)));
        first = first.empty() ? bytes : first;
        equal = equal && bytes == first && batch->crc_matches() && batch->base_offset() == next;
        next = batch->last_offset() + 1;
    }
    CHECK(batches.status());
    CHECK(equal);
    return count;
}

TEST_CASE("perf produce: every batch is acknowledged and is in the file as it was sent", "[perf]") {
    const auto acks = GENERATE(client::Acks::leader, client::Acks::none, client::Acks::all);
    CAPTURE(static_cast<int>(acks));
    RunningToy toy;
    const auto report = produce(toy, {.topic = "t", .acks = acks, .bytes = 20'000'000});
    CHECK(report.is_success());
    CHECK(report.tally.bytes >= 20'000'000);
    CHECK(report.tally.bytes < 20'000'000 + report.batch_size);
    CHECK(toy.stop());
    const std::string file = toy.contents(0);
    CHECK(file.size() == report.tally.bytes);
    CHECK(count_equal_batches(file) == report.tally.acknowledged);
}

TEST_CASE("perf produce: batches of one record are acknowledged and written as well", "[perf]") {
    RunningToy toy;
    const auto report = produce(toy, {.topic = "t", .batch_size = 1, .bytes = 3'000'000});
    CHECK(report.is_success());
    CHECK(report.batch_records == 1);
    CHECK(report.tally.latency.count() == report.tally.acknowledged);
    CHECK(toy.stop());
    CHECK(count_equal_batches(toy.contents(0)) == report.tally.acknowledged);
}

TEST_CASE("perf produce: the partitions of a topic get equal shares", "[perf]") {
    RunningToy toy(4);
    const auto report = produce(
        toy, {.topic = "t", .connections = 1, .record_size = 432, .batch_size = 1, .bytes = 4000});
    CHECK(report.partitions == 4);
    CHECK(report.is_success());
    CHECK(toy.stop());
    REQUIRE(report.tally.acknowledged == 8);
    for (std::size_t partition = 0; partition < 4; ++partition) {
        CHECK(count_equal_batches(toy.contents(partition)) == 2);
    }
}

TEST_CASE("perf produce: a load with a duration ends after that time", "[perf]") {
    RunningToy toy;
    const auto report = produce(toy, {.topic = "t",
                                      .connections = 1,
                                      .in_flight = 1,
                                      .batch_size = 1,
                                      .seconds = std::chrono::seconds(1)});
    CHECK(report.is_success());
    CHECK(report.costs.elapsed >= std::chrono::seconds(1));
    CHECK(toy.stop());
    CHECK(count_equal_batches(toy.contents(0)) == report.tally.acknowledged);
}

TEST_CASE("perf produce: a request to a partition that the broker does not know counts as refused",
          "[perf]") {
    const RunningToy toy;
    const perf::ProduceOptions options{.topic = "t", .bytes = 1};
    perf::Target elsewhere = find(toy, options);
    elsewhere.leaders[0].partitions[0] = PartitionIndex(7);
    const auto report = perf::run_load(options, elsewhere);
    REQUIRE(report);
    CHECK_FALSE(report->is_success());
    CHECK(report->tally.refused.at(wire::ErrorCode::unknown_topic_or_partition) == 1);
}

TEST_CASE("perf fetch: all partitions are read from start to end, and then again", "[perf]") {
    RunningToy toy(3);
    const auto sent = produce(toy, {.topic = "t", .bytes = 3'000'000});
    REQUIRE(sent.is_success());
    const auto report =
        run(toy, perf::FetchOptions{.topic = "t", .connections = 3, .bytes = 20'000'000});
    CHECK(report.is_success());
    CHECK(report.partitions == 3);
    CHECK(report.tally.bytes >= 20'000'000);
    CHECK(report.tally.records ==
          report.tally.bytes / sent.batch_size * static_cast<std::uint64_t>(sent.batch_records));
    CHECK(report.tally.latency.count() == report.tally.acknowledged);
    CHECK(toy.stop());
}

TEST_CASE("perf fetch: a batch that is larger than the fetch size is received whole", "[perf]") {
    RunningToy toy;
    REQUIRE(produce(toy, {.topic = "t", .bytes = 500'000}).is_success());
    const auto report = run(
        toy,
        perf::FetchOptions{.topic = "t", .connections = 1, .fetch_size = 100, .bytes = 1'000'000});
    CHECK(report.is_success());
    CHECK(report.tally.bytes / report.tally.acknowledged == 65140);
}

TEST_CASE("perf fetch: a topic without records is refused", "[perf]") {
    const RunningToy toy;
    auto client = client::Client::connect(toy.address());
    REQUIRE(client);
    const auto target = perf::find_target(*client, perf::FetchOptions{.topic = "t", .bytes = 1});
    REQUIRE_FALSE(target);
    CHECK(target.error().kind == ErrorKind::not_found);
    CHECK(target.error().message ==
          "topic 't' has no records to read; 'hw perf produce --topic t' sends some");
}

TEST_CASE("perf produce: a tail reads everything that is sent, and nothing else", "[perf]") {
    RunningToy toy(8);
    REQUIRE(produce(toy, {.topic = "t", .bytes = 1'000'000}).is_success());
    const auto report = produce(toy, {.topic = "t", .bytes = 10'000'000, .tails = 2});
    CHECK(report.is_success());
    REQUIRE(report.tail);
    CHECK(report.tail->bytes == 2 * report.tally.bytes);
    CHECK(report.tail->records == 2 * report.tally.records);
    CHECK(toy.stop());
}

TEST_CASE("perf latency: the number of requests is the rate times the duration", "[perf]") {
    RunningToy toy;
    const auto report = produce(toy, {.topic = "t",
                                      .connections = 2,
                                      .in_flight = 100,
                                      .batch_size = 1,
                                      .seconds = std::chrono::seconds(1),
                                      .rate = 50});
    CHECK(report.is_success());
    CHECK(report.tally.acknowledged == 50);
    CHECK(report.tally.latency.count() == 50);
    CHECK(toy.stop());
}

TEST_CASE("toy: it removes its files when it ends", "[perf]") {
    RunningToy toy(2);
    CHECK(produce(toy, {.topic = "t", .bytes = 1}).is_success());
    CHECK(toy.end() == 0);
}

TEST_CASE("toy: it does not overwrite an existing file", "[perf]") {
    const RunningToy toy;
    CHECK_FALSE(ToyFile::create(toy.path(0)));
}

}  // namespace
}  // namespace hw::bench
