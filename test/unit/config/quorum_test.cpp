#include "config/quorum.h"

#include <catch2/catch.hpp>

#include "test/unit/config/support.h"

namespace hw::config {
namespace {

QuorumConfig quorum_of(const std::string& text) {
    const LoadedConfig loaded = load(text);
    CHECK(loaded.problems.errors == Sentences{});
    REQUIRE(loaded.config);
    return loaded.config->quorum;
}

TEST_CASE("quorum: a controller without voters and bootstrap servers is the only voter",
          "[config][quorum]") {
    const QuorumConfig quorum = quorum_of(
        "node.id=4\nadvertised.listeners=PLAINTEXT://a:1,"
        "CONTROLLER://b:2");
    CHECK(quorum.voters == std::vector<Voter>{{BrokerId(4), {"b", 2}}});
    CHECK(quorum.bootstrap_servers.empty());
}

TEST_CASE("quorum: voters are ID@HOST:PORT", "[config][quorum]") {
    const QuorumConfig quorum =
        quorum_of("node.id=2\ncontroller.quorum.voters=1@a:9093, 2@[::1]:9093");
    CHECK(quorum.voters ==
          std::vector<Voter>{{BrokerId(1), {"a", 9093}}, {BrokerId(2), {"::1", 9093}}});
}

TEST_CASE("quorum: bootstrap servers are HOST:PORT, and leave the voters empty",
          "[config][quorum]") {
    const QuorumConfig quorum =
        quorum_of("node.id=1\ncontroller.quorum.bootstrap.servers=a:9093,b:9094");
    CHECK(quorum.voters.empty());
    CHECK(quorum.bootstrap_servers == std::vector<Address>{{"a", 9093}, {"b", 9094}});
}

TEST_CASE("quorum: voters and bootstrap servers may both be given", "[config][quorum]") {
    const QuorumConfig quorum = quorum_of(
        "node.id=1\ncontroller.quorum.voters=1@a:9093\n"
        "controller.quorum.bootstrap.servers=a:9093");
    CHECK(quorum.voters.size() == 1);
    CHECK(quorum.bootstrap_servers.size() == 1);
}

TEST_CASE("quorum: the error for an invalid voter names it and the reason", "[config][quorum]") {
    const std::string id = "does not begin with a node id from 0 to 2147483647 and @";
    const std::pair<std::string, std::string> broken[] = {
        {"a:9093", id},
        {"x@a:9093", id},
        {"-1@a:9093", id},
        {"@a:9093", id},
        {"2147483648@a:9093", id},
        {"1@:9093", "has no host, or port 0"},
        {"1@a:0", "has no host, or port 0"},
        {"1@a", "has no port after a colon"},
    };
    for (const auto& [voter, why] : broken) {
        CHECK(errors_of("node.id=1\ncontroller.quorum.voters=" + voter) ==
              Sentences{"test.properties:2: controller.quorum.voters=" + voter + " is wrong: '" +
                        voter + "' " + why + "; write for example 1@controller-1:9093"});
    }
    CHECK(errors_of("node.id=1\ncontroller.quorum.voters=1@a:1,1@b:1") ==
          Sentences{"test.properties:2: controller.quorum.voters=1@a:1,1@b:1 names node 1 twice; "
                    "keep one of them"});
}

TEST_CASE("quorum: the error for an invalid bootstrap server names it and the reason",
          "[config][quorum]") {
    CHECK(errors_of("node.id=1\ncontroller.quorum.bootstrap.servers=a") ==
          Sentences{"test.properties:2: controller.quorum.bootstrap.servers=a is wrong: 'a' has no "
                    "port after a colon; write for example controller-1:9093"});
}

TEST_CASE("quorum: a controller must be a voter, and a node that is only a broker must not",
          "[config][quorum]") {
    CHECK(errors_of("node.id=2\ncontroller.quorum.voters=1@a:9093") ==
          Sentences{"test.properties:2: controller.quorum.voters=1@a:9093 does not name node.id 2, "
                    "but process.roles makes this node a controller; add it, or remove that "
                    "role"});
    CHECK(errors_of("node.id=1\nprocess.roles=broker\ncontroller.quorum.voters=1@a:9093") ==
          Sentences{"test.properties:3: controller.quorum.voters=1@a:9093 names node.id 1, but "
                    "process.roles makes this node only a broker; give it another id, or the role "
                    "controller"});
}

TEST_CASE("quorum: a node that is only a broker needs voters or bootstrap servers",
          "[config][quorum]") {
    CHECK(errors_of("node.id=1\nprocess.roles=broker") ==
          Sentences{"controller.quorum.bootstrap.servers is not set: it or "
                    "controller.quorum.voters must say where the controllers are, as process.roles "
                    "makes this node only a broker; write for example "
                    "controller.quorum.bootstrap.servers=controller-1:9093"});
}

}  // namespace
}  // namespace hw::config
