#include "broker/api/forwarded_apis.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/api/create_topics.h"
#include "broker/api/delete_topics.h"
#include "broker/api/envelope.h"
#include "broker/api/forwarding.h"
#include "broker/metadata/principal.h"
#include "broker/quorum/config_rules.h"
#include "protocol/schema/api/api_versions.h"
#include "test/support/answered_peer.h"
#include "test/support/log_lines.h"
#include "test/unit/api/handler_world.h"
#include "test/unit/config/support.h"
#include "test/unit/quorum/machine.h"

namespace hw::broker {
namespace {

using schema::CreateTopicsRequest;
using schema::CreateTopicsResponse;
using schema::DeleteTopicsRequest;
using schema::DeleteTopicsResponse;
using schema::ElectLeadersRequest;
using schema::ElectLeadersResponse;
using schema::UpdateFeaturesRequest;
using schema::UpdateFeaturesResponse;
using wire::ErrorCode;

constexpr ApiVersion kCreateVersion{7};

/// Creations of topics "topic-0000000" and so on.
struct Creation {
    explicit Creation(std::size_t count) {
        for (std::size_t number = 0; number < count; ++number) {
            names.push_back(fmt::format("topic-{:07}", number));
        }
        for (const std::string& name : names) {
            topics.push_back({.name = name, .num_partitions = 1, .replication_factor = 1});
        }
        request.topics = topics;
        request.timeout_ms = Millis(5000);
    }

    std::vector<std::string> names;
    std::vector<CreateTopicsRequest::Topic> topics;
    CreateTopicsRequest request;
};

/// Answers every request with one error.
template <class Request>
class Refusing final : public MessageHandler<Request> {
protected:
    Task<> serve(ExchangePtr exchange, const Request& request) override {
        reply_error(*exchange, request, {ErrorCode::request_timed_out, "the reason"});
        co_return;
    }
};

TEST_CASE("error answer: CreateTopics has the error for each topic, in every version",
          "[api][forwarding]") {
    HandlerWorld world;
    Refusing<CreateTopicsRequest> handler;
    const Creation creation(2);
    for (const ApiVersion version : versions_of<CreateTopicsRequest>()) {
        CAPTURE(version.value());
        const auto answer = world.ask<CreateTopicsResponse>(handler, creation.request, version);
        CHECK(answer->throttle_time_ms == Millis(0));
        REQUIRE(answer->topics.size() == 2);
        for (std::size_t each = 0; each < 2; ++each) {
            CHECK(answer->topics[each].name == creation.names[each]);
            CHECK(answer->topics[each].error_code == ErrorCode::request_timed_out);
            CHECK(answer->topics[each].error_message == "the reason");
        }
    }
}

TEST_CASE("error answer: DeleteTopics has the error for each topic, by name or by id",
          "[api][forwarding]") {
    HandlerWorld world;
    Refusing<DeleteTopicsRequest> handler;
    const std::vector<std::string_view> names{"a", "b"};
    const std::vector<DeleteTopicsRequest::Topic> topics{{.name = "a", .topic_id = {}},
                                                         {.topic_id = TopicId(Uuid{1, 2})}};
    for (const ApiVersion version : versions_of<DeleteTopicsRequest>()) {
        CAPTURE(version.value());
        const bool has_ids = version >= ApiVersion(6);
        DeleteTopicsRequest request;
        if (has_ids) {
            request.topics = topics;
        } else {
            request.topic_names = names;
        }
        const auto answer = world.ask<DeleteTopicsResponse>(handler, request, version);
        REQUIRE(answer->responses.size() == 2);
        CHECK(answer->responses[0].name == "a");
        CHECK(answer->responses[1].name == (has_ids ? "" : "b"));
        CHECK(wire::is_null(answer->responses[1].name) == has_ids);
        CHECK(answer->responses[1].topic_id == (has_ids ? TopicId(Uuid{1, 2}) : TopicId()));
        for (const DeleteTopicsResponse::Topic& topic : answer->responses) {
            CHECK(topic.error_code == ErrorCode::request_timed_out);
            CHECK(topic.error_message == (version >= ApiVersion(5) ? "the reason" : ""));
        }
    }
}

TEST_CASE("error answer: ElectLeaders has the error for each partition, in every version",
          "[api][forwarding]") {
    HandlerWorld world;
    Refusing<ElectLeadersRequest> handler;
    const std::vector<PartitionIndex> indexes{PartitionIndex(3), PartitionIndex(0)};
    const std::vector<ElectLeadersRequest::TopicPartitions> topics{
        {.topic = "a", .partitions = std::span<const PartitionIndex>(indexes)},
        {.topic = "b", .partitions = std::span<const PartitionIndex>(indexes).first(1)}};
    ElectLeadersRequest request;
    request.topic_partitions = topics;
    for (const ApiVersion version : versions_of<ElectLeadersRequest>()) {
        CAPTURE(version.value());
        const auto answer = world.ask<ElectLeadersResponse>(handler, request, version);
        CHECK(answer->error_code ==
              (version == ApiVersion(0) ? ErrorCode::none : ErrorCode::request_timed_out));
        REQUIRE(answer->replica_election_results.size() == 2);
        CHECK(answer->replica_election_results[1].topic == "b");
        const auto& first = answer->replica_election_results[0];
        CHECK(first.topic == "a");
        REQUIRE(first.partition_result.size() == 2);
        CHECK(first.partition_result[0].partition_id == PartitionIndex(3));
        CHECK(first.partition_result[1].error_code == ErrorCode::request_timed_out);
        CHECK(first.partition_result[1].error_message == "the reason");
    }
}

TEST_CASE("error answer: UpdateFeatures has one error for all, in every version",
          "[api][forwarding]") {
    HandlerWorld world;
    Refusing<UpdateFeaturesRequest> handler;
    const std::vector<UpdateFeaturesRequest::FeatureUpdate> updates{
        {.feature = "group.version", .max_version_level = 1}};
    UpdateFeaturesRequest request;
    request.feature_updates = updates;
    for (const ApiVersion version : versions_of<UpdateFeaturesRequest>()) {
        const auto answer = world.ask<UpdateFeaturesResponse>(handler, request, version);
        CHECK(answer->error_code == ErrorCode::request_timed_out);
        CHECK(answer->error_message == "the reason");
        CHECK(answer->results.empty());
    }
}

TEST_CASE("answer size: the estimate is not below the size, and at most a fifth above it",
          "[api][forwarding]") {
    const config::Settings settings = config::settings_of("log.retention.ms=3600000");
    const AnswerSizes sizes(settings);
    const KeyTableRules rules(settings);
    const std::string name(GENERATE(std::size_t{1}, std::size_t{249}), 'x');
    const std::string value(GENERATE(std::size_t{0}, std::size_t{500}), '1');
    const CreateTopicsRequest::Config set{.name = "retention.ms", .value = value};
    const std::vector<CreateTopicsRequest::Topic> asked(
        100, {.name = name, .configs = {&set, value.empty() ? std::size_t{0} : 1}});
    CreateTopicsRequest request;
    request.topics = asked;
    controller::ConfigValues values;
    if (!value.empty()) {
        values.emplace("retention.ms", value);
    }
    const std::vector<controller::TopicConfig> described = rules.describe_topic(values, 1);
    std::vector<CreateTopicsResponse::Config> configs;
    for (const controller::TopicConfig& config : described) {
        configs.push_back({.name = config.name, .value = config.value});
    }
    const std::vector<CreateTopicsResponse::Topic> topics(100, {.name = name, .configs = configs});
    CreateTopicsResponse response;
    response.topics = topics;
    const std::size_t size = measure(response, kCreateVersion)->total();
    const std::size_t estimate = sizes.of(request, kCreateVersion);
    CHECK(estimate >= size);
    CHECK(estimate <= size * 6 / 5);
}

/// A broker's shard, and a controller that the test plays.
struct Broker {
    explicit Broker(MemoryLimits limits) : world(1, std::move(limits)) {}
    ~Broker() {
        bool stopped = false;
        world.shard.spawn(stop(stopped));
        CHECK(world.run_until([&] { return stopped; }));
    }
    Task<> stop(bool& stopped) {
        co_await gateway.stop();
        stopped = true;
    }
    ExchangePtr send(const CreateTopicsRequest& request) {
        return world.send(handler, request, kCreateVersion);
    }

    HandlerWorld world;
    test::LogLines log;
    sim::SimEntropy entropy{world.scheduler.random()};
    config::Settings settings = config::settings_of("");
    test::AnsweredPeer controller{world.shard};
    ControllerLocator locator{{{BrokerId(1), {"host", 9093}}}};
    ControllerGateway gateway{
        {world.shard, world.clock, entropy, Logger(log, "test")}, locator, controller};
    ForwardingHandler<CreateTopicsRequest> handler{world.shard, gateway, settings};
};

TEST_CASE("forwarding: without memory for request and answer nothing is sent",
          "[api][forwarding]") {
    constexpr std::size_t kMiB = std::size_t{1} << 20;
    const bool is_work_full = GENERATE(true, false);
    Broker broker({.requests = 8 * kMiB, .answers = 8 * kMiB});
    auto other = broker.world.memory.begin(broker.world.memory.share(), 1);
    if (is_work_full) {
        REQUIRE(other.try_work(8 * kMiB + Reservation::kOverdraft - 64 * 1024));
    } else {
        other.add_answer(8 * kMiB + Reservation::kOverdraft - 64 * 1024);
    }
    const Creation creation(100);
    const auto answer =
        broker.world.answer_to<CreateTopicsResponse>(*broker.send(creation.request));
    CHECK(answer->topics.size() == 100);
    CHECK(answer->topics[0].error_code == ErrorCode::request_timed_out);
    CHECK(answer->topics[0].error_message.starts_with(
        "nothing was done: there is not enough memory"));
    CHECK(broker.controller.count() == 0);
    other = Reservation();
    const auto accepted = broker.send(creation.request);
    CHECK(broker.world.run_until([&] { return broker.controller.waiting() == 1; }));
    broker.controller.fail_with(ErrorKind::closed);
    CHECK(broker.world.run_until([&] { return accepted->answered(); }));
}

/// Serves a request without an Envelope.
class DirectHandler final : public Handler {
public:
    explicit DirectHandler(const Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
    Task<> handle(ExchangePtr exchange) override {
        return dispatcher_.dispatch(std::move(exchange));
    }

private:
    const Dispatcher& dispatcher_;
};

/// A controller's listener with its handlers.
struct Controller {
    explicit Controller(MemoryLimits limits = {})
        : world(1, std::move(limits)), machine(1), settings(config::settings_of("")) {
        world.listener.role = ListenerRole::controller;
        machine.process.emplace(machine.scheduler, machine.disk, machine.entropy, machine.log);
        ControllerRuntime& runtime = machine.process->runtime;
        dispatcher.add(schema::ApiKey::create_topics,
                       std::make_unique<CreateTopicsHandler>(runtime, settings, Logger(log, "test"),
                                                             world.clock));
        dispatcher.add(schema::ApiKey::delete_topics,
                       std::make_unique<DeleteTopicsHandler>(runtime, settings));
    }
    template <class Request>
    ExchangePtr send_envelope(const Request& request, ApiVersion version) {
        const std::string inner =
            test::request_frame(request, version, CorrelationId(77)).substr(4);
        const auto principal = encode_principal("User:alice");
        const Buffer address = encode_address("127.0.0.1");
        schema::EnvelopeRequest envelope;
        envelope.request_data = as_bytes(inner);
        envelope.request_principal = principal->view();
        envelope.client_host_address = address.view();
        return world.send(handler, envelope, ApiVersion(0));
    }
    /// The answer, decoded. First the shard of the handlers runs, then the quorum commits.
    template <class Response>
    wire::DecodedMessage<Response> answer_to(const Exchange& exchange) {
        world.scheduler.run_until([] { return false; },
                                  world.scheduler.now() + std::chrono::milliseconds(1));
        REQUIRE(machine.run_until([&] { return exchange.answered(); }));
        return world.answer_to<Response>(exchange);
    }
    template <class Response, class Request>
    wire::DecodedMessage<Response> ask(const Request& request, ApiVersion version) {
        DirectHandler direct(dispatcher);
        return answer_to<Response>(*world.send(direct, request, version));
    }

    HandlerWorld world;
    Machine machine;
    config::Settings settings;
    test::LogLines log;
    AllowAll authorizer;
    NoQuotas quotas;
    Dispatcher dispatcher{authorizer, quotas};
    EnvelopeHandler handler{dispatcher};
};

TEST_CASE("controller handlers: one that is not active answers NOT_CONTROLLER for each topic",
          "[api][forwarding]") {
    Controller controller;
    const Creation creation(2);
    const auto created = controller.ask<CreateTopicsResponse>(creation.request, kCreateVersion);
    REQUIRE(created->topics.size() == 2);
    CHECK(created->topics[1].name == creation.names[1]);
    CHECK(created->topics[1].error_code == ErrorCode::not_controller);
    const std::vector<std::string_view> names{"a", "b"};
    DeleteTopicsRequest request;
    request.topic_names = names;
    const auto deleted = controller.ask<DeleteTopicsResponse>(request, ApiVersion(5));
    REQUIRE(deleted->responses.size() == 2);
    CHECK(deleted->responses[1].name == "b");
    CHECK(deleted->responses[1].error_code == ErrorCode::not_controller);
}

TEST_CASE("envelope: NOT_CONTROLLER of the request inside is the error of the Envelope",
          "[api][forwarding]") {
    Controller controller;
    const Creation creation(1);
    const auto exchange = controller.send_envelope(creation.request, kCreateVersion);
    const auto answer = controller.answer_to<schema::EnvelopeResponse>(*exchange);
    CHECK(answer->error_code == ErrorCode::not_controller);
    CHECK(answer->response_data.empty());
}

TEST_CASE("envelope: a request that is never forwarded is refused", "[api][forwarding]") {
    Controller controller;
    const auto exchange = controller.send_envelope(schema::ApiVersionsRequest(), ApiVersion(0));
    const auto answer = controller.answer_to<schema::EnvelopeResponse>(*exchange);
    CHECK(answer->error_code == ErrorCode::invalid_request);
}

TEST_CASE("controller handlers: without memory for the answer nothing is done",
          "[api][forwarding]") {
    constexpr std::size_t kMiB = std::size_t{1} << 20;
    Controller controller({.requests = 8 * kMiB, .answers = 8 * kMiB});
    REQUIRE(controller.machine.run_until(
        [&] { return controller.machine.process->runtime.controller().is_leading(); }));
    controller.machine.register_broker();
    MemoryBudget& memory = controller.world.memory;
    auto other = memory.begin(memory.share(), 1);
    other.add_answer(8 * kMiB + Reservation::kOverdraft - 64 * 1024);
    const std::size_t held = memory.answers();
    const Creation creation(100);
    auto exchange = controller.send_envelope(creation.request, kCreateVersion);
    const auto answer = controller.answer_to<schema::EnvelopeResponse>(*exchange);
    CHECK(answer->error_code == ErrorCode::none);
    const std::string_view data = as_text(answer->response_data);
    CHECK(data.contains("nothing was done: there is not enough memory for an answer of"));
    CHECK(controller.machine.process->runtime.controller().appended().find_topic(
              creation.names[0]) == nullptr);
    exchange.reset();
    CHECK(memory.answers() == held);
    other = Reservation();
    exchange = controller.send_envelope(creation.request, kCreateVersion);
    const auto accepted = controller.answer_to<schema::EnvelopeResponse>(*exchange);
    CHECK(accepted->error_code == ErrorCode::none);
    CHECK(controller.machine.image().find_topic(creation.names[99]) != nullptr);
    CHECK(memory.answers() < std::size_t{32} * 1024);  // what the answer takes, not the estimate
}

}  // namespace
}  // namespace hw::broker
