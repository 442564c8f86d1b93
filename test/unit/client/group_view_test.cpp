#include "tools/client/group_view.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/consumer_group_describe.h"
#include "protocol/schema/api/describe_groups.h"
#include "protocol/schema/api/find_coordinator.h"
#include "test/support/scripted_broker.h"

namespace hw::client {
namespace {

using schema::ApiKey;
using wire::ErrorCode;
using Described = schema::ConsumerGroupDescribeResponse;

/// What broker 1, which coordinates all groups, says of the group billing, and which APIs were used
/// for it.
struct Coordinator {
    std::string answer(const ScriptedRequest& request, const config::Address& address) {
        const ApiKey key = request.header.request_api_key;
        if (key == ApiKey::metadata) {
            return metadata_answer(request, address, ErrorCode::none, {});
        }
        if (key == ApiKey::find_coordinator) {
            const std::array found{
                schema::FindCoordinatorResponse::Coordinator{.key = "billing",
                                                             .node_id = BrokerId(1),
                                                             .host = address.host,
                                                             .port = address.port}};
            schema::FindCoordinatorResponse response;
            response.coordinators = found;
            return request.answer(response);
        }
        asked.push_back(key);
        return key == ApiKey::describe_groups ? classic_answer(request) : consumer_answer(request);
    }
    [[nodiscard]] std::string classic_answer(const ScriptedRequest& request) const {
        const std::array groups{schema::DescribeGroupsResponse::Group{.error_code = classic_error,
                                                                      .group_id = "billing",
                                                                      .group_state = "Stable",
                                                                      .protocol_type = "consumer",
                                                                      .protocol_data = "range"}};
        schema::DescribeGroupsResponse response;
        response.groups = groups;
        return request.answer(response);
    }
    [[nodiscard]] std::string consumer_answer(const ScriptedRequest& request) const {
        const std::array has{PartitionIndex(4), PartitionIndex(0)};
        const std::array shall{PartitionIndex(0), PartitionIndex(7)};
        const std::array assigned{
            Described::TopicPartitions{.topic_name = "orders", .partitions = has}};
        const std::array target{
            Described::TopicPartitions{.topic_name = "orders", .partitions = shall}};
        const std::array members{Described::Member{.member_id = "m",
                                                   .instance_id = "i",
                                                   .member_epoch = 6,
                                                   .client_id = "c1",
                                                   .client_host = "/127.0.0.1",
                                                   .assignment = {assigned},
                                                   .target_assignment = {target}}};
        const std::array groups{Described::Group{.error_code = consumer_error,
                                                 .group_id = "billing",
                                                 .group_state = "Reconciling",
                                                 .group_epoch = 8,
                                                 .assignment_epoch = 7,
                                                 .assignor_name = "uniform",
                                                 .members = members}};
        Described response;
        response.groups = groups;
        return request.answer(response);
    }
    [[nodiscard]] Result<GroupView> describe() {
        auto client = Client::connect({.servers = {broker.address()}});
        REQUIRE(client);
        return describe_group(*client, "billing");
    }

    ErrorCode consumer_error = ErrorCode::none;
    ErrorCode classic_error = ErrorCode::none;
    std::vector<ApiKey> asked;
    ScriptedBroker broker{[this](const ScriptedRequest& request, const config::Address& address) {
        return answer(request, address);
    }};
};

const std::vector kBoth{ApiKey::consumer_group_describe, ApiKey::describe_groups};

TEST_CASE("group view: a group of the consumer protocol has epochs and targets",
          "[client][group]") {
    Coordinator coordinator;
    const auto view = coordinator.describe();
    REQUIRE(view);
    CHECK(coordinator.asked == std::vector{ApiKey::consumer_group_describe});
    CHECK(view->state == "Reconciling");
    CHECK(view->protocol_type == "consumer");
    CHECK(view->protocol == "uniform");
    CHECK(view->coordinator == BrokerId(1));
    REQUIRE(view->epochs);
    CHECK(view->epochs->group == 8);
    CHECK(view->epochs->assignment == 7);
    REQUIRE(view->members.size() == 1);
    const GroupMember& member = view->members[0];
    CHECK(member.id == "m");
    CHECK(member.instance == "i");
    CHECK(member.epoch == 6);
    CHECK(member.partitions.size() == 2);
    CHECK(member.to_give_up() == std::vector{PartitionName{"orders", PartitionIndex(4)}});
    CHECK(member.to_get() == std::vector{PartitionName{"orders", PartitionIndex(7)}});
}

TEST_CASE("group view: what is no group of the consumer protocol may be a classic one",
          "[client][group]") {
    Coordinator coordinator;
    // Kafka answers with the second one while group.version is 0.
    coordinator.consumer_error =
        GENERATE(ErrorCode::group_id_not_found, ErrorCode::unsupported_version);
    const auto view = coordinator.describe();
    REQUIRE(view);
    CHECK(coordinator.asked == kBoth);
    CHECK(view->protocol == "range");
    CHECK_FALSE(view->epochs);
}

TEST_CASE("group view: a group that neither protocol knows does not exist", "[client][group]") {
    Coordinator coordinator;
    coordinator.consumer_error = ErrorCode::group_id_not_found;
    coordinator.classic_error = ErrorCode::group_id_not_found;
    const auto view = coordinator.describe();
    REQUIRE_FALSE(view);
    CHECK(view.error().kind == ErrorKind::not_found);
    CHECK(coordinator.asked == kBoth);
}

TEST_CASE("group view: a refused description is not asked for with the other API",
          "[client][group]") {
    Coordinator coordinator;
    coordinator.consumer_error = ErrorCode::group_authorization_failed;
    const auto view = coordinator.describe();
    REQUIRE_FALSE(view);
    CHECK(view.error().kind == ErrorKind::permission);
    CHECK(coordinator.asked == std::vector{ApiKey::consumer_group_describe});
}

}  // namespace
}  // namespace hw::client
