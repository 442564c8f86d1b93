#include "tools/client/cluster_admin.h"

#include <array>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/schema/api/describe_quorum.h"
#include "test/support/scripted_broker.h"

namespace hw::client {
namespace {

using schema::DescribeQuorumResponse;
using wire::ErrorCode;

/// Whether a client of a broker that gives this answer to DescribeQuorum takes it as cut off.
bool is_cut_off(const ScriptedBroker::Script& script) {
    const ScriptedBroker broker(script);
    auto client = Client::connect({.servers = {broker.address()}, .timeout = Milliseconds(50)});
    REQUIRE(client);
    return may_be_cut_off(*client);
}

std::string refused(const ScriptedRequest& request, ErrorCode error) {
    DescribeQuorumResponse response;
    response.error_code = error;
    return request.answer(response);
}

TEST_CASE("cut off: a broker is not while the leader of the quorum answers it", "[client]") {
    CHECK_FALSE(is_cut_off([](const ScriptedRequest& request, const config::Address&) {
        const std::array partitions{
            DescribeQuorumResponse::Partition{.partition_index = PartitionIndex(0),
                                              .error_code = ErrorCode::none,
                                              .leader_id = BrokerId(1)}};
        const std::array topics{DescribeQuorumResponse::Topic{.topic_name = "__cluster_metadata",
                                                              .partitions = partitions}};
        DescribeQuorumResponse response;
        response.topics = topics;
        return request.answer(response);
    }));
}

TEST_CASE("cut off: a broker may be if it gets no answer from a controller", "[client]") {
    CHECK(is_cut_off([](const ScriptedRequest&, const config::Address&) { return ""; }));
    const auto code = GENERATE(ErrorCode::request_timed_out, ErrorCode::not_controller);
    CHECK(is_cut_off([code](const ScriptedRequest& request, const config::Address&) {
        return refused(request, code);
    }));
}

TEST_CASE("cut off: nothing is said of a broker that does not tell its controller", "[client]") {
    CHECK_FALSE(is_cut_off([](const ScriptedRequest& request, const config::Address&) {
        return refused(request, ErrorCode::cluster_authorization_failed);
    }));
}

}  // namespace
}  // namespace hw::client
