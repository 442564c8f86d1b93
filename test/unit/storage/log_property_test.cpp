#include <algorithm>
#include <optional>
#include <string>

#include "storage/batch_walker.h"
#include "storage/log_folder.h"
#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

/// A batch that must be in the log.
struct Expected {
    std::string bytes;
    BatchSummary summary;
    std::optional<ProducerBatchInfo> producer;
};

Expected expected_of(ByteView bytes) {
    const auto batch = record::parse_batch(bytes);
    REQUIRE(batch.has_value());
    return {std::string(as_text(bytes)), summary_of(*batch), *producer_facts(*batch)};
}

/// A random run of a log on a faulty disk. Records what the log has promised, and checks that the
/// promises are kept. The first broken promise ends the run.
class LogHistory {
public:
    LogHistory(std::uint64_t seed, const Mutants& mutants) : t_(seed), random_(seed ^ 0x5EED) {
        t_.mutants = mutants;
        t_.options.segment_bytes = 1024;
        t_.options.index_interval_bytes = 150;
        const bool late = random_.chance(1, 3);
        late_one_in_ = late ? 3 : 0;
    }

    /// True if a torn tail was cut in this run.
    [[nodiscard]] bool saw_cut() const {
        return t_.sink.lines.find("the log is cut") != std::string::npos;
    }

    /// Returns the broken promise; none if all were kept.
    std::optional<std::string> run(int steps) {
        reopen(Shutdown::unclean);
        for (int i = 0; i < steps && !broken_; ++i) {
            step();
        }
        return broken_;
    }

private:
    void step() {
        const std::uint64_t action = random_.below(20);
        if (action < 9) {
            append();
        } else if (action < 13) {
            sync();
        } else if (action < 14) {
            truncate();
        } else if (action < 15) {
            begin_a_sync();
        } else if (action < 17) {
            check_reads();
        } else if (action < 18) {
            break_the_disk();
        } else {
            stop();
        }
        if (!broken_ && t_.log->offline()) {
            stop();
        }
    }

    void break_the_disk() {
        sim::DiskFaults& faults = t_.disk.faults();
        const std::uint64_t kind = random_.below(5);
        if (kind == 0) {
            faults.sync_error_one_in = 3;
        } else if (kind == 1) {
            faults.write_error_one_in = 3;
        } else if (kind == 2) {
            faults.space_left = random_.below(1500);
        } else {
            faults.freeze_after = t_.disk.operations() + random_.below(12);
        }
    }

    BatchShape draw_shape() {
        BatchShape shape{.records = static_cast<int>(1 + random_.below(4)),
                         .value_size = random_.below(120),
                         .timestamp = Timestamp(random_.between(1000, 1200))};
        if (random_.chance(2, 3)) {
            shape.producer = ProducerId(random_.between(1, 3));
            const std::int64_t first = t_.log->staged_end_offset() == Offset(0) ? 0 : 5;
            shape.sequence = Sequence(static_cast<std::int32_t>(first));
        }
        return shape;
    }

    void append() {
        if (random_.chance(1, 8)) {
            ++epoch_;
        }
        const std::uint64_t count = 1 + random_.below(6);
        t_.batches.clear();
        t_.batches.reserve(2 * count);
        for (std::uint64_t i = 0; i < count; ++i) {
            BatchShape shape = draw_shape();
            auto staged = t_.stage(shape, epoch_);
            if (!staged && staged.error().code == wire::ErrorCode::out_of_order_sequence_number) {
                shape.sequence = Sequence(next_sequence(shape.producer));
                staged = t_.stage(shape, epoch_);
            }
            if (staged && !staged->duplicate) {
                in_flight_.push_back(expected_of(t_.batches.back().view()));
            }
        }
        bool written = false;
        t_.log->write_staged([&](const Result<void>& outcome) { written = outcome.has_value(); });
        if (random_.chance(1, 10)) {
            stop();  // before a late write has ended
            return;
        }
        while (t_.scheduler.step()) {
        }
        if (written) {
            std::ranges::move(std::exchange(in_flight_, {}), std::back_inserter(written_));
            check(end() == t_.log->log_end_offset(),
                  "the log end is not the end of what was written");
        }
    }

    /// The sequence after all batches of that producer, staged ones included.
    std::int32_t next_sequence(ProducerId id) const {
        std::int32_t next = 0;
        for (const auto* list : {&written_, &in_flight_}) {
            for (const Expected& batch : *list) {
                if (batch.producer && batch.producer->producer_id == id) {
                    next = batch.producer->base_sequence.value() +
                           batch.producer->last_offset_delta + 1;
                }
            }
        }
        return next;
    }

    void sync() {
        if (t_.sync()) {
            note_durable();
            // The recovery point follows the durable end at a random distance.
            recovery_point_ = Offset(random_.between(recovery_point_.value(), promised_.value()));
        }
    }

    void begin_a_sync() {
        if (auto job = t_.log->begin_sync()) {
            note_durable();
            const int life = lives_;
            job_is_out_ = true;
            if (random_.chance(1, 3)) {
                truncate();
            }
            if (!broken_ && !t_.log->offline()) {
                append();
            }
            if (broken_ || lives_ != life || t_.log->offline()) {
                return;
            }
            const auto outcome = job->run();
            t_.log->on_synced(job->ticket, outcome);
            if (job->snapshot && outcome) {
                write_snapshot(*job->snapshot);
            }
            job_is_out_ = false;
            note_durable();
        }
    }

    void write_snapshot(const SnapshotJob& snapshot) {
        if (random_.chance(1, 3)) {
            truncate();
        }
        const auto outcome = snapshot.run();
        if (!t_.log->offline()) {
            t_.log->on_snapshot_written(snapshot, outcome);
        }
    }

    void note_durable() { promised_ = std::max(promised_, t_.log->durable_end_offset()); }

    void truncate() {
        const Offset target(random_.between(0, t_.log->log_end_offset().value() + 2));
        auto job = t_.log->begin_truncation(target);
        if (!job) {
            return;
        }
        promised_ = std::min(promised_, job->new_end);
        recovery_point_ = std::min(recovery_point_, job->recovery_point);
        const auto outcome = job->run();
        t_.log->finish_truncation(std::move(*job), outcome);
        if (outcome) {
            std::erase_if(written_, [&](const Expected& batch) {
                return batch.summary.last_offset >= target;
            });
            check(end() == t_.log->log_end_offset(), "a truncation left a wrong log end");
        }
    }

    void stop() {
        const bool frozen = t_.disk.operations() >= t_.disk.faults().freeze_after;
        const bool power = frozen || t_.log->offline() || random_.chance(1, 2);
        Shutdown shutdown = Shutdown::unclean;
        if (!power && !job_is_out_ && in_flight_.empty() && random_.chance(1, 2)) {
            if (t_.log->close()) {
                shutdown = Shutdown::clean;
                recovery_point_ = t_.log->log_end_offset();
                note_durable();
            }
        }
        note_durable();
        t_.scheduler.drop(1);
        t_.log.reset();
        power ? t_.disk.power_loss() : t_.disk.process_kill();
        const Offset lowest_end = power ? promised_ : end();
        reopen(shutdown);
        if (!broken_) {
            check(t_.log->log_end_offset() >= lowest_end, "what was promised is gone");
        }
    }

    void reopen(Shutdown shutdown) {
        t_.disk.faults() = {};
        auto contents = t_.load(shutdown, recovery_point_);
        if (!contents) {
            broken_ = "the log does not open: " + contents.error().message;
            return;
        }
        t_.make(std::move(*contents));
        ++lives_;
        job_is_out_ = false;
        t_.disk.faults().late_write_one_in = late_one_in_;
        std::ranges::move(std::exchange(in_flight_, {}), std::back_inserter(written_));
        take_prefix();
        promised_ = t_.log->log_end_offset();
        check_state();
        check_reads();
    }

    /// Checks that the log is a prefix of what was appended. Removes lost batches from `written_`.
    void take_prefix() {
        std::string bytes;
        for (const Segment& segment : t_.log->segments()) {
            bytes += t_.disk.contents(segment.path(kLogSuffix));
        }
        std::size_t count = 0;
        std::size_t at = 0;
        while (count < written_.size() && at < bytes.size() &&
               bytes.compare(at, written_[count].bytes.size(), written_[count].bytes) == 0) {
            at += written_[count++].bytes.size();
        }
        check(at == bytes.size(), "the log is no prefix of what was appended");
        written_.resize(count);
        check(end() == t_.log->log_end_offset(), "the log end is not after the last batch");
    }

    /// Checks that indexes, epochs and producers are those that follow from the batches.
    void check_state() {
        EpochCache epochs;
        ProducerTable producers;
        for (const Expected& batch : written_) {
            epochs.assign(batch.summary.leader_epoch, batch.summary.base_offset);
            if (batch.producer) {
                producers.apply(*batch.producer);
            }
        }
        check(epochs == t_.log->epochs(), "the epochs are not those of the log");
        check(as_in_snapshot(producers) == as_in_snapshot(t_.log->producers()),
              "the producers are not those of the log");
        for (const Segment& segment : t_.log->segments()) {
            check(segment.index().all() == index_of(segment), "an index is not that of the log");
        }
    }

    std::vector<IndexEntry> index_of(const Segment& segment) const {
        std::vector<IndexEntry> entries;
        std::uint64_t position = 0;
        std::uint64_t indexed = 0;
        for (const Expected& batch : written_) {
            if (batch.summary.base_offset < segment.base_offset() ||
                batch.summary.base_offset >= segment.end_offset()) {
                continue;
            }
            if (position - indexed > t_.options.index_interval_bytes) {
                entries.push_back(
                    {batch.summary.last_offset, static_cast<std::uint32_t>(position)});
                indexed = position;
            }
            position += batch.summary.size;
        }
        return entries;
    }

    /// Checks that random look-ups find what a scan of the batches finds.
    void check_reads() {
        if (written_.empty()) {
            return;
        }
        const Expected& batch = written_[random_.below(written_.size())];
        ReadCursor cursor;
        const auto answer =
            read_planned(*t_.log, {batch.summary.last_offset, t_.log->log_end_offset(), 1}, cursor);
        check(answer && as_text(answer->bytes.view()) == batch.bytes, "a read gave other bytes");
        const Timestamp target(random_.between(990, 1210));
        std::optional<record::TimestampedOffset> wanted;
        record::RecordScanner scanner;
        for (const Expected& each : written_) {
            const auto view = record::parse_batch(as_bytes(each.bytes));
            wanted = *record::find_by_timestamp(*view, target, Offset(0), scanner);
            if (wanted) {
                break;
            }
        }
        const auto found = search(*t_.log, target);
        check(found && *found == wanted, "a look-up by time found another record");
    }

    Offset end() const {
        return written_.empty() ? Offset(0) : written_.back().summary.last_offset + 1;
    }

    void check(bool holds, const char* promise) {
        if (!holds && !broken_) {
            broken_ = promise;
        }
    }

    LogFixture t_;
    Random random_;
    std::uint64_t late_one_in_ = 0;
    int epoch_ = 0;
    int lives_ = 0;
    bool job_is_out_ = false;  ///< a sync has begun and not ended
    std::vector<Expected> written_;
    std::vector<Expected> in_flight_;
    Offset promised_{0};
    Offset recovery_point_{0};
    std::optional<std::string> broken_;
};

constexpr std::uint64_t kSeeds = 500;
constexpr int kSteps = 100;

TEST_CASE("log: whatever the disk does, the log holds what it promised and nothing else",
          "[storage][property]") {
    std::uint64_t cuts = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        LogHistory history(seed, {});
        const auto broken = history.run(kSteps);
        INFO("seed " << seed << ": " << broken.value_or(""));
        REQUIRE_FALSE(broken.has_value());
        cuts += history.saw_cut() ? 1 : 0;
    }
    CHECK(cuts > kSeeds / 4);
}

bool some_seed_notices(const Mutants& mutants) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        if (LogHistory(seed, mutants).run(kSteps)) {
            return true;
        }
    }
    return false;
}

TEST_CASE("log: the random runs detect rules that are broken on purpose", "[storage][property]") {
    Mutants mutants;
    SECTION("a sync counts when it begins") {
        mutants.log.durable_end_before_sync = true;
    }
    SECTION("a sync counts even if the log was truncated after it began") {
        mutants.log.ticket_outlives_truncation = true;
    }
    SECTION("a producer snapshot gets its name even if the log was truncated meanwhile") {
        mutants.log.snapshot_outlives_truncation = true;
    }
    SECTION("directory entries of new files are not synced") {
        mutants.log.folder_is_not_synced = true;
    }
    CHECK(some_seed_notices(mutants));
}

}  // namespace
}  // namespace hw::storage
