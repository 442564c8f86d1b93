#pragma once

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "broker/net/long_loop.h"
#include "broker/net/memory_budget.h"
#include "replication/peer/peer_client.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"
#include "test/support/forbidding.h"
#include "test/support/wire_client.h"

namespace hw::broker {

/// A data shard of broker 1 in the cluster "cluster". Tests call its handlers without a connection.
/// Tests change `image`; a request sees its content at the time of `send`.
class HandlerWorld {
public:
    explicit HandlerWorld(std::uint64_t seed = 1, MemoryLimits limits = {})
        : scheduler(seed), memory(shard, clock, std::move(limits)) {
        image.set_feature(controller::kMetadataVersionFeature, 30);
    }

    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }
    void publish() { services.image = std::make_shared<const controller::MetadataImage>(image); }

    template <class Request>
    ExchangePtr send(Handler& handler, const Request& request, ApiVersion version) {
        const std::string frame =
            test::request_frame(request, version, CorrelationId(77)).substr(kLength);
        auto exchange = std::make_shared<Exchange>(
            bytes_of(frame), memory.begin(memory.share(), frame.size()), sink_);
        exchange->context().listener = &listener;
        exchange->context().peer = peer_;
        exchange->context().authorizer = &authorizer;
        REQUIRE(exchange->read_header());
        publish();
        shard.spawn(handler.handle(exchange));
        return exchange;
    }
    /// Waits until the request is rejected, and returns the reason.
    std::string rejection_of(const Exchange& exchange) {
        sink_.may_reject = true;
        REQUIRE(run_until([&] { return exchange.answered(); }));
        REQUIRE(exchange.rejected());
        sink_.may_reject = false;
        return sink_.reason;
    }
    /// Waits for the end of the request. Returns how often other work of the shard ran meanwhile.
    int turns_during(const Exchange& exchange) {
        int turns = 0;
        shard.spawn(count_turns(exchange, turns));
        REQUIRE(run_until([&] { return exchange.answered(); }));
        return turns;
    }
    /// The answer to a request, decoded.
    template <class Response>
    wire::DecodedMessage<Response> answer_to(const Exchange& exchange) {
        REQUIRE(run_until([&] { return exchange.answered(); }));
        std::string frame;
        test::append(frame, exchange.answer());
        const bool has_tags =
            exchange.api().response_header_version(exchange.version()) == ApiVersion(1);
        const std::string body = frame.substr(kLength + kCorrelation + (has_tags ? 1 : 0));
        wire::DecodedMessage<Response> answer(bytes_of(body), 64);
        REQUIRE(answer.read(exchange.version()));
        return answer;
    }
    template <class Response, class Request>
    wire::DecodedMessage<Response> ask(Handler& handler, const Request& request,
                                       ApiVersion version) {
        return answer_to<Response>(*send(handler, request, version));
    }

    /// Registers a broker with this world's listener, on port 9000 + id.
    void add_broker(std::int32_t id, bool fenced = false) {
        controller::BrokerImage broker;
        broker.id = BrokerId(id);
        broker.fenced = fenced;
        broker.endpoints.emplace(listener.name, endpoint_of(id));
        image.put(std::move(broker));
    }
    static controller::NodeEndpoint endpoint_of(std::int32_t id) {
        return {.address = {.host = "host", .port = static_cast<std::uint16_t>(9000 + id)}};
    }
    /// A topic with one partition, led by the first of `replicas`.
    TopicId add_topic(const std::string& name, std::vector<BrokerId> replicas = {BrokerId(1)}) {
        controller::PartitionImage partition;
        partition.leader = replicas.front();
        partition.replicas = replicas;
        partition.isr = std::move(replicas);
        const TopicId id(Uuid{1, ++last_topic_});
        image.put(
            controller::TopicImage{.id = id, .name = name, .internal = false, .partitions = {}});
        image.put(id, std::move(partition));
        return id;
    }

    sim::Scheduler scheduler;
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
    MemoryBudget memory;
    ListenerInfo listener{
        .name = "PLAINTEXT", .role = ListenerRole::broker, .bound = {}, .advertised = {}};
    controller::MetadataImage image{"cluster"};
    /// Refuses the operations that a test forbids, and allows all others.
    test::ForbiddingAuthorizer authorizer;
    DelayedRequests delayed{shard, clock};
    ApiServices services{
        {.node_id = BrokerId(1), .shard = shard, .clock = clock, .image = nullptr, .replicas = {}},
        delayed};

private:
    static constexpr std::size_t kLength = 4;
    static constexpr std::size_t kCorrelation = 4;

    /// Ignores answers, which tests read from the exchange. Stores the reason of a rejected
    /// request, which fails the test unless `may_reject` is set.
    class Sink final : public AnswerSink {
    public:
        void on_answer() override {}
        void on_reject(const Error& error) override {
            reason = error.message;
            if (!may_reject) {
                FAIL(reason);
            }
        }

        bool may_reject = false;
        std::string reason;
    };

    Task<> count_turns(const Exchange& exchange, int& turns) {
        while (!exchange.answered()) {
            ++turns;
            co_await let_others_run(shard);
        }
    }

    static Buffer bytes_of(const std::string& text) {
        Buffer buffer(text.size());
        std::ranges::copy(as_bytes(text), buffer.data());
        return buffer;
    }

    std::shared_ptr<const Endpoint> peer_ =
        std::make_shared<const Endpoint>(Endpoint{"127.0.0.1", 5});
    std::uint64_t last_topic_ = 0;
    Sink sink_;
};

/// All versions of an API, in rising order.
template <class Request>
[[nodiscard]] std::vector<ApiVersion> versions_of() {
    const schema::ApiInfo& api = *schema::find_api(Request::kKey);
    std::vector<ApiVersion> versions;
    for (std::int16_t version = api.versions.low.value(); version <= api.versions.high.value();
         ++version) {
        versions.emplace_back(version);
    }
    return versions;
}

}  // namespace hw::broker
