#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/base/random.h"
#include "test/unit/groups/consumer_world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;

/// A client of a consumer group. It gives up a partition some heartbeats after it was told to.
struct Client {
    std::string id;
    std::optional<std::string> instance = {};
    std::int32_t epoch = 0;
    Assignment owned = {};
    Assignment wanted = {};
    bool says_all = false;  ///< after an answer that was lost
    bool is_silent = false;
};

/// Clients that come, go, lose answers and fall silent, against the group machine.
struct RandomGroup {
    explicit RandomGroup(std::uint64_t seed) : random(seed) { consumers.set_topic("a", 4); }

    void step() {
        const auto roll = random.below(100);
        if (roll < 8 && clients.size() < 6) {
            join();
        } else if (roll < 11 && !clients.empty()) {
            leave(pick());
        } else if (roll < 13 && !clients.empty()) {
            pick().is_silent = true;
        } else if (roll < 15) {
            consumers.set_topic("a", static_cast<std::int32_t>(1 + random.below(8)));
        } else if (roll < 17) {
            reload();
        } else if (!clients.empty()) {
            beat(pick());
        }
        consumers.pass(std::chrono::milliseconds(random.below(2000)));
        while (!consumers.questions.empty()) {
            consumers.answer_question();
        }
        forget_removed();
        check_owners();
    }
    Client& pick() { return clients[random.below(clients.size())]; }
    void join() {
        const std::optional<std::string> instance =
            random.below(3) == 0 ? std::optional(fmt::format("i{}", random.below(3)))
                                 : std::nullopt;
        clients.push_back({.id = fmt::format("m{}", ++ids), .instance = instance});
        beat(clients.back());
    }
    void leave(Client& client) {
        const std::int32_t epoch =
            client.instance && random.below(2) == 0 ? kAwayEpoch : kLeaveEpoch;
        consumers.beat(client.id, epoch, {.instance = client.instance});
        remove(client);
    }
    void remove(Client& client) {
        const std::string id = client.id;  // `client` is one of them
        std::erase_if(clients, [&](const Client& one) { return one.id == id; });
    }
    void beat(Client& client) {
        if (client.is_silent) {
            return;
        }
        if (random.below(3) > 0) {
            client.owned = intersection(client.owned, client.wanted);
        }
        Said said{.instance = client.instance, .topics = {}, .owned = client.owned};
        if (client.epoch == 0 || client.says_all) {
            said.topics = {{"a"}};
            said.rebalance = kRebalance;
        }
        const ConsumerAnswer answer = consumers.beat(client.id, client.epoch, said);
        if (random.below(10) == 0 && client.epoch > 0) {
            client.says_all = true;
            return;  // the answer is lost
        }
        if (answer.code != ErrorCode::none) {
            // It gives up all, and joins as a new member.
            remove(client);
            return;
        }
        client.says_all = false;
        client.epoch = answer.epoch;
        if (answer.assignment) {
            client.wanted = *answer.assignment;
        }
        // What it need not wait for it takes at once.
        client.owned = intersection(client.owned, client.wanted).empty() && client.owned.empty()
                           ? client.wanted
                           : grown(client);
    }
    /// It takes new partitions when it has given up the old ones.
    static Assignment grown(const Client& client) {
        return difference(client.owned, client.wanted).empty() ? client.wanted : client.owned;
    }
    /// A silent client's session has ended; it knows that itself.
    void forget_removed() {
        const Group* const group = consumers.machine.find("g");
        std::erase_if(clients, [&](const Client& client) {
            return client.is_silent && (group == nullptr || group->consumer == nullptr ||
                                        !group->consumer->members().contains(client.id));
        });
    }
    /// Another coordinator loads the log.
    void reload() {
        GroupMachine loaded(consumers.options(100));
        for (const auto& record : consumers.log) {
            REQUIRE(loaded.apply(record.key(), record.value()).has_value());
        }
        const Group* const before = consumers.machine.find("g");
        const Group* const after = loaded.find("g");
        REQUIRE((before == nullptr) == (after == nullptr));
        if (before == nullptr || before->consumer == nullptr) {
            return;
        }
        CHECK(after->consumer->epoch() == before->consumer->epoch());
        CHECK(after->consumer->target_epoch() == before->consumer->target_epoch());
        CHECK(after->consumer->state() == before->consumer->state());
        CHECK(after->consumer->bytes() == before->consumer->bytes());
        REQUIRE(after->consumer->members().size() == before->consumer->members().size());
        for (const auto& [id, member] : before->consumer->members()) {
            const ConsumerMember& same = after->consumer->members().at(id);
            CHECK(same.description == member.description);
            CHECK(same.position == member.position);
            CHECK(same.target == member.target);
        }
    }
    /// No two clients believe that they have the same partition.
    void check_owners() const {
        std::map<std::int32_t, std::string> owners;
        for (const Client& client : clients) {
            for (const AssignedTopic& topic : client.owned) {
                for (const PartitionIndex partition : topic.partitions) {
                    INFO("partition " << partition.value() << " of " << client.id << " and "
                                      << owners[partition.value()]);
                    CHECK(owners[partition.value()].empty());
                    owners[partition.value()] = client.id;
                }
            }
        }
    }
    /// Without faults the group becomes stable, and all partitions have an owner.
    void settle() {
        std::erase_if(clients, [&](Client& client) { return client.is_silent; });
        for (int i = 0; i < 200; ++i) {
            for (std::size_t k = 0; k < clients.size(); ++k) {
                beat(clients[k]);
            }
            while (!consumers.questions.empty()) {
                consumers.answer_question();
            }
            consumers.pass(kBusyInterval);
            check_owners();
        }
    }

    Random random;
    Consumers consumers;
    std::vector<Client> clients;
    int ids = 0;
};

TEST_CASE(
    "consumer group: whatever happens, a partition has one owner, and all have one in the end",
    "[groups]") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 120)));
    INFO("seed " << seed);
    RandomGroup group(seed);
    for (int i = 0; i < 300; ++i) {
        group.step();
    }
    group.settle();
    if (group.clients.empty()) {
        group.join();
        group.settle();
    }
    REQUIRE(group.consumers.group().state() == ConsumerState::stable);
    std::size_t owned = 0;
    for (const Client& client : group.clients) {
        owned += size_of(client.owned);
    }
    CHECK(owned == group.consumers.image->find_topic("a")->partitions.size());
}

}  // namespace
}  // namespace hw::broker
