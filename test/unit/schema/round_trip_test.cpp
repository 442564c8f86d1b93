#include <memory>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"
#include "protocol/schema/random.h"
#include "test/unit/schema/support.h"

namespace hw::schema {
namespace {

using namespace testing;

constexpr int kInstances = 40;
constexpr std::uint64_t kSeed = 20;

/// A message of its own allocation, so that a sanitizer sees a read behind its end.
struct Exact {
    explicit Exact(std::string_view from) : memory(new char[from.size()]), size(from.size()) {
        from.copy(memory.get(), size);
    }
    [[nodiscard]] std::string_view view() const { return {memory.get(), size}; }

    std::unique_ptr<char[]> memory;
    std::size_t size;
};

template <class Message>
void check_round_trip(Random& random, ApiVersion version) {
    Arena arena(kAmple);
    Message sent;
    randomize(random, arena, version, sent);
    const std::string bytes = bytes_of(sent, version);
    const auto received = decode_all<Message>(bytes, version, arena);
    if (!received) {
        FAIL(received.error().message);
    }
    CHECK(text_of(*received, version) == text_of(sent, version));
    CHECK(bytes_of(*received, version) == bytes);
}

TEST_CASE("schema: every version of every message decodes to what was encoded",
          "[schema][round-trip]") {
    Random random(kSeed);
    for_each_message([&]<class Message>() {
        for_each_version<Message>([&](ApiVersion version) {
            for (int i = 0; i < kInstances; ++i) {
                check_round_trip<Message>(random, version);
            }
        });
    });
}

template <class Message>
void check_every_cut(const std::string& bytes, ApiVersion version) {
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        const Exact part(std::string_view(bytes).substr(0, cut));
        Arena arena(kAmple);
        if (decode_all<Message>(part.view(), version, arena)) {
            FAIL("cut at byte " << cut << " of " << bytes.size() << " is accepted");
        }
    }
}

TEST_CASE("schema: every message cut at every byte is refused", "[schema][cut]") {
    Random random(kSeed);
    for_each_message([&]<class Message>() {
        for_each_version<Message>([&](ApiVersion version) {
            Arena arena(kAmple);
            Message sent;
            randomize(random, arena, version, sent);
            const std::string bytes = bytes_of(sent, version);
            check_every_cut<Message>(bytes.substr(0, 3000), version);
        });
    });
}

TEST_CASE("schema: bytes that are no message do no harm", "[schema][cut]") {
    Random random(kSeed);
    for_each_message([&]<class Message>() {
        for_each_version<Message>([&](ApiVersion version) {
            std::string noise(200, '\0');
            for (int i = 0; i < kInstances; ++i) {
                for (char& c : noise) {
                    c = random.chance(2, 3) ? '\0' : static_cast<char>(random.below(256));
                }
                const Exact bytes(noise);
                Arena arena(kAmple);
                static_cast<void>(decode_all<Message>(bytes.view(), version, arena));
            }
        });
    });
}

TEST_CASE("schema: a version that the message does not have is refused", "[schema]") {
    for_each_message([&]<class Message>() {
        Arena arena(kAmple);
        const Message message;
        for (const int outside :
             {Message::kVersions.low.value() - 1, Message::kVersions.high.value() + 1}) {
            const ApiVersion version(static_cast<std::int16_t>(outside));
            CHECK_FALSE(measure(message, version));
            CHECK_FALSE(decode_all<Message>(std::string(100, '\0'), version, arena));
        }
    });
}

}  // namespace
}  // namespace hw::schema
