#include "protocol/base/arena.h"

#include <cstdint>
#include <cstring>

#include <catch2/catch.hpp>

namespace hw {
namespace {

TEST_CASE("arena: the sum of all allocations stays within the budget", "[base][arena]") {
    Arena arena(100);
    CHECK(arena.allocate<std::byte>(60) != nullptr);
    CHECK(arena.allocate<std::byte>(41) == nullptr);
    CHECK(arena.allocate<std::byte>(40) != nullptr);
    CHECK(arena.allocate<std::byte>(1) == nullptr);
    CHECK(arena.used() == 100);
}

TEST_CASE("arena: a count whose size in bytes overflows is refused", "[base][arena]") {
    Arena arena(1 << 20);
    CHECK(arena.allocate<std::uint64_t>(SIZE_MAX / 2) == nullptr);
}

TEST_CASE("arena: lent memory is used first, and counts against the budget", "[base][arena]") {
    alignas(16) std::byte memory[64];
    const auto is_lent = [&memory](const void* place) {
        return place >= memory && place < memory + sizeof memory;
    };
    Arena arena(1000);
    arena.lend(MutableBytes(memory).subspan(1));
    auto* number = arena.allocate<std::uint64_t>(1);
    CHECK(is_lent(number));
    CHECK(reinterpret_cast<std::uintptr_t>(number) % alignof(std::uint64_t) == 0);
    CHECK_FALSE(is_lent(arena.allocate<std::byte>(60)));
    CHECK_FALSE(is_lent(arena.allocate<std::byte>(1)));
    CHECK(arena.used() == 69);
    arena.reset(1000);
    CHECK(arena.used() == 0);
    CHECK(arena.allocate<std::byte>(1) != nullptr);
}

/// Grants `left` bytes in total.
class Source final : public ArenaSource {
public:
    bool reserve(std::size_t bytes) override {
        if (bytes > left) {
            return false;
        }
        left -= bytes;
        return true;
    }

    std::size_t left = 2 * Arena::kFirstChunk;
};

TEST_CASE("arena: the source is asked before each chunk, but not for lent memory",
          "[base][arena]") {
    std::byte memory[64];
    Source source;
    Arena arena(1 << 20);
    arena.lend(memory);
    arena.draw_from(source);
    CHECK(arena.allocate<std::byte>(64) != nullptr);
    CHECK(source.left == 2 * Arena::kFirstChunk);
    CHECK(arena.allocate<std::byte>(100) != nullptr);
    CHECK(source.left == Arena::kFirstChunk);
    CHECK(arena.allocate<std::byte>(Arena::kFirstChunk) == nullptr);
    CHECK(arena.allocate<std::byte>(100) != nullptr);
    CHECK(arena.used() == 264);
}

TEST_CASE("arena: allocations are aligned and do not overlap", "[base][arena]") {
    Arena arena(1 << 20);
    std::uint64_t* numbers[200];
    for (std::uint64_t i = 0; i < 200; ++i) {
        REQUIRE(arena.allocate<char>(1 + i % 7) != nullptr);
        numbers[i] = arena.allocate<std::uint64_t>(1 + i);
        REQUIRE(numbers[i] != nullptr);
        CHECK(reinterpret_cast<std::uintptr_t>(numbers[i]) % alignof(std::uint64_t) == 0);
        for (std::uint64_t k = 0; k <= i; ++k) {
            numbers[i][k] = i;
        }
    }
    for (std::uint64_t i = 0; i < 200; ++i) {
        CHECK(numbers[i][0] == i);
        CHECK(numbers[i][i] == i);
    }
}

TEST_CASE("arena: a reset frees everything and sets a new budget", "[base][arena]") {
    Arena arena(10);
    REQUIRE(arena.allocate<char>(10) != nullptr);
    arena.reset(20);
    CHECK(arena.used() == 0);
    CHECK(arena.allocate<char>(20) != nullptr);
    CHECK(arena.allocate<char>(1) == nullptr);
}

TEST_CASE("arena: a copied text outlives its source", "[base][arena]") {
    Arena arena(64);
    char source[] = "topic";
    const std::string_view copy = arena.copy(source);
    std::memset(source, 'x', 5);
    CHECK(copy == "topic");
}

}  // namespace
}  // namespace hw
