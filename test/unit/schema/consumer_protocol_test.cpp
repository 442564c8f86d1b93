#include "protocol/schema/consumer_protocol.h"

#include <array>

#include <catch2/catch.hpp>

#include "protocol/schema/random.h"
#include "test/unit/schema/support.h"

namespace hw::schema {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;
using testing::kAmple;
using testing::text_of;

constexpr std::uint64_t kSeed = 14;

std::string wire_of(const Result<Buffer>& bytes) {
    REQUIRE(bytes);
    return std::string(as_text(bytes->view()));
}

std::string subscription_text(std::string_view bytes) {
    Arena arena(kAmple);
    const auto decoded = decode_subscription(as_bytes(bytes), arena);
    return decoded ? text_of(decoded->subscription, decoded->version) : decoded.error().message;
}

TEST_CASE("consumer protocol: each version of a subscription has its fields", "[schema]") {
    const std::array<std::string_view, 1> topics{"t"};
    ConsumerProtocolSubscription subscription{.topics = topics};
    CHECK(wire_of(encode_subscription(subscription, ApiVersion(0))) ==
          "\0\0\0\0\0\x01\0\x01t\xFF\xFF\xFF\xFF"s);
    const std::array partitions{PartitionIndex(5)};
    const std::array owned{
        ConsumerProtocolSubscription::TopicPartition{.topic = "t", .partitions = partitions}};
    subscription.owned_partitions = owned;
    subscription.generation_id = 7;
    subscription.rack_id = "r";
    const std::string bytes = wire_of(encode_subscription(subscription, ApiVersion(3)));
    CHECK(bytes ==
          "\0\x03\0\0\0\x01\0\x01t\xFF\xFF\xFF\xFF"
          "\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x05\0\0\0\x07\0\x01r"s);
    CHECK(subscription_text(bytes) ==
          R"({"topics":["t"],"userData":null,"ownedPartitions":[{"topic":"t","partitions":[5]}],)"
          R"("generationId":7,"rackId":"r"})");
    CHECK(subscription_text(wire_of(encode_subscription(subscription, ApiVersion(1)))) ==
          R"({"topics":["t"],"userData":null,"ownedPartitions":[{"topic":"t","partitions":[5]}]})");
}

TEST_CASE("consumer protocol: a later version is read as the highest known one", "[schema]") {
    Arena arena(kAmple);
    const std::string bytes = "\0\x09\0\0\0\0\xFF\xFF\xFF\xFF and what it has added"s;
    const auto decoded = decode_assignment(as_bytes(bytes), arena);
    REQUIRE(decoded);
    CHECK(decoded->version == ApiVersion(3));
    CHECK(text_of(decoded->assignment, decoded->version) ==
          R"({"assignedPartitions":[],"userData":null})");
}

TEST_CASE("consumer protocol: the error about bad bytes says what is wrong and where", "[schema]") {
    CHECK(subscription_text("\0"sv) ==
          "ConsumerProtocolSubscription version 0: the message ends inside a number (at byte 0 of "
          "1)");
    CHECK(subscription_text("\xFF\xFF"sv) == "ConsumerProtocolSubscription has version -1");
    CHECK(subscription_text("\0\x01\0\0\0\x01\0\x09t"sv) ==
          "ConsumerProtocolSubscription version 1: a length is larger than the rest of the message "
          "(at byte 8 of 9)");
}

TEST_CASE("consumer protocol: every version decodes to what was encoded, and no part of it does",
          "[schema][round-trip][cut]") {
    Random random(kSeed);
    for (std::int16_t v = 0; v <= 3; ++v) {
        INFO("version " << v << " seed " << kSeed);
        for (int i = 0; i < 20; ++i) {
            Arena arena(kAmple);
            ConsumerProtocolSubscription subscription;
            randomize(random, arena, ApiVersion(v), subscription);
            const std::string bytes = wire_of(encode_subscription(subscription, ApiVersion(v)));
            CHECK(subscription_text(bytes) == text_of(subscription, ApiVersion(v)));
            ConsumerProtocolAssignment assignment;
            randomize(random, arena, ApiVersion(v), assignment);
            const std::string other = wire_of(encode_assignment(assignment, ApiVersion(v)));
            const auto decoded = decode_assignment(as_bytes(other), arena);
            REQUIRE(decoded);
            CHECK(text_of(decoded->assignment, ApiVersion(v)) ==
                  text_of(assignment, ApiVersion(v)));
            for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
                CHECK_FALSE(decode_subscription(as_bytes(bytes).first(cut), arena));
            }
            for (std::size_t cut = 0; cut < other.size(); ++cut) {
                CHECK_FALSE(decode_assignment(as_bytes(other).first(cut), arena));
            }
        }
    }
}

}  // namespace
}  // namespace hw::schema
