#include "protocol/schema/api_table.h"

#include <algorithm>
#include <array>

#include <catch2/catch.hpp>

namespace hw::schema {
namespace {

constexpr const ApiInfo& info_of(ApiKey key) {
    return *find_api(key);
}

TEST_CASE("api table: rows are in the order of the keys", "[schema][table]") {
    STATIC_REQUIRE(std::ranges::is_sorted(kApiTable, {}, &ApiInfo::key));
    STATIC_REQUIRE(kApiTable.size() == 40);
}

TEST_CASE("api table: every API is found by its key, and other numbers are not found",
          "[schema][table]") {
    for (const ApiInfo& info : kApiTable) {
        CHECK(find_api(info.key) == &info);
    }
    for (const int number : {4, 5, 59, 71, 9999, 10002, 32767, -1, -32768}) {
        CHECK(find_api(static_cast<ApiKey>(number)) == nullptr);
    }
}

TEST_CASE("api table: Produce is advertised from version 0 and served from version 3",
          "[schema][table]") {
    constexpr ApiInfo produce = info_of(ApiKey::produce);
    CHECK(produce.name == "Produce");
    CHECK(produce.advertised_low == ApiVersion(0));
    CHECK(produce.versions == VersionRange{ApiVersion(3), ApiVersion(13)});
    CHECK(produce.on_broker);
    CHECK_FALSE(produce.on_controller);
}

TEST_CASE("api table: the unstable version of InitProducerId is hidden", "[schema][table]") {
    constexpr ApiInfo init = info_of(ApiKey::init_producer_id);
    CHECK(init.versions.high == ApiVersion(6));
    CHECK(init.stable_high == ApiVersion(5));
    CHECK(info_of(ApiKey::metadata).stable_high == ApiVersion(13));
}

TEST_CASE("api table: flexible versions have the flexible headers", "[schema][table]") {
    constexpr ApiInfo metadata = info_of(ApiKey::metadata);
    CHECK(metadata.request_header_version(ApiVersion(8)) == ApiVersion(1));
    CHECK(metadata.request_header_version(ApiVersion(9)) == ApiVersion(2));
    CHECK(metadata.response_header_version(ApiVersion(8)) == ApiVersion(0));
    CHECK(metadata.response_header_version(ApiVersion(9)) == ApiVersion(1));
}

TEST_CASE("api table: the response of ApiVersions has the plain header in every version",
          "[schema][table]") {
    constexpr ApiInfo versions = info_of(ApiKey::api_versions);
    CHECK(versions.request_header_version(ApiVersion(3)) == ApiVersion(2));
    CHECK(versions.response_header_version(ApiVersion(5)) == ApiVersion(0));
    // A client may send a version that does not exist yet.
    CHECK(versions.response_header_version(ApiVersion(99)) == ApiVersion(0));
}

TEST_CASE("api table: listeners, forwarding and cluster actions are the same as in Kafka",
          "[schema][table]") {
    CHECK(info_of(ApiKey::create_topics).forwarded);
    CHECK_FALSE(info_of(ApiKey::create_topics).cluster_action);
    CHECK(info_of(ApiKey::allocate_producer_ids).forwarded);
    CHECK(info_of(ApiKey::allocate_producer_ids).cluster_action);
    CHECK(info_of(ApiKey::vote).cluster_action);
    CHECK_FALSE(info_of(ApiKey::vote).on_broker);
    CHECK(info_of(ApiKey::fetch).on_broker);
    CHECK(info_of(ApiKey::fetch).on_controller);
    CHECK_FALSE(info_of(ApiKey::fetch).cluster_action);
}

TEST_CASE(
    "api table: the cluster actions are exactly those APIs that require ClusterAction in Kafka",
    "[schema][table]") {
    // The APIs whose handlers in KafkaApis and ControllerApis require CLUSTER_ACTION for every
    // request. Fetch and OffsetForLeaderEpoch require it only from replicas.
    constexpr auto kClusterActions = std::to_array<int>({4,     // LeaderAndIsr
                                                         5,     // StopReplica
                                                         6,     // UpdateMetadata
                                                         7,     // ControlledShutdown
                                                         27,    // WriteTxnMarkers
                                                         52,    // Vote
                                                         53,    // BeginQuorumEpoch
                                                         54,    // EndQuorumEpoch
                                                         56,    // AlterPartition
                                                         58,    // Envelope
                                                         59,    // FetchSnapshot
                                                         62,    // BrokerRegistration
                                                         63,    // BrokerHeartbeat
                                                         67,    // AllocateProducerIds
                                                         70,    // ControllerRegistration
                                                         73,    // AssignReplicasToDirs
                                                         82,    // UpdateRaftVoter
                                                         83,    // InitializeShareGroupState
                                                         84,    // ReadShareGroupState
                                                         85,    // WriteShareGroupState
                                                         86,    // DeleteShareGroupState
                                                         87});  // ReadShareGroupStateSummary
    for (const ApiInfo& info : kApiTable) {
        CAPTURE(info.name);
        CHECK(info.cluster_action ==
              (std::ranges::count(kClusterActions, static_cast<int>(info.key)) == 1));
    }
}

TEST_CASE("api table: the APIs that read a log wait for earlier writes", "[schema][table]") {
    constexpr std::array kWrites{ApiKey::produce, ApiKey::offset_commit, ApiKey::offset_delete};
    constexpr std::array kReads{ApiKey::fetch, ApiKey::list_offsets,
                                ApiKey::offset_for_leader_epoch, ApiKey::offset_fetch};
    for (const ApiInfo& info : kApiTable) {
        CAPTURE(info.name);
        CHECK(info.writes == (std::ranges::count(kWrites, info.key) == 1));
        CHECK(info.after_writes == (std::ranges::count(kReads, info.key) == 1));
    }
}

TEST_CASE("api table: the APIs that only hw sees are those with keys of Highwater's own",
          "[schema][table]") {
    constexpr auto kFirstOwn = static_cast<ApiKey>(10000);
    for (const ApiInfo& info : kApiTable) {
        CAPTURE(info.name);
        CHECK(info.hw_only == (info.key >= kFirstOwn));
    }
}

TEST_CASE("api table: no API may use more than 16 bytes of memory per byte of its request",
          "[schema][table]") {
    STATIC_REQUIRE(std::ranges::all_of(kApiTable, [](const ApiInfo& info) {
        return info.memory_factor >= 1 && info.memory_factor <= 16;
    }));
}

}  // namespace
}  // namespace hw::schema
