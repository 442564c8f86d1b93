#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/batch_builder.h"
#include "protocol/record/batch_cursor.h"
#include "storage/log.h"
#include "storage/log_folder.h"
#include "storage/log_loader.h"
#include "storage/producer_snapshot.h"
#include "test/sim/sim_disk.h"
#include "test/support/mutants.h"

namespace hw::storage {

/// Keeps log lines for tests to check.
class LinesKept final : public LogSink {
public:
    void write(LogLevel /*level*/, std::string_view /*component*/, std::string_view line) override {
        lines += line;
        lines += '\n';
    }
    [[nodiscard]] bool enabled(LogLevel /*level*/) const override { return true; }

    std::string lines;
};

/// Contents of a test batch.
struct BatchShape {
    int records = 1;
    std::size_t value_size = 20;
    Timestamp timestamp{1000};  ///< of the first record; each next one is 1 ms later
    ProducerId producer = kNoProducerId;
    ProducerEpoch epoch{0};
    Sequence sequence{0};
    bool transactional = false;
};

inline record::BatchOptions options_of(const BatchShape& shape) {
    record::BatchOptions options;
    if (shape.producer != kNoProducerId) {
        options.producer_id = shape.producer;
        options.producer_epoch = shape.epoch;
        options.base_sequence = shape.sequence;
        options.transactional = shape.transactional;
    }
    return options;
}

inline Buffer make_batch(const BatchShape& shape) {
    record::BatchBuilder builder(options_of(shape));
    const std::string value(shape.value_size, 'v');
    for (int i = 0; i < shape.records; ++i) {
        builder.add({{}, as_bytes(value), {}, shape.timestamp + i});
    }
    record::Compressor compressor;
    auto batch = builder.finish(compressor);
    REQUIRE(batch.has_value());
    return std::move(*batch);
}

/// Reads as a broker does: from memory, and if that would block, once more where it may block.
inline std::expected<ReadAnswer, wire::Refusal> read_planned(const Log& log,
                                                             const ReadRequest& request,
                                                             ReadCursor& cursor) {
    HW_TRY(plan, log.plan_read(request, cursor));
    if (plan.empty()) {
        return ReadAnswer{Buffer(), request.from, {}};
    }
    auto answer = plan.run(ReadMode::cached);
    if (!answer && answer.error().kind == ErrorKind::would_block) {
        answer = plan.run(ReadMode::blocking);
    }
    if (!answer) {
        return std::unexpected(log.report_failed_read(answer.error()));
    }
    cursor = std::move(answer->cursor);
    return std::move(*answer);
}

/// Looks up the first record with this or a later timestamp; without one, the record with the
/// largest.
inline Result<std::optional<record::TimestampedOffset>> search(
    const Log& log, std::optional<Timestamp> target = std::nullopt) {
    const auto plan = log.plan_search(target);
    REQUIRE(plan.has_value());
    return plan->run();
}

/// A log in `/data/t-0` of a simulated disk, and everything that it needs.
class LogFixture {
public:
    explicit LogFixture(std::uint64_t seed = 1) : scheduler(seed), disk(scheduler, 1) {
        REQUIRE(disk.make_directories(folder).has_value());
        for (const char* path : {"/", "/data"}) {
            REQUIRE(disk.sync_directory(path).has_value());
        }
    }

    [[nodiscard]] Result<LogContents> load(Shutdown shutdown, Offset recovery_point) {
        return load_log({&disk, folder, options, shutdown, recovery_point, Offset(0), logger()});
    }

    void open(Shutdown shutdown = Shutdown::unclean, Offset recovery_point = Offset(0)) {
        auto contents = load(shutdown, recovery_point);
        INFO((contents ? "" : contents.error().message));
        REQUIRE(contents.has_value());
        make(std::move(*contents));
    }

    void make(LogContents contents) {
        LogContext context{&disk, logger(), options, {}, {}, mutants.log, producer_limit};
        context.enter = [](std::move_only_function<void()> work) { work(); };
        context.on_failure = [this](const Error& error) { failures.push_back(error.message); };
        log = std::make_unique<Log>(std::move(context), std::move(contents));
        cursor = {};
    }

    /// Stages a batch, which is kept until the fixture ends.
    std::expected<Appended, wire::Refusal> stage(const BatchShape& shape, int leader_epoch = 0) {
        batches.push_back(make_batch(shape));
        return log->stage({batches.back().bytes(), LeaderEpoch(leader_epoch), {}});
    }

    Result<void> write() {
        Result<void> result = fail(ErrorKind::io, "the write has not ended");
        log->write_staged([&](const Result<void>& outcome) { result = outcome; });
        while (scheduler.step()) {
        }
        return result;
    }

    Appended append(const BatchShape& shape, int leader_epoch = 0) {
        const auto appended = stage(shape, leader_epoch);
        INFO((appended ? "" : appended.error().message));
        REQUIRE(appended.has_value());
        REQUIRE(write().has_value());
        return *appended;
    }

    Result<void> sync() {
        const auto job = log->begin_sync();
        if (!job) {
            return {};
        }
        const Result<void> outcome = job->run();
        log->on_synced(job->ticket, outcome);
        if (job->snapshot && outcome) {
            log->on_snapshot_written(*job->snapshot, job->snapshot->run());
        }
        return outcome;
    }

    Result<void> truncate(Offset offset) {
        auto job = log->begin_truncation(offset);
        REQUIRE(job.has_value());
        const Result<void> outcome = job->run();
        log->finish_truncation(std::move(*job), outcome);
        return outcome;
    }

    /// Base offsets of the batches that one read returns.
    std::vector<std::int64_t> read(std::int64_t from, std::int64_t end = INT64_MAX,
                                   std::size_t max_bytes = 1 << 20) {
        const auto answer = read_planned(*log, {Offset(from), Offset(end), max_bytes}, cursor);
        INFO((answer ? "" : answer.error().message));
        REQUIRE(answer.has_value());
        std::vector<std::int64_t> bases;
        record::BatchCursor walk(answer->bytes.view());
        while (const auto batch = walk.next()) {
            CHECK(batch->crc_matches());
            bases.push_back(batch->base_offset().value());
        }
        CHECK(walk.end() == record::BatchesEnd::complete);
        return bases;
    }

    /// Path of the newest producer snapshot, empty if there is none.
    [[nodiscard]] std::string newest_snapshot() {
        std::string newest;
        for (const DirectoryEntry& entry : *disk.list(folder)) {
            if (parse_file_name(entry.name, kSnapshotSuffix)) {
                newest = folder + "/" + entry.name;
            }
        }
        return newest;
    }

    [[nodiscard]] Logger logger() { return {sink, "storage"}; }
    [[nodiscard]] std::string file(std::int64_t base, std::string_view suffix) const {
        return fmt::format("{}/{:020}{}", folder, base, suffix);
    }

    std::string folder = "/data/t-0";
    LogOptions options;
    Mutants mutants;
    ProducerLimit* producer_limit = nullptr;  ///< outlives the log
    sim::Scheduler scheduler;
    sim::SimDisk disk;
    LinesKept sink;
    std::vector<std::string> failures;
    std::vector<Buffer> batches;
    ReadCursor cursor;
    std::unique_ptr<Log> log;
};

}  // namespace hw::storage
