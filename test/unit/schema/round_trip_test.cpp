#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/random.h"
#include "test/unit/schema/sample/random.h"
#include "test/unit/schema/support.h"

namespace hw::schema {
namespace {

using testing::any_message;
using testing::AnyMessage;
using testing::for_each_version;
using testing::Forms;

constexpr int kInstances = 40;
constexpr std::uint64_t kSeed = 20;

/// Bytes in an allocation of exactly their size, so that a sanitizer reports a read past the end.
class Exact {
public:
    explicit Exact(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
    [[nodiscard]] std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

private:
    std::vector<char> bytes_;
};

std::string noise(Random& random) {
    std::string bytes(200, '\0');
    for (char& c : bytes) {
        c = random.chance(2, 3) ? '\0' : static_cast<char>(random.below(256));
    }
    return bytes;
}

/// The project's messages and those of the sample schema.
std::vector<AnyMessage> all_messages() {
    std::vector<AnyMessage> all;
    for_each_message([&]<class Message>() { all.push_back(any_message<Message>()); });
    sample::for_each_message([&]<class Message>() { all.push_back(any_message<Message>()); });
    return all;
}

TEST_CASE("schema: every version of every message decodes to what was encoded",
          "[schema][round-trip]") {
    Random random(kSeed);
    for (const AnyMessage& message : all_messages()) {
        for_each_version(message, [&](ApiVersion version) {
            INFO(message.name << " version " << version.value() << " seed " << kSeed);
            for (int i = 0; i < kInstances; ++i) {
                const Forms sent = message.make(random, version);
                const Result<Forms> received = message.decode(sent.bytes, version);
                REQUIRE(received);
                CHECK(received->text == sent.text);
                CHECK(received->bytes == sent.bytes);
            }
        });
    }
}

TEST_CASE("schema: every message cut at every byte is refused", "[schema][cut]") {
    Random random(kSeed);
    for (const AnyMessage& message : all_messages()) {
        for_each_version(message, [&](ApiVersion version) {
            INFO(message.name << " version " << version.value() << " seed " << kSeed);
            const std::string bytes = message.make(random, version).bytes;
            const std::size_t cuts = std::min<std::size_t>(bytes.size(), 3000);
            std::size_t refused = 0;
            for (std::size_t cut = 0; cut < cuts; ++cut) {
                const Exact part(std::string_view(bytes).substr(0, cut));
                refused += message.decode(part.view(), version) ? 0 : 1;
            }
            CHECK(refused == cuts);
        });
    }
}

TEST_CASE("schema: random bytes are decoded or refused without harm", "[schema][cut]") {
    Random random(kSeed);
    for (const AnyMessage& message : all_messages()) {
        for_each_version(message, [&](ApiVersion version) {
            INFO(message.name << " version " << version.value() << " seed " << kSeed);
            for (int i = 0; i < kInstances; ++i) {
                const Exact bytes(noise(random));
                const Result<Forms> received = message.decode(bytes.view(), version);
                CHECK((received || !received.error().message.empty()));
            }
        });
    }
}

TEST_CASE("schema: a version that the message does not have is refused", "[schema]") {
    for (const AnyMessage& message : all_messages()) {
        for (const int outside :
             {message.versions.low.value() - 1, message.versions.high.value() + 1}) {
            const ApiVersion version(static_cast<std::int16_t>(outside));
            CHECK_FALSE(message.decode(std::string(100, '\0'), version));
        }
    }
}

}  // namespace
}  // namespace hw::schema
