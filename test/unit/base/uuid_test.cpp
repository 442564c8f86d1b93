#include "protocol/base/uuid.h"

#include <catch2/catch.hpp>

#include "protocol/base/entropy.h"
#include "protocol/base/random.h"

namespace hw {
namespace {

class SeededEntropy : public Entropy {
public:
    void fill(MutableBytes into) override {
        for (std::byte& byte : into) {
            byte = static_cast<std::byte>(random_.next());
        }
    }

private:
    Random random_{7};
};

TEST_CASE("uuid: text is unpadded base64url of the big-endian bytes", "[base][uuid]") {
    CHECK(to_string(Uuid{}) == "AAAAAAAAAAAAAAAAAAAAAA");
    CHECK(to_string(Uuid{0, 1}) == "AAAAAAAAAAAAAAAAAAAAAQ");
    const auto parsed = parse_uuid("Z5v_pU9RS7OechVgp5_CGg");
    REQUIRE(parsed);
    CHECK(to_string(*parsed) == "Z5v_pU9RS7OechVgp5_CGg");
    CHECK(parsed->high == 0x679bffa54f514bb3);
    CHECK(parsed->low == 0x9e721560a79fc21a);
}

TEST_CASE("uuid: text of the wrong length or alphabet is refused with the reason", "[base][uuid]") {
    const auto shorter = parse_uuid("AAAA");
    REQUIRE_FALSE(shorter);
    CHECK(shorter.error().message == "an id has 22 base64url characters, but 'AAAA' has 4");
    const auto foreign = parse_uuid("AAAAAAAAAAAAAAAAAAAAA+");
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().kind == ErrorKind::invalid);
}

TEST_CASE("uuid: random uuids have version 4, differ, and never start with a dash",
          "[base][uuid]") {
    SeededEntropy entropy;
    Uuid previous;
    for (int i = 0; i < 1000; ++i) {
        const Uuid uuid = random_uuid(entropy);
        CHECK(((uuid.high >> 12) & 0xF) == 4);
        CHECK((uuid.low >> 62) == 2);
        CHECK(to_string(uuid).front() != '-');
        CHECK(uuid != previous);
        previous = uuid;
    }
}

}  // namespace
}  // namespace hw
