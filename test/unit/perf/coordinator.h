#pragma once

#include <array>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/consumer_group_heartbeat.h"
#include "protocol/schema/api/find_coordinator.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/offset_fetch.h"
#include "test/support/scripted_broker.h"
#include "tools/client/client.h"

namespace hw::perf::test {

using client::ScriptedRequest;
using schema::ApiKey;
using wire::ErrorCode;
using Beat = schema::ConsumerGroupHeartbeatRequest;
using BeatAnswer = schema::ConsumerGroupHeartbeatResponse;

/// Broker 1, which coordinates all groups. Its topic "t" has two partitions.
struct Coordinator {
    using AnswerBeat = std::function<BeatAnswer(const Beat& beat)>;

    std::string answer(const ScriptedRequest& request, const config::Address& address) {
        Arena arena(1 << 20);
        switch (request.header.request_api_key) {
            case ApiKey::metadata:
                return client::metadata_answer(request, address, ErrorCode::none, kPartitions);
            case ApiKey::find_coordinator:
                return found(request, address, arena);
            case ApiKey::offset_fetch:
                return offsets(request, arena);
            case ApiKey::offset_commit:
                return committed(request, arena);
            default:
                return request.answer(answer_beat(request.decoded<Beat>(arena)));
        }
    }
    static std::string found(const ScriptedRequest& request, const config::Address& address,
                             Arena& arena) {
        const auto asked = request.decoded<schema::FindCoordinatorRequest>(arena);
        std::vector<schema::FindCoordinatorResponse::Coordinator> coordinators;
        for (const std::string_view key : asked.coordinator_keys) {
            coordinators.push_back(
                {.key = key, .node_id = BrokerId(1), .host = address.host, .port = address.port});
        }
        schema::FindCoordinatorResponse response;
        response.coordinators = coordinators;
        return request.answer(response);
    }
    std::string offsets(const ScriptedRequest& request, Arena& arena) {
        using Response = schema::OffsetFetchResponse;
        const auto asked = request.decoded<schema::OffsetFetchRequest>(arena);
        const std::array stored{Response::Partition{.partition_index = PartitionIndex(0)},
                                Response::Partition{.partition_index = PartitionIndex(1)}};
        const Response::TopicResult topic{.name = "t", .topic_id = {}, .partitions = stored};
        std::vector<Response::Group> groups;
        for (const auto& group : asked.groups) {
            const bool is_loading = loading.erase(std::string(group.group_id)) > 0;
            groups.push_back({.group_id = group.group_id});
            is_loading ? void(groups.back().error_code = ErrorCode::coordinator_load_in_progress)
                       : void(groups.back().topics = {&topic, 1});
        }
        Response response;
        response.groups = groups;
        return request.answer(response);
    }
    static std::string committed(const ScriptedRequest& request, Arena& arena) {
        using Response = schema::OffsetCommitResponse;
        const auto asked = request.decoded<schema::OffsetCommitRequest>(arena);
        std::vector<Response::Partition> partitions;
        for (const auto& partition : asked.topics[0].partitions) {
            partitions.push_back({.partition_index = partition.partition_index});
        }
        const Response::Topic topic{.name = "t", .topic_id = {}, .partitions = partitions};
        Response response;
        response.topics = {&topic, 1};
        return request.answer(response);
    }

    static constexpr std::array kPartitions{
        schema::MetadataResponse::Partition{.partition_index = PartitionIndex(0),
                                            .leader_id = BrokerId(1)},
        schema::MetadataResponse::Partition{.partition_index = PartitionIndex(1),
                                            .leader_id = BrokerId(1)}};

    AnswerBeat answer_beat = [](const Beat&) { return BeatAnswer{}; };
    std::set<std::string> loading = {};  ///< groups that are refused once
    client::ScriptedBroker broker{
        [this](const ScriptedRequest& request, const config::Address& address) {
            return answer(request, address);
        }};
};

/// Runs a load against it, and returns the report.
template <class Options>
auto run(const Coordinator& coordinator, const Options& options) {
    auto client = client::Client::connect({.servers = {coordinator.broker.address()}});
    REQUIRE(client);
    const auto target = find_target(*client, options);
    CAPTURE(target ? "" : target.error().message);
    REQUIRE(target);
    auto report = run_load(options, *target);
    REQUIRE(report);
    return std::move(*report);
}

}  // namespace hw::perf::test
