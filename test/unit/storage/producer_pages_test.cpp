#include "storage/producer_pages.h"

#include <map>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"

namespace hw::storage {
namespace {

ProducerEntry entry_used_at(std::int64_t time) {
    ProducerEntry entry;
    entry.last_used = Timestamp(time);
    return entry;
}

void fill(ProducerPages& pages, std::int64_t from, std::int64_t count) {
    for (std::int64_t id = from; id < from + count; ++id) {
        pages.entry(ProducerId(id)) = entry_used_at(id);
    }
}

std::vector<ProducerSlot> entries_of(const ProducerView& view) {
    std::vector<ProducerSlot> entries;
    view.for_each([&](const ProducerSlot& slot) { entries.push_back(slot); });
    return entries;
}

/// Expires producers in all pages. Returns the number of pages visited.
int expire_all(ProducerPages& pages, std::int64_t idle_since, std::int64_t now = INT64_MAX) {
    int steps = 0;
    std::optional<ProducerId> next = kMinProducerId;
    while (next) {
        next = pages.expire_page(*next, Timestamp(idle_since), Timestamp(now));
        ++steps;
    }
    return steps;
}

TEST_CASE("producer pages: they hold the same entries as a map, in the same order",
          "[storage][producer]") {
    constexpr std::uint64_t kSeed = 20261128;
    INFO("seed " << kSeed);
    Random random(kSeed);
    ProducerPages pages;
    std::map<ProducerId, ProducerEntry> model;
    std::vector<std::pair<ProducerView, std::vector<ProducerSlot>>> views;
    const auto slots_of_model = [&model] {
        std::vector<ProducerSlot> slots;
        for (const auto& [id, entry] : model) {
            slots.push_back({id, entry});
        }
        return slots;
    };
    for (int step = 0; step < 40'000; ++step) {
        // Ids close together and far apart, below zero too.
        const bool near = random.chance(1, 2);
        const ProducerId id(near ? random.between(0, 9000) : random.between(INT64_MIN, INT64_MAX));
        const auto entry = entry_used_at(step);
        pages.entry(id) = entry;
        model[id] = entry;
        if (step % 5000 == 4999) {
            views.emplace_back(pages.share(), slots_of_model());
        }
        if (step % 7000 == 6999) {
            expire_all(pages, step - 3000);
            std::erase_if(model, [step](const auto& each) {
                return each.second.last_used <= Timestamp(step - 3000);
            });
        }
    }
    REQUIRE(pages.size() == model.size());
    CHECK(pages.entries() == slots_of_model());
    for (const auto& [id, entry] : model) {
        const ProducerEntry* found = pages.find(id);
        REQUIRE(found != nullptr);
        CHECK(*found == entry);
    }
    CHECK(pages.find(ProducerId(-77)) == nullptr);
    for (const auto& [view, slots] : views) {
        CHECK(entries_of(view) == slots);
    }
    expire_all(pages, INT64_MAX);
    CHECK(pages.size() == 0);
    CHECK(pages.entries().empty());
    fill(pages, 5, 1);
    CHECK(pages.find(ProducerId(5)) != nullptr);
}

TEST_CASE("producer pages: a view of a million entries copies pointers, a later change one page",
          "[storage][producer]") {
    constexpr std::int64_t kEntries = 1'000'000;
    ProducerPages pages;
    fill(pages, 0, kEntries);
    CHECK(pages.copied().slots == 0);
    const ProducerView view = pages.share();
    CHECK(view.size() == kEntries);
    CHECK(pages.copied().slots == 0);
    CHECK(pages.copied().references <= 500);
    pages.entry(ProducerId(500'000)).last_used = Timestamp(-7);
    CHECK(pages.copied().slots <= ProducerPages::kLeafSlots);
    CHECK(pages.copied().references <= 500 + ProducerPages::kBranchLeaves);
    // Until the next view, a page that was copied once is changed in place.
    pages.entry(ProducerId(500'000)).last_used = Timestamp(-8);
    CHECK(pages.copied().slots <= ProducerPages::kLeafSlots);
    CHECK(entries_of(view)[500'000].entry.last_used == Timestamp(500'000));
}

TEST_CASE("producer pages: an append costs no more with a million entries, whatever the ids",
          "[storage][producer]") {
    constexpr std::uint64_t kSeed = 7;
    Random random(kSeed);
    ProducerPages pages;
    fill(pages, 0, 1'000'000);
    const auto before = pages.copied();
    // 10,000 appends, with a view in the middle of each hundred.
    for (int i = 0; i < 10'000; ++i) {
        if (i % 100 == 50) {
            static_cast<void>(pages.share());
        }
        const auto step_before = pages.copied();
        pages.entry(ProducerId(random.between(0, INT64_MAX))) = entry_used_at(i);
        CHECK(pages.copied().slots - step_before.slots <= ProducerPages::kLeafSlots);
        CHECK(pages.copied().references - step_before.references <= ProducerPages::kBranchLeaves);
    }
    CHECK(pages.copied().slots - before.slots <= 10'000 * ProducerPages::kLeafSlots);
}

TEST_CASE("producer pages: expiry visits one page a step, and keeps open transactions",
          "[storage][producer]") {
    ProducerPages pages;
    fill(pages, 0, 1000);
    pages.entry(ProducerId(10)).transaction_start = Offset(3);
    const std::size_t before = pages.size();
    static_cast<void>(pages.expire_page(kMinProducerId, Timestamp(499), Timestamp(1000)));
    CHECK(before - pages.size() <= ProducerPages::kLeafSlots);
    const int steps = expire_all(pages, 499, 1000);
    CHECK(steps <= 1000 / 32 + 1);
    CHECK(pages.size() == 501);
    CHECK(pages.find(ProducerId(10)) != nullptr);
    CHECK(pages.find(ProducerId(499)) == nullptr);
    CHECK(pages.find(ProducerId(500)) != nullptr);
}

TEST_CASE("producer pages: a last use in the future is set to now, so that the producer can expire",
          "[storage][producer]") {
    ProducerPages pages;
    pages.entry(ProducerId(1)) = entry_used_at(INT64_MAX);
    expire_all(pages, 0, 100);
    CHECK(pages.find(ProducerId(1))->last_used == Timestamp(100));
    expire_all(pages, 100, 200);
    CHECK(pages.size() == 0);
}

TEST_CASE("producer pages: an unknown last use counts from the next pass on",
          "[storage][producer]") {
    ProducerPages pages;
    pages.entry(ProducerId(1)) = entry_used_at(kNoTimestamp.value());
    pages.entry(ProducerId(1)).last_timestamp = Timestamp(5);
    expire_all(pages, 50, 100);
    REQUIRE(pages.find(ProducerId(1)) != nullptr);
    expire_all(pages, 99, 150);
    CHECK(pages.size() == 1);
    expire_all(pages, 100, 200);
    CHECK(pages.size() == 0);
}

TEST_CASE("producer pages: a copy does not share its entries", "[storage][producer]") {
    ProducerPages pages;
    fill(pages, 0, 100);
    ProducerPages copy = pages;
    pages.entry(ProducerId(4)).last_used = Timestamp(-9);
    CHECK(copy.find(ProducerId(4))->last_used == Timestamp(4));
    copy = pages;
    CHECK(copy == pages);
}

}  // namespace
}  // namespace hw::storage
