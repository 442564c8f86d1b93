#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "test/chaos/history_file.h"
#include "test/chaos/kafka_handle.h"

namespace hw::chaos {

/// What kind of producer sends the records; each behaves differently when an answer is lost.
enum class ProducerKind : std::uint8_t {
    idempotent,  ///< sends again, and the broker drops what it has already
    plain,       ///< sends again, so a record may be there twice
    probe,       ///< gives up after 50 ms; its acknowledgements tell when the cluster serves again
};

struct ProducerPlan {
    std::string process;
    ProducerKind kind;
    std::chrono::milliseconds interval;  ///< between two bursts
    std::int32_t burst;                  ///< records, to one partition after the other
};

/// Sends numbered records with acks=all until it is told to stop, and writes how each of them ended
/// to the history. `run` is called by one thread, which also runs librdkafka's callbacks.
class Producer {
public:
    /// Errors: invalid.
    [[nodiscard]] static Result<std::unique_ptr<Producer>> make(const Target& target,
                                                                ProducerPlan plan,
                                                                HistoryFile& history);
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;
    ~Producer() = default;

    /// Returns when a stop was requested and all sends have ended. Errors: invalid.
    [[nodiscard]] Result<void> run(const std::stop_token& stop);

private:
    /// Id and epoch of an idempotent producer.
    struct Identity {
        std::int64_t id = -1;
        std::int64_t epoch = -1;
        bool operator==(const Identity&) const = default;
    };
    /// A record whose delivery is not reported yet.
    struct Pending {
        Microseconds invoked;
        PartitionIndex partition;
        std::string value;
        Identity identity;  ///< of the producer at that time
    };
    /// A send that has ended, but is written only when the producer's id is known to be the same.
    struct Ended {
        Span span;
        SendLine line;
        Identity identity;
    };

    Producer(Target target, ProducerPlan plan, HistoryFile& history)
        : target_(std::move(target)), plan_(std::move(plan)), history_(history) {}

    [[nodiscard]] Result<void> connect();
    void send(PartitionIndex partition);
    void on_delivery(const rd_kafka_message_t& message);
    void on_statistics(std::string_view json);
    [[nodiscard]] static std::optional<Identity> identity_of(std::string_view json);
    void write_ended();
    /// After a fatal error of the idempotent producer, tells it and goes on with a new one.
    [[nodiscard]] Result<void> replace_if_broken();

    Target target_;
    ProducerPlan plan_;
    HistoryFile& history_;
    // In this order, so that the topic is destroyed before its handle.
    Handle handle_;
    Topic topic_;
    std::unordered_map<std::uint64_t, Pending> pending_;
    std::deque<Ended> ended_;
    Identity identity_;        ///< as the last statistics told it
    std::uint64_t count_ = 0;  ///< of records
};

}  // namespace hw::chaos
