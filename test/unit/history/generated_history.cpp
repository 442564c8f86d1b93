#include "test/unit/history/generated_history.h"

#include <algorithm>
#include <array>
#include <utility>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/base/random.h"

namespace hw::history {
namespace {

constexpr std::uint32_t kProducers = 3;
constexpr std::uint32_t kReaders = 3;
constexpr std::int32_t kBrokers = 3;
constexpr std::int64_t kStep = 10;    ///< between two effects
constexpr std::int64_t kDelay = 40;   ///< at most, before and after an effect
constexpr std::int64_t kPollMax = 5;  ///< records in a poll

/// Logs, producers and readers. Each step takes effect at one point in time, inside an interval
/// that may overlap with others.
class Model {
public:
    explicit Model(std::uint64_t seed) : random_(seed) {
        const auto disk = run_.history.add_topic({"T1", "orders", Durability::disk});
        const auto memory = run_.history.add_topic({"T2", "clicks", Durability::memory});
        REQUIRE((disk && memory));
        for (const TopicNumber topic : {*disk, *disk, *memory}) {
            const auto index = static_cast<std::int32_t>(logs_.size());
            logs_.push_back({.number = run_.history.partition(topic, PartitionIndex(index)),
                             .is_memory = topic == *memory});
        }
        run_.plain_partition = logs_[0].number;
        for (std::uint32_t i = 0; i < kReaders; ++i) {
            readers_.push_back({.process = run_.history.process(fmt::format("c{}", i))});
            assign(readers_.back());
        }
        for (std::uint32_t i = 0; i < kProducers; ++i) {
            const ProducerId id = i == 0 ? kNoProducerId : ProducerId(i);
            producers_.push_back({run_.history.process(fmt::format("p{}", i)), id});
        }
    }

    GeneratedRun run(std::size_t steps) {
        for (std::size_t i = 0; i < steps; ++i) {
            now_ += kStep;
            step();
        }
        read_all();
        return std::move(run_);
    }

private:
    struct Log {
        PartitionNumber number;
        bool is_memory = false;
        std::vector<ValueNumber> values{};
        std::int64_t start = 0;
        std::int32_t epoch = 0;
        std::int64_t end_of_last_epoch = 0;

        [[nodiscard]] std::int64_t end() const { return static_cast<std::int64_t>(values.size()); }
        [[nodiscard]] Answerer leader() const { return leader_of(epoch); }
        [[nodiscard]] static Answerer leader_of(std::int32_t of) {
            return {BrokerId(of % kBrokers), LeaderEpoch(of)};
        }
    };
    struct Producer {
        ProcessNumber process;
        ProducerId id;
        Time invoked{0};  ///< of the last send
        std::optional<Operation> retry{};
    };
    struct Reader {
        ProcessNumber process;
        Time done{0};  ///< of the last poll
        std::array<std::int64_t, 3> positions{};
    };

    void step() {
        const auto dice = random_.below(100);
        Log& log = logs_[random_.below(logs_.size())];
        if (dice < 50) {
            send(producers_[random_.below(producers_.size())], log);
        } else if (dice < 85) {
            poll(readers_[random_.below(readers_.size())], log, true);
        } else if (dice < 92) {
            list_offsets(log);
        } else if (dice < 96) {
            elect(log);
        } else if (dice < 98) {
            move_start(log);
        } else {
            lose_power();
        }
    }

    /// An operation around now that began after `earliest`.
    [[nodiscard]] Operation around_now(ProcessNumber process, Time earliest) {
        const Time invoked(now_.value() - random_.between(0, kDelay));
        return {.invoked = std::min(std::max(invoked, earliest + 1), now_),
                .done = now_ + random_.between(1, kDelay),
                .process = process,
                .action = {}};
    }

    void send(Producer& producer, Log& log) {
        if (producer.retry && producer.retry->invoked < now_) {
            run_.operations.push_back(*std::exchange(producer.retry, std::nullopt));
            return;
        }
        if (producer.invoked >= now_) {
            return;
        }
        Operation operation = around_now(producer.process, producer.invoked);
        producer.invoked = operation.invoked;
        Send send{log.number, run_.history.value(fmt::format("v{}", next_value_++)), Acks::all,
                  producer.id};
        const auto dice = random_.below(100);
        const bool is_appended = dice < 85;
        operation.outcome = dice < 75 ? Outcome::ok : dice < 95 ? Outcome::info : Outcome::fail;
        // Without idempotence some records are appended twice.
        const bool is_plain = producer.id == kNoProducerId;
        for (int copies = is_appended ? (is_plain && random_.chance(1, 10) ? 2 : 1) : 0; copies > 0;
             --copies) {
            log.values.push_back(send.value);
        }
        const Offset offset(log.end() - 1);
        send.offset = operation.outcome == Outcome::ok ? offset : kNoOffset;
        operation.action = send;
        run_.operations.push_back(operation);
        if (!is_plain && operation.outcome == Outcome::info && is_appended) {
            send.offset = offset;
            producer.retry = operation;
            producer.retry->outcome = Outcome::ok;
            producer.retry->invoked = operation.done + 1;
            producer.retry->done = operation.done + 5;
            producer.retry->action = send;
        }
    }

    void assign(Reader& reader) {
        Assign assign;
        for (const Log& log : logs_) {
            reader.positions[assign.positions.size()] = log.start;
            assign.positions.push_back({log.number, Offset(log.start)});
        }
        run_.operations.push_back({.invoked = now_,
                                   .done = now_,
                                   .process = reader.process,
                                   .action = std::move(assign)});
        reader.done = now_;
    }

    void poll(Reader& reader, Log& log, bool may_use_follower) {
        if (reader.done >= now_) {
            return;
        }
        Operation operation = around_now(reader.process, reader.done);
        reader.done = operation.done;
        std::int64_t& position = reader.positions[static_cast<std::size_t>(&log - logs_.data())];
        // A reader behind the log start or past the end is reset by the client.
        const bool resets_first = random_.chance(1, 2);
        position = std::min(position, log.end());
        const std::int64_t begin = std::max(position, log.start);
        Poll poll{.partition = log.number, .from = Offset(resets_first ? begin : position)};
        std::int64_t watermark = log.end();
        if (may_use_follower && random_.chance(1, 4)) {
            watermark = random_.between(begin, watermark);
            poll.answerer.broker = BrokerId((log.epoch + 1) % kBrokers);
        } else {
            poll.answerer = log.leader();
        }
        poll.high_watermark = Offset(watermark);
        const std::int64_t end = std::min(watermark, begin + random_.between(1, kPollMax));
        for (std::int64_t offset = begin; offset < end; ++offset) {
            poll.records.push_back({Offset(offset), log.values[static_cast<std::size_t>(offset)]});
        }
        position = poll.records.empty() ? poll.from.value() : end;
        operation.action = std::move(poll);
        run_.operations.push_back(std::move(operation));
    }

    void list_offsets(Log& log) {
        Operation operation = around_now(run_.history.process("l"), Time(0));
        ListOffsets list{.partition = log.number, .answerer = log.leader()};
        if (random_.chance(1, 3)) {
            list.kind = ListOffsetsKind::earliest;
            list.offset = Offset(log.start);
        } else if (log.epoch > 0 && random_.chance(1, 3)) {
            list.answerer = Log::leader_of(log.epoch - 1);
            list.offset = Offset(log.end_of_last_epoch);
        } else {
            list.offset = Offset(log.end());
        }
        operation.action = list;
        run_.operations.push_back(std::move(operation));
    }

    void elect(Log& log) {
        log.end_of_last_epoch = log.end();
        ++log.epoch;
        if (random_.chance(1, 2)) {
            run_.history.add(
                LeaderElection{now_, log.number, log.leader().broker, LeaderEpoch(log.epoch)});
        }
    }

    void move_start(Log& log) {
        if (log.number != run_.plain_partition) {
            log.start = random_.between(log.start, log.end());
            run_.history.add(LogStartMove{now_, log.number, Offset(log.start)});
        }
    }

    void lose_power() {
        // A retry after the loss would be appended again.
        for (Producer& producer : producers_) {
            producer.retry.reset();
        }
        REQUIRE(run_.history.add(Loss{Loss::Cause::power_loss, now_, now_}));
        for (Log& log : logs_) {
            if (log.is_memory) {
                elect(log);
                log.values.resize(static_cast<std::size_t>(random_.between(log.start, log.end())));
            }
        }
    }

    void read_all() {
        now_ += 10 * kDelay;
        run_.final_read = now_;
        run_.history.begin_final_read(now_);
        Reader reader{.process = run_.history.process("final")};
        assign(reader);
        for (std::size_t i = 0; i < logs_.size(); ++i) {
            do {
                now_ += 2 * kDelay;
                poll(reader, logs_[i], false);
            } while (reader.positions[i] < logs_[i].end());
            Operation operation = around_now(reader.process, reader.done);
            operation.action = ListOffsets{.partition = logs_[i].number,
                                           .offset = Offset(logs_[i].end()),
                                           .answerer = logs_[i].leader()};
            operation.invoked = reader.done + 1;
            operation.done = reader.done + 2;
            run_.operations.push_back(std::move(operation));
        }
    }

    Random random_;
    GeneratedRun run_;
    Time now_{1000};
    std::uint64_t next_value_ = 0;
    std::vector<Log> logs_;
    std::vector<Producer> producers_;
    std::vector<Reader> readers_;
};

}  // namespace

GeneratedRun generate_run(std::uint64_t seed, std::size_t steps) {
    return Model(seed).run(steps);
}

History finish(GeneratedRun run) {
    for (Operation& operation : run.operations) {
        const auto added = run.history.add(std::move(operation));
        INFO((added ? "" : added.error().message));
        REQUIRE(added.has_value());
    }
    return std::move(run.history);
}

}  // namespace hw::history
