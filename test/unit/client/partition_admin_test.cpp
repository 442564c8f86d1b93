#include "tools/client/partition_admin.h"

#include <array>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/schema/api/elect_leaders.h"
#include "test/support/scripted_broker.h"

namespace hw::client {
namespace {

using schema::ElectLeadersRequest;
using schema::ElectLeadersResponse;
using schema::MetadataResponse;
using wire::ErrorCode;

constexpr std::array kReplicas{BrokerId(1), BrokerId(2)};
const PartitionName kFirst{"t", PartitionIndex(0)};

/// The metadata of topic "t", whose only partition has this leader.
std::string metadata(const ScriptedRequest& request, const config::Address& address,
                     BrokerId leader) {
    const std::array partitions{MetadataResponse::Partition{.error_code = ErrorCode::none,
                                                            .partition_index = PartitionIndex(0),
                                                            .leader_id = leader,
                                                            .replica_nodes = kReplicas}};
    return metadata_answer(request, address, ErrorCode::none, partitions);
}

/// The answer for partition 0 of topic "t".
std::string elected(const ScriptedRequest& request, ErrorCode error,
                    std::string_view message = {}) {
    const std::array partitions{ElectLeadersResponse::Partition{
        .partition_id = PartitionIndex(0), .error_code = error, .error_message = message}};
    const std::array topics{
        ElectLeadersResponse::Topic{.topic = "t", .partition_result = partitions}};
    ElectLeadersResponse response;
    response.replica_election_results = topics;
    return request.answer(response);
}

bool is_election(const ScriptedRequest& request) {
    return request.header.request_api_key == schema::ApiKey::elect_leaders;
}

Client connected_to(const ScriptedBroker& broker, Milliseconds timeout = Milliseconds(15000)) {
    auto client = Client::connect({.servers = {broker.address()}, .timeout = timeout});
    REQUIRE(client);
    return std::move(*client);
}

TEST_CASE("elections: the outcome has the preferred leader, as soon as the broker shows it",
          "[client]") {
    int looks = 0;
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address& address) {
        return is_election(request) ? elected(request, ErrorCode::none)
                                    : metadata(request, address, BrokerId(looks++ < 2 ? 2 : 1));
    });
    Client client = connected_to(*broker);
    const auto outcomes = elect_leaders(client, ElectionType::preferred, {{kFirst}});
    broker.reset();
    REQUIRE(outcomes);
    REQUIRE(outcomes->size() == 1);
    CHECK(outcomes->front().result);
    CHECK(outcomes->front().is_needed);
    CHECK(outcomes->front().leader == BrokerId(1));
    CHECK(looks == 3);
}

TEST_CASE("elections: a leader that the broker does not show in time is not known", "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address& address) {
        return is_election(request) ? elected(request, ErrorCode::none)
                                    : metadata(request, address, kNoBroker);
    });
    Client client = connected_to(broker, Milliseconds(50));
    const auto outcomes = elect_leaders(client, ElectionType::unclean, {{kFirst}});
    REQUIRE(outcomes);
    CHECK(outcomes->front().result);
    CHECK(outcomes->front().leader == kNoBroker);
}

TEST_CASE("elections: an election that is not needed is no failure", "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address& address) {
        return is_election(request) ? elected(request, ErrorCode::election_not_needed)
                                    : metadata(request, address, BrokerId(2));
    });
    Client client = connected_to(broker);
    const auto outcomes = elect_leaders(client, ElectionType::unclean, {{kFirst}});
    REQUIRE(outcomes);
    CHECK(outcomes->front().result);
    CHECK_FALSE(outcomes->front().is_needed);
    CHECK(outcomes->front().leader == BrokerId(2));
}

TEST_CASE("elections: the failure of a partition has the sentence of the broker", "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address& address) {
        return is_election(request)
                   ? elected(request, ErrorCode::preferred_leader_not_available, "it is dead")
                   : metadata(request, address, BrokerId(2));
    });
    Client client = connected_to(broker);
    const auto outcomes = elect_leaders(client, ElectionType::preferred, {{kFirst}});
    REQUIRE(outcomes);
    REQUIRE_FALSE(outcomes->front().result);
    CHECK(outcomes->front().result.error().message ==
          "partition t-0: PREFERRED_LEADER_NOT_AVAILABLE: it is dead");
}

TEST_CASE("elections: the failure of the whole request has the sentence that a partition has",
          "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address&) {
        const std::array partitions{ElectLeadersResponse::Partition{
            .partition_id = PartitionIndex(0),
            .error_code = ErrorCode::request_timed_out,
            .error_message = "nothing was done: there is no active controller"}};
        const std::array topics{
            ElectLeadersResponse::Topic{.topic = "t", .partition_result = partitions}};
        ElectLeadersResponse response;
        response.error_code = ErrorCode::request_timed_out;
        response.replica_election_results = topics;
        return request.answer(response);
    });
    Client client = connected_to(broker);
    const auto outcomes = elect_leaders(client, ElectionType::preferred, {{kFirst}});
    REQUIRE_FALSE(outcomes);
    CHECK(outcomes.error().kind == ErrorKind::timed_out);
    CHECK(outcomes.error().message ==
          "the election: REQUEST_TIMED_OUT: nothing was done: there is no active controller");
}

TEST_CASE("elections: without a controller's answer and a sentence the outcome is unknown",
          "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address&) {
        ElectLeadersResponse response;
        response.error_code = ErrorCode::request_timed_out;
        return request.answer(response);
    });
    Client client = connected_to(broker);
    const auto outcomes = elect_leaders(client, ElectionType::preferred, std::nullopt);
    REQUIRE_FALSE(outcomes);
    CHECK(outcomes.error().message ==
          "the election: REQUEST_TIMED_OUT: no active controller answered this broker in time; the "
          "outcome is unknown: 'hw partition list' shows it");
}

TEST_CASE("elections: without partitions all are asked for, with the type of the election",
          "[client]") {
    bool asked_for_all = false;
    std::int8_t type = -1;
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address&) {
        Arena arena(1 << 16);
        const auto asked = request.decoded<ElectLeadersRequest>(arena);
        asked_for_all = asked.topic_partitions.is_null();
        type = asked.election_type;
        return request.answer(ElectLeadersResponse());
    });
    Client client = connected_to(*broker);
    const auto outcomes = elect_leaders(client, ElectionType::unclean, std::nullopt);
    broker.reset();
    REQUIRE(outcomes);
    CHECK(outcomes->empty());
    CHECK(asked_for_all);
    CHECK(type == 1);
}

TEST_CASE("elections: while there is no controller the request is repeated", "[client]") {
    int requests = 0;
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address&) {
        ElectLeadersResponse response;
        response.error_code = requests++ == 0 ? ErrorCode::not_controller : ErrorCode::none;
        return request.answer(response);
    });
    Client client = connected_to(*broker);
    const auto outcomes = elect_leaders(client, ElectionType::preferred, std::nullopt);
    broker.reset();
    CHECK(outcomes);
    CHECK(requests == 2);
}

}  // namespace
}  // namespace hw::client
