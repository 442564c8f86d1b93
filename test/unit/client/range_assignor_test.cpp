#include "tools/client/range_assignor.h"

#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::client {
namespace {

using Assignment = std::map<std::string, std::vector<std::string>>;

Assignment assign(const std::vector<Subscriber>& members,
                  const std::map<std::string, std::int32_t>& partitions) {
    Assignment names;
    for (const auto& [member, assigned] : assign_ranges(members, partitions)) {
        auto& list = names[member];
        for (const PartitionName& partition : assigned) {
            list.push_back(to_string(partition));
        }
    }
    return names;
}

TEST_CASE("range: partitions are shared out evenly, and the first members get one more",
          "[client][group]") {
    const std::vector<Subscriber> two{{"b", {}, {"t"}}, {"a", {}, {"t"}}};
    CHECK(assign(two, {{"t", 3}}) == Assignment{{"a", {"t-0", "t-1"}}, {"b", {"t-2"}}});
    CHECK(assign(two, {{"t", 4}}) == Assignment{{"a", {"t-0", "t-1"}}, {"b", {"t-2", "t-3"}}});
    const std::vector<Subscriber> three{{"a", {}, {"t"}}, {"b", {}, {"t"}}, {"c", {}, {"t"}}};
    CHECK(assign(three, {{"t", 8}}) == Assignment{{"a", {"t-0", "t-1", "t-2"}},
                                                  {"b", {"t-3", "t-4", "t-5"}},
                                                  {"c", {"t-6", "t-7"}}});
}

TEST_CASE("range: a member without a partition has an empty entry", "[client][group]") {
    const std::vector<Subscriber> members{
        {"a", {}, {"t"}}, {"b", {}, {"t"}}, {"c", {}, {"absent"}}};
    CHECK(assign(members, {{"t", 1}}) == Assignment{{"a", {"t-0"}}, {"b", {}}, {"c", {}}});
}

TEST_CASE("range: each topic is shared out among the members that want it", "[client][group]") {
    const std::vector<Subscriber> members{{"a", {}, {"t"}}, {"b", {}, {"t", "u"}}};
    CHECK(assign(members, {{"t", 2}, {"u", 2}, {"v", 2}}) ==
          Assignment{{"a", {"t-0"}}, {"b", {"t-1", "u-0", "u-1"}}});
}

TEST_CASE("range: static members come first, by their instance ids", "[client][group]") {
    const std::vector<Subscriber> members{
        {"a", {}, {"t"}}, {"b", "two", {"t"}}, {"c", "one", {"t"}}};
    CHECK(assign(members, {{"t", 3}}) ==
          Assignment{{"a", {"t-2"}}, {"b", {"t-1"}}, {"c", {"t-0"}}});
}

}  // namespace
}  // namespace hw::client
