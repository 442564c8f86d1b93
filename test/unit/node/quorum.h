#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/node/cluster.h"

namespace hw::broker {

/// Three nodes, each controller and broker, formatted.
struct Quorum : Cluster {
    explicit Quorum(std::uint64_t seed, const std::vector<std::string>& further = {})
        : Cluster(seed, {voter_settings(kFirst, "broker,controller"),
                         voter_settings(kSecond, "broker,controller"),
                         voter_settings(kThird, "broker,controller")}) {
        for (std::vector<std::string>& with : settings) {
            with.insert(with.end(), further.begin(), further.end());
        }
        for (const BrokerId id : kAll) {
            format(id);
        }
    }

    /// The node that leads the quorum, as clients of `at` see it.
    BrokerId leader(BrokerId at) {
        (void)node(at).ask_topics();
        return node(at).controller;
    }
    /// Waits until clients of `at` see a leader of the quorum other than `old`.
    BrokerId wait_leader(BrokerId at, BrokerId old = kNoBroker) {
        BrokerId found = kNoBroker;
        REQUIRE(world.run_until([&] {
            found = leader(at);
            return found != kNoBroker && found != old;
        }));
        return found;
    }
    /// The names of the topics that clients of `at` see.
    std::set<std::string> topics(BrokerId at) {
        std::set<std::string> names;
        for (const std::string& text : node(at).ask_topics()) {
            names.insert(text.substr(0, text.find(' ')));
        }
        return names;
    }
    /// Waits until clients of all nodes see these topics.
    void wait_topics(const std::set<std::string>& wanted) {
        for (const BrokerId id : kAll) {
            REQUIRE(world.run_until([&] { return std::ranges::includes(topics(id), wanted); }));
        }
    }
    /// A node that is not `id`.
    static BrokerId other_than(BrokerId id) { return id == kFirst ? kSecond : kFirst; }
};

}  // namespace hw::broker
