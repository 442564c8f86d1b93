#include <catch2/catch.hpp>

#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/find_coordinator.h"
#include "protocol/schema/api/header.h"
#include "protocol/schema/api/init_producer_id.h"
#include "protocol/schema/api/list_offsets.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "protocol/schema/api_table.h"
#include "test/unit/schema/support.h"

namespace hw::schema {
namespace {

using testing::bytes_of;
using testing::kAmple;
using testing::text_of;

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

/// A request as a client sent it, without its size.
struct Frame {
    std::string_view hex;
    std::string_view header;
    std::string_view body;
};

template <class Request>
void check_frame(const Frame& frame) {
    INFO(frame.body);
    const std::string bytes = from_hex(frame.hex);
    Arena arena(kAmple);
    const ApiVersion version(load_big_endian<std::int16_t>(as_bytes(bytes).data() + 2));
    const ApiVersion header_version = find_api(Request::kKey)->request_header_version(version);
    wire::Reader reader(as_bytes(bytes), arena);
    RequestHeader header;
    decode(reader, header_version, header);
    Request request;
    decode(reader, version, request);
    REQUIRE(reader.finish());
    CHECK(header.request_api_key == Request::kKey);
    CHECK(text_of(header, header_version) == frame.header);
    CHECK(text_of(request, version) == frame.body);
    CHECK(bytes_of(header, header_version) + bytes_of(request, version) == bytes);
}

TEST_CASE("schema: requests of librdkafka 2.0.2 are decoded, and encoded again byte for byte",
          "[schema][golden]") {
    check_frame<ApiVersionsRequest>(
        {"0012000300000001000772646b61666b61000b6c696272646b61666b6106322e302e3200",
         R"({"requestApiKey":18,"requestApiVersion":3,"correlationId":1,"clientId":"rdkafka"})",
         R"({"clientSoftwareName":"librdkafka","clientSoftwareVersion":"2.0.2"})"});
    check_frame<MetadataRequest>(
        {"0003000400000002000772646b61666b610000000100017401",
         R"({"requestApiKey":3,"requestApiVersion":4,"correlationId":2,"clientId":"rdkafka"})",
         R"({"topics":[{"name":"t"}],"allowAutoTopicCreation":true})"});
    check_frame<ProduceRequest>(
        {"0000000700000003000772646b61666b61ffffffff00007530000000010001740000000100000000000000"
         "4900000000000000000000003d0000000002d32246e8000000000000000001a206ae4d34000001a206ae4d"
         "34ffffffffffffffffffffffffffff0000000116000000010a68656c6c6f00",
         R"({"requestApiKey":0,"requestApiVersion":7,"correlationId":3,"clientId":"rdkafka"})",
         R"({"transactionalId":null,"acks":-1,"timeoutMs":30000,"topicData":[{"name":"t",)"
         R"("partitionData":[{"index":0,"recordsSizeInBytes":73}]}]})"});
    check_frame<FetchRequest>(
        {"0001000b00000005000772646b61666b61ffffffff000001f400000001032000000100000000ffffffff00"
         "0000010001740000000100000000ffffffff0000000000000000ffffffffffffffff001000000000000000"
         "00",
         R"({"requestApiKey":1,"requestApiVersion":11,"correlationId":5,"clientId":"rdkafka"})",
         R"({"replicaId":-1,"maxWaitMs":500,"minBytes":1,"maxBytes":52428800,"isolationLevel":1,)"
         R"("sessionId":0,"sessionEpoch":-1,"topics":[{"topic":"t","partitions":[{"partition":0,)"
         R"("currentLeaderEpoch":-1,"fetchOffset":0,"logStartOffset":-1,)"
         R"("partitionMaxBytes":1048576}]}],"forgottenTopicsData":[],"rackId":""})"});
    check_frame<ListOffsetsRequest>(
        {"0002000200000004000772646b61666b61ffffffff01000000010001740000000100000000fffffffffffff"
         "ffe",
         R"({"requestApiKey":2,"requestApiVersion":2,"correlationId":4,"clientId":"rdkafka"})",
         R"({"replicaId":-1,"isolationLevel":1,"topics":[{"name":"t","partitions":)"
         R"([{"partitionIndex":0,"timestamp":-2}]}]})"});
    check_frame<FindCoordinatorRequest>(
        {"000a000200000003000772646b61666b6100016700",
         R"({"requestApiKey":10,"requestApiVersion":2,"correlationId":3,"clientId":"rdkafka"})",
         R"({"key":"g","keyType":0})"});
    check_frame<InitProducerIdRequest>(
        {"001600040000000300046964656d0000ffffffffffffffffffffffffffff00",
         R"({"requestApiKey":22,"requestApiVersion":4,"correlationId":3,"clientId":"idem"})",
         R"({"transactionalId":null,"transactionTimeoutMs":-1,"producerId":-1,)"
         R"("producerEpoch":-1})"});
}

TEST_CASE("schema: requests of kafka-python 2.0.2 are decoded, and encoded again byte for byte",
          "[schema][golden]") {
    check_frame<ApiVersionsRequest>(
        {"001200000000000100027079",
         R"({"requestApiKey":18,"requestApiVersion":0,"correlationId":1,"clientId":"py"})", "{}"});
    check_frame<MetadataRequest>(
        {"00030000000000020002707900000000",
         R"({"requestApiKey":3,"requestApiVersion":0,"correlationId":2,"clientId":"py"})",
         R"({"topics":[]})"});
    check_frame<MetadataRequest>(
        {"000300010000000300027079ffffffff",
         R"({"requestApiKey":3,"requestApiVersion":1,"correlationId":3,"clientId":"py"})",
         R"({"topics":null})"});
    check_frame<CreateTopicsRequest>(
        {"0013000300000003000270790000000100036e65770000000300010000000000000001000c726574656e74"
         "696f6e2e6d73000431303030000005dc00",
         R"({"requestApiKey":19,"requestApiVersion":3,"correlationId":3,"clientId":"py"})",
         R"({"topics":[{"name":"new","numPartitions":3,"replicationFactor":1,"assignments":[],)"
         R"("configs":[{"name":"retention.ms","value":"1000"}]}],"timeoutMs":1500,)"
         R"("validateOnly":false})"});
    check_frame<FetchRequest>(
        {"000100040000000200027079ffffffff000001f40000000103200000000000000100017400000001000000"
         "00000000000000000000100000",
         R"({"requestApiKey":1,"requestApiVersion":4,"correlationId":2,"clientId":"py"})",
         R"({"replicaId":-1,"maxWaitMs":500,"minBytes":1,"maxBytes":52428800,"isolationLevel":0,)"
         R"("topics":[{"topic":"t","partitions":[{"partition":0,"fetchOffset":0,)"
         R"("partitionMaxBytes":1048576}]}]})"});
}

}  // namespace
}  // namespace hw::schema
