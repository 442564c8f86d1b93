#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"
#include "storage/posix_disk/posix_disk.h"
#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

/// A log in a folder of /tmp, with small segments, and what it holds.
class RealLog {
public:
    explicit RealLog(std::uint64_t seed) : random_(seed) {
        char pattern[] = "/tmp/highwater-plans-XXXXXX";
        REQUIRE(::mkdtemp(pattern) != nullptr);
        folder_ = pattern;
        LogOptions options;
        options.segment_bytes = 2000;
        options.index_interval_bytes = 200;
        const Logger logger(sink_, "storage");
        auto contents =
            load_log({&disk_, folder_, options, Shutdown::unclean, Offset(0), Offset(0), logger});
        REQUIRE(contents.has_value());
        LogContext context{&disk_, logger, options, {}, {}, {}, nullptr};
        context.on_failure = [](const Error& error) { FAIL(error.message); };
        log_ = std::make_unique<Log>(std::move(context), std::move(*contents));
    }
    ~RealLog() { std::filesystem::remove_all(folder_); }
    RealLog(const RealLog&) = delete;
    RealLog& operator=(const RealLog&) = delete;

    void append() {
        Buffer batch = make_batch({.value_size = 1 + random_.below(300),
                                   .timestamp = Timestamp(1'000'000 + ++appended_)});
        REQUIRE(log_->stage({batch.bytes(), LeaderEpoch(epoch_), {}}).has_value());
        Result<void> written = fail(ErrorKind::io, "the write has not ended");
        log_->write_staged([&](const Result<void>& outcome) { written = outcome; });
        REQUIRE(written.has_value());
        batches_.emplace_back(as_text(batch.view()));
    }
    void truncate() {
        const std::size_t kept = random_.below(batches_.size());
        auto job = log_->begin_truncation(Offset(static_cast<std::int64_t>(kept)));
        REQUIRE(job.has_value());
        const Result<void> outcome = job->run();
        REQUIRE(outcome.has_value());
        log_->finish_truncation(std::move(*job), outcome);
        batches_.resize(kept);
        ++epoch_;
    }
    /// Starts a read from a random offset on another thread. The thread checks that it gives the
    /// bytes that are in the log now, unless the log is truncated meanwhile.
    [[nodiscard]] std::future<std::string> read() {
        const std::size_t from = random_.below(batches_.size());
        ReadCursor none;
        auto plan =
            log_->plan_read({Offset(static_cast<std::int64_t>(from)), Offset(INT64_MAX), 1}, none);
        REQUIRE(plan.has_value());
        return std::async(
            std::launch::async, [plan = std::move(*plan), expected = batches_[from]]() mutable {
                auto answer = plan.run(ReadMode::cached);
                if (!answer && answer.error().kind == ErrorKind::would_block) {
                    answer = plan.run(ReadMode::blocking);
                }
                if (!answer) {
                    return answer.error().kind == ErrorKind::busy ? "truncated"
                                                                  : answer.error().message;
                }
                return as_text(answer->bytes.view()) == expected ? std::string() : "other bytes";
            });
    }

    Random random_;

private:
    std::string folder_;
    LinesKept sink_;
    PosixDisk disk_;
    std::unique_ptr<Log> log_;
    std::vector<std::string> batches_;
    int epoch_ = 0;
    std::int64_t appended_ = 0;
};

TEST_CASE(
    "read plan: reads on other threads give the bytes of the plan, or none, while the log is "
    "appended to, rolled and truncated",
    "[storage][plan][threads]") {
    RealLog log(GENERATE(std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}));
    log.append();
    std::size_t read = 0;
    for (int turn = 0; turn < 150; ++turn) {
        std::vector<std::future<std::string>> reads;
        for (int i = 0; i < 3; ++i) {
            reads.push_back(log.read());
        }
        if (log.random_.chance(1, 10)) {
            log.truncate();
        }
        for (int i = 0; i < 4; ++i) {
            log.append();
        }
        for (auto& each : reads) {
            const std::string problem = each.get();
            CHECK((problem.empty() || problem == "truncated"));
            read += problem.empty() ? 1 : 0;
        }
    }
    CHECK(read > 300);
}

}  // namespace
}  // namespace hw::storage
