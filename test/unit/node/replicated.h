#pragma once

#include <array>
#include <set>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "test/unit/node/quorum.h"

namespace hw::broker {

inline const std::set<BrokerId> kAllNodes{kFirst, kSecond, kThird};

/// Three nodes, each controller and broker, and topic "t" with a partition on all of them.
struct Replicated : Quorum {
    explicit Replicated(std::uint64_t seed, std::string min_isr = "2") : Quorum(seed) {
        start_all();
        wait_leader(kFirst);
        create("t", std::move(min_isr));
        wait_in_sync(kFirst, kAllNodes);
    }
    /// Creates a topic with one partition on all nodes.
    void create(const std::string& topic, std::string min_isr) {
        Member& member = node(kFirst);
        member.created.reset();
        member.control.spawn(create_topic(member, topic, std::move(min_isr)));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        INFO(member.create_message);
        REQUIRE(*member.created == wire::ErrorCode::none);
    }
    static Task<> create_topic(Member& member, std::string topic, std::string min_isr) {
        const std::array configs{schema::CreateTopicsRequest::Config{
            .name = "min.insync.replicas", .value = std::string_view(min_isr)}};
        const std::array topics{schema::CreateTopicsRequest::Topic{
            .name = topic, .num_partitions = 1, .replication_factor = 3, .configs = configs}};
        schema::CreateTopicsRequest request;
        request.topics = topics;
        request.timeout_ms = Millis(10'000);
        co_await member.send(request);
    }

    [[nodiscard]] bool runs(BrokerId id) {
        return nodes[static_cast<std::size_t>(id.value() - 1)] != nullptr;
    }
    /// The leader of the partition, as clients of `at` see it.
    BrokerId partition_leader(BrokerId at, const std::string& topic = "t") {
        node(at).asked = false;
        node(at).control.spawn(node(at).ask());
        // A node without a session does not answer.
        world.run_for(std::chrono::milliseconds(20));
        return node(at).asked && node(at).led_by.contains(topic) ? node(at).led_by[topic]
                                                                 : kNoBroker;
    }
    void wait_in_sync(BrokerId at, const std::set<BrokerId>& wanted) {
        REQUIRE(world.run_until([&] {
            (void)node(at).ask_topics();
            return node(at).in_sync["t"] == wanted;
        }));
    }
    /// Waits until clients of `at` see a leader other than `old`.
    BrokerId wait_partition_leader(BrokerId at, BrokerId old, const std::string& topic = "t") {
        BrokerId found = kNoBroker;
        REQUIRE(world.run_until([&] {
            found = partition_leader(at, topic);
            return found != kNoBroker && found != old;
        }));
        return found;
    }
    /// Sends a record to `leader` with acks=all; whether it was acknowledged within `limit`.
    bool send(BrokerId leader, const std::string& value, Duration limit = std::chrono::seconds(15),
              const std::string& topic = "t") {
        Member& member = node(leader);
        member.produced.reset();
        member.control.spawn(member.produce(topic, -1, kNoProducerId, value));
        const TimePoint end = world.scheduler.now() + limit;
        world.scheduler.run_until([&] { return member.produced.has_value(); }, end);
        return member.produced == wire::ErrorCode::none;
    }
    std::string log_of(BrokerId id) {
        return disks[static_cast<std::size_t>(id.value() - 1)]->contents(
            "/data/t-0/00000000000000000000.log");
    }
    /// Waits until the logs of all nodes are the same bytes.
    void wait_same_logs() {
        REQUIRE(world.run_until([&] {
            world.run_for(std::chrono::milliseconds(10));
            return log_of(kFirst) == log_of(kSecond) && log_of(kSecond) == log_of(kThird);
        }));
    }
};

}  // namespace hw::broker
