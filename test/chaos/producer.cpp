#include "test/chaos/producer.h"

#include <array>
#include <bit>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace hw::chaos {
namespace {

using std::chrono::milliseconds;

constexpr int kCallbackWaitMs = 5;
/// Sends wait as long as a fault can last, so none is given up in a run that recovers.
constexpr const char* kPatience = "120000";
/// So that a stalled cluster does not fill the memory of the client with records.
constexpr std::size_t kMaxPending = 2000;
/// An epoch is a 16-bit number.
constexpr std::int64_t kMaxEpochs = 1 << 16;

Settings settings_of(ProducerKind kind) {
    const Settings patient{{"acks", "all"},
                           {"message.timeout.ms", kPatience},
                           {"request.timeout.ms", "5000"},
                           {"retry.backoff.ms", "50"},
                           {"linger.ms", "2"}};
    Settings settings = patient;
    switch (kind) {
        case ProducerKind::idempotent:
            settings.emplace_back("enable.idempotence", "true");
            settings.emplace_back("statistics.interval.ms", "200");
            break;
        case ProducerKind::plain:
            break;
        case ProducerKind::probe:
            return {{"acks", "all"},
                    {"message.timeout.ms", "50"},
                    {"socket.timeout.ms", "300"},
                    {"reconnect.backoff.ms", "10"},
                    {"reconnect.backoff.max.ms", "50"},
                    {"retry.backoff.ms", "10"},
                    {"topic.metadata.refresh.interval.ms", "250"},
                    {"topic.metadata.refresh.fast.interval.ms", "20"},
                    {"linger.ms", "0"}};
    }
    return settings;
}

/// A number in librdkafka's statistics: `"producer_id":1000,`.
std::optional<std::int64_t> member(std::string_view json, std::string_view name) {
    const std::size_t begin = json.find(name);
    if (begin == std::string_view::npos) {
        return std::nullopt;
    }
    std::int64_t number = 0;
    const std::string_view text = json.substr(begin + name.size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// The value, followed by filler, so that records have different sizes.
std::string payload_of(std::string_view value, std::uint64_t number) {
    constexpr std::uint64_t kMaxFiller = 400;
    return fmt::format("{} {}", value, std::string(number * 37 % kMaxFiller, 'x'));
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::make(const Target& target, ProducerPlan plan,
                                                 HistoryFile& history) {
    // The constructor is private, so std::make_unique cannot call it.
    struct Constructible : Producer {
        Constructible(const Target& to, ProducerPlan with, HistoryFile& into)
            : Producer(to, std::move(with), into) {}
    };
    auto producer = std::make_unique<Constructible>(target, std::move(plan), history);
    HW_TRY_VOID(producer->connect());
    return producer;
}

Result<void> Producer::connect() {
    const Callbacks callbacks{
        .owner = this,
        .on_delivery = [](rd_kafka_t*, const rd_kafka_message_t* message,
                          void* owner) { static_cast<Producer*>(owner)->on_delivery(*message); },
        .on_statistics =
            [](rd_kafka_t*, char* json, std::size_t size, void* owner) {
                static_cast<Producer*>(owner)->on_statistics({json, size});
                return 0;
            },
    };
    HW_TRY(handle, make_handle(RD_KAFKA_PRODUCER, target_, settings_of(plan_.kind), callbacks));
    HW_TRY(topic, make_topic(handle.get(), target_.topic));
    topic_ = std::move(topic);
    handle_ = std::move(handle);
    return {};
}

Result<void> Producer::run(const std::stop_token& stop) {
    Microseconds due = now();
    std::int32_t next = 0;
    while (!stop.stop_requested()) {
        rd_kafka_poll(handle_.get(), kCallbackWaitMs);
        HW_TRY_VOID(replace_if_broken());
        if (now() < due) {
            continue;
        }
        due = now() + std::chrono::microseconds(plan_.interval).count();
        for (std::int32_t i = 0; i < plan_.burst && pending_.size() < kMaxPending; ++i) {
            send(PartitionIndex(next));
            next = (next + 1) % target_.partition_count;
        }
    }
    while (!pending_.empty()) {
        rd_kafka_poll(handle_.get(), kCallbackWaitMs);
        HW_TRY_VOID(replace_if_broken());
    }
    write_ended();
    return {};
}

void Producer::send(PartitionIndex partition) {
    const std::uint64_t number = count_++;
    Pending pending{.invoked = now(),
                    .partition = partition,
                    .value = fmt::format("{}-{}", plan_.process, number),
                    .identity = identity_};
    std::string payload = payload_of(pending.value, number);
    pending_.emplace(number, std::move(pending));
    const int status =
        rd_kafka_produce(topic_.get(), partition.value(), RD_KAFKA_MSG_F_COPY, payload.data(),
                         payload.size(), nullptr, 0, std::bit_cast<void*>(number));
    if (status != 0) {
        pending_.erase(number);
    }
}

void Producer::on_delivery(const rd_kafka_message_t& message) {
    auto node = pending_.extract(std::bit_cast<std::uint64_t>(message._private));
    if (node.empty()) {
        return;
    }
    const Span span{.invoked = node.mapped().invoked, .done = now()};
    SendLine line{
        .process = plan_.process,
        .partition = node.mapped().partition,
        .value = std::move(node.mapped().value),
        .producer = std::nullopt,
        .outcome = message.err == RD_KAFKA_RESP_ERR_NO_ERROR ? Outcome::ok : Outcome::unknown,
        .offset = std::nullopt};
    if (line.outcome == Outcome::ok && message.offset >= 0) {
        line.offset = Offset(message.offset);
    }
    if (line.outcome == Outcome::ok && plan_.kind == ProducerKind::probe) {
        fmt::print("ack {} {} {}\n", line.partition, span.invoked, span.done);
    }
    if (line.outcome != Outcome::ok && plan_.kind != ProducerKind::probe) {
        fmt::print("failed {} {} {}\n", plan_.process, span.done, rd_kafka_err2name(message.err));
    }
    if (plan_.kind == ProducerKind::idempotent) {
        ended_.push_back({span, std::move(line), node.mapped().identity});
        return;
    }
    history_.send(span, line);
}

std::optional<Producer::Identity> Producer::identity_of(std::string_view json) {
    const auto id = member(json, R"("producer_id":)");
    const auto epoch = member(json, R"("producer_epoch":)");
    // Both are -1 until the broker has told them.
    if (!id || !epoch || *id < 0 || *epoch < 0) {
        return std::nullopt;
    }
    return Identity{.id = *id, .epoch = *epoch};
}

void Producer::on_statistics(std::string_view json) {
    const std::optional<Identity> told = identity_of(json);
    if (!told) {
        return;
    }
    if (*told != identity_ && identity_ != Identity{}) {
        fmt::print("producer-id {} {}/{} {}/{}\n", plan_.process, identity_.id, identity_.epoch,
                   told->id, told->epoch);
    }
    identity_ = *told;
    write_ended();
}

/// A send counts as idempotent if the producer had the same id all the time: records that
/// librdkafka sends again with another id or epoch are new ones to the broker.
void Producer::write_ended() {
    for (Ended& ended : ended_) {
        if (ended.identity == identity_ && identity_ != Identity{}) {
            ended.line.producer = identity_.id * kMaxEpochs + identity_.epoch;
        }
        history_.send(ended.span, ended.line);
    }
    ended_.clear();
}

Result<void> Producer::replace_if_broken() {
    std::array<char, 512> text{};
    const rd_kafka_resp_err_t error = rd_kafka_fatal_error(handle_.get(), text.data(), text.size());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return {};
    }
    fmt::print("fatal {} {} {} {}\n", plan_.process, now(), rd_kafka_err2name(error), text.data());
    for (auto& [number, pending] : pending_) {
        history_.send({.invoked = pending.invoked, .done = now()},
                      {.process = plan_.process,
                       .partition = pending.partition,
                       .value = std::move(pending.value),
                       .producer = std::nullopt,
                       .outcome = Outcome::unknown,
                       .offset = std::nullopt});
    }
    pending_.clear();
    write_ended();
    identity_ = {};
    topic_.reset();
    handle_.reset();
    return connect();
}

}  // namespace hw::chaos
