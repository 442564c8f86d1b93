#include "config/listeners.h"

#include <catch2/catch.hpp>

#include "test/unit/config/support.h"

namespace hw::config {
namespace {

using Addresses = std::vector<ListenerAddress>;

NetworkConfig network_of(const std::string& text) {
    const LoadedConfig loaded = load(text);
    CHECK(loaded.problems.errors == Sentences{});
    REQUIRE(loaded.config);
    return loaded.config->network;
}

const std::string kBrokerAlone =
    "process.roles=broker\nnode.id=2\ncontroller.quorum.voters=1@c:9093\n";
const std::string kControllerAlone = "process.roles=controller\n";

TEST_CASE("listeners: by default a node listens on Kafka's ports on every interface",
          "[config][listeners]") {
    const NetworkConfig network = network_of("");
    CHECK(network.listeners == Addresses{{"PLAINTEXT", {"", 9092}}, {"CONTROLLER", {"", 9093}}});
    CHECK(network.advertised == Addresses{{"PLAINTEXT", {"machine", 9092}}});
    CHECK(network.advertised_controllers == Addresses{{"CONTROLLER", {"machine", 9093}}});
    CHECK(network.controller_listener_names == Sentences{"CONTROLLER"});
    CHECK(network.inter_broker_listener_name == "PLAINTEXT");
}

TEST_CASE("listeners: by default a node has only the listeners of its roles",
          "[config][listeners]") {
    CHECK(network_of(kBrokerAlone).listeners == Addresses{{"PLAINTEXT", {"", 9092}}});
    const NetworkConfig controller = network_of(kControllerAlone);
    CHECK(controller.listeners == Addresses{{"CONTROLLER", {"", 9093}}});
    CHECK(controller.advertised.empty());
    CHECK(controller.inter_broker_listener_name.empty());
}

TEST_CASE("listeners: names become upper case, and hosts may be IPv6 addresses",
          "[config][listeners]") {
    const NetworkConfig network = network_of(
        "listeners=plaintext://[::1]:9092, Controller://10.0.0.1:0\n"
        "controller.listener.names=controller");
    CHECK(network.listeners ==
          Addresses{{"PLAINTEXT", {"::1", 9092}}, {"CONTROLLER", {"10.0.0.1", 0}}});
    CHECK(network.advertised_controllers == Addresses{{"CONTROLLER", {"10.0.0.1", 0}}});
}

TEST_CASE(
    "listeners: an advertised address may differ from the listener's, and changes no other one",
    "[config][listeners]") {
    const NetworkConfig network =
        network_of("advertised.listeners=PLAINTEXT://kafka.example.com:19092");
    CHECK(network.advertised == Addresses{{"PLAINTEXT", {"kafka.example.com", 19092}}});
    CHECK(network.advertised_controllers == Addresses{{"CONTROLLER", {"machine", 9093}}});
}

TEST_CASE("listeners: a controller may advertise its controller listener", "[config][listeners]") {
    const NetworkConfig network =
        network_of("advertised.listeners=PLAINTEXT://a:1,CONTROLLER://b:2");
    CHECK(network.advertised == Addresses{{"PLAINTEXT", {"a", 1}}});
    CHECK(network.advertised_controllers == Addresses{{"CONTROLLER", {"b", 2}}});
}

TEST_CASE("listeners: a controller that listens everywhere is advertised by the machine's name",
          "[config][listeners]") {
    const std::string clients = "advertised.listeners=PLAINTEXT://a:1\n";
    for (const std::string& text :
         {clients + "listeners=PLAINTEXT://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093",
          std::string("listeners=PLAINTEXT://:9092,CONTROLLER://0.0.0.0:9093")}) {
        const NetworkConfig network = network_of(text);
        CHECK(network.advertised_controllers == Addresses{{"CONTROLLER", {"machine", 9093}}});
    }
}

TEST_CASE("listeners: each entry is NAME://HOST:PORT", "[config][listeners]") {
    const std::pair<std::string, std::string> broken[] = {
        {"localhost:9092", "is not NAME://HOST:PORT"},
        {"://localhost:9092", "is not NAME://HOST:PORT"},
        {"PLAINTEXT://localhost", "has no port after a colon"},
        {"PLAINTEXT://localhost:", "has no port from 0 to 65535"},
        {"PLAINTEXT://localhost:65536", "has no port from 0 to 65535"},
        {"PLAINTEXT://localhost:-1", "has no port from 0 to 65535"},
        {"PLAINTEXT://::1:9092", "has more than one colon; put brackets around an IPv6 address"},
        {"PLAINTEXT://a/b:9092", "has a host name with an invalid character"},
    };
    for (const auto& [entry, why] : broken) {
        const std::string list = "CONTROLLER://:9093," + entry;
        CHECK(errors_of("listeners=" + list) ==
              Sentences{"test.properties:1: listeners=" + list + " is wrong: '" + entry + "' " +
                        why + "; write for example PLAINTEXT://192.0.2.1:9092"});
    }
}

TEST_CASE("listeners: two listeners cannot share a name or a port", "[config][listeners]") {
    const std::string controller = ",CONTROLLER://:9093";
    CHECK(
        errors_of("listeners=PLAINTEXT://a:1,PLAINTEXT://b:2" + controller) ==
        Sentences{
            "test.properties:1: listeners=PLAINTEXT://a:1,PLAINTEXT://b:2,CONTROLLER://:9093 names "
            "PLAINTEXT twice; each listener needs a name of its own"});
    CHECK(errors_of("listeners=PLAINTEXT://:9093" + controller) ==
          Sentences{"test.properties:1: listeners=PLAINTEXT://:9093,CONTROLLER://:9093 gives port "
                    "9093 to both PLAINTEXT and CONTROLLER; each listener needs a port of its "
                    "own"});
    CHECK(errors_of("listeners=PLAINTEXT://a:9093" + controller).size() == 1);
    CHECK(errors_of("listeners=PLAINTEXT://a:1,CONTROLLER://b:1").empty());
    CHECK(errors_of("listeners=PLAINTEXT://:0,CONTROLLER://:0").empty());
}

TEST_CASE("listeners: a listener of another protocol than PLAINTEXT is refused",
          "[config][listeners]") {
    const std::string advice = ":PLAINTEXT, and listen on 127.0.0.1 or in a network that you trust";
    CHECK(
        errors_of("listeners=SSL://:9094,CONTROLLER://:9093\n"
                  "inter.broker.listener.name=SSL") ==
        Sentences{"test.properties:1: listeners=SSL://:9094,CONTROLLER://:9093 has a listener SSL "
                  "of the protocol SSL, and Highwater has no encryption or authentication yet; "
                  "listen with PLAINTEXT:// on 127.0.0.1 or in a network that you trust"});
    CHECK(errors_of("listener.security.protocol.map=PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT") ==
          Sentences{"test.properties:1: "
                    "listener.security.protocol.map=PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT gives "
                    "listener PLAINTEXT the protocol SASL_SSL, and Highwater has no encryption or "
                    "authentication yet; write PLAINTEXT" +
                    advice});
}

TEST_CASE(
    "listeners: if --set gives the listeners, an error names them, not the file's protocol map",
    "[config][listeners]") {
    const std::string map =
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL\n"
        "inter.broker.listener.name=SSL";
    for (const std::string& file : {std::string("inter.broker.listener.name=SSL"), map}) {
        const LoadedConfig typed = load(file, {"listeners=SSL://:9094,CONTROLLER://:9093"});
        REQUIRE(typed.problems.errors.size() == 1);
        CHECK(typed.problems.errors[0].starts_with("--set: listeners="));
        CHECK(typed.problems.are_all_from_command_line());
    }
    const LoadedConfig unknown = load("", {"listeners=PLAINTEXT://:1,CONTROLLER://:2,MINE://:3"});
    CHECK(
        unknown.problems.errors ==
        Sentences{"--set: listeners=PLAINTEXT://:1,CONTROLLER://:2,MINE://:3 has a listener MINE, "
                  "and listener.security.protocol.map does not give its protocol; add "
                  "MINE:PLAINTEXT there"});
    CHECK(unknown.problems.are_all_from_command_line());
    CHECK_FALSE(load(map + "\nlisteners=SSL://:9094,CONTROLLER://:9093")
                    .problems.are_all_from_command_line());
}

TEST_CASE("listeners: the protocol map may have entries for listeners that do not exist",
          "[config][listeners]") {
    CHECK(errors_of("listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,"
                    "SSL:SSL")
              .empty());
}

TEST_CASE("listeners: each listener has the protocol that the map gives it",
          "[config][listeners]") {
    using Protocols = std::map<std::string, SecurityProtocol>;
    constexpr auto kPlaintext = SecurityProtocol::plaintext;
    CHECK(network_of("").protocols ==
          Protocols{{"CONTROLLER", kPlaintext}, {"PLAINTEXT", kPlaintext}});
    const NetworkConfig network = network_of(
        "listeners=CLIENTS://:9092,REPLICATION://:9094,CONTROLLER://:9093\n"
        "inter.broker.listener.name=replication\n"
        "listener.security.protocol.map=clients:plaintext,REPLICATION:PLAINTEXT,"
        "CONTROLLER:PLAINTEXT,OTHER:SASL_SSL");
    CHECK(network.protocols == Protocols{{"CLIENTS", kPlaintext},
                                         {"CONTROLLER", kPlaintext},
                                         {"REPLICATION", kPlaintext}});
    CHECK(network.inter_broker_listener_name == "REPLICATION");
    CHECK(network_of(kBrokerAlone).protocols.contains("CONTROLLER"));
}

TEST_CASE("listeners: each listener needs a protocol, each protocol a known name",
          "[config][listeners]") {
    CHECK(errors_of("listener.security.protocol.map=PLAINTEXT:PLAINTEXT") ==
          Sentences{"test.properties:1: listener.security.protocol.map=PLAINTEXT:PLAINTEXT must "
                    "give the protocol of listener CONTROLLER; add CONTROLLER:PLAINTEXT"});
    for (const std::string entry : {"A:TLS", "A", ":SSL", "A:"}) {
        const Sentences errors = errors_of(
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT," + entry);
        REQUIRE(errors.size() == 1);
        CHECK(errors[0].ends_with("is wrong: '" + entry +
                                  "' is not NAME:PROTOCOL with one of PLAINTEXT, SSL, "
                                  "SASL_PLAINTEXT, SASL_SSL"));
    }
    CHECK(errors_of("listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PLAINTEXT:SSL,"
                    "CONTROLLER:PLAINTEXT")
              .front()
              .ends_with("gives PLAINTEXT two protocols; keep one of them"));
}

TEST_CASE("listeners: a controller must have each listener of controller.listener.names",
          "[config][listeners]") {
    CHECK(errors_of("listeners=PLAINTEXT://:9092") ==
          Sentences{"test.properties:1: listeners=PLAINTEXT://:9092 must have CONTROLLER, which "
                    "controller.listener.names requires of a controller; add for example "
                    "CONTROLLER://:9093"});
    CHECK(errors_of("controller.listener.names=") ==
          Sentences{"test.properties:1: controller.listener.names= must name at least one "
                    "listener"});
}

TEST_CASE("listeners: a broker must have a listener for clients", "[config][listeners]") {
    CHECK(errors_of("listeners=CONTROLLER://:9093") ==
          Sentences{"test.properties:1: listeners=CONTROLLER://:9093 must have a listener for "
                    "clients beside those in controller.listener.names (CONTROLLER); add for "
                    "example PLAINTEXT://:9092"});
}

TEST_CASE("listeners: a node must not have a listener for a role that it does not have",
          "[config][listeners]") {
    CHECK(errors_of(kBrokerAlone + "listeners=PLAINTEXT://:9092,CONTROLLER://:9093") ==
          Sentences{"test.properties:4: listeners=PLAINTEXT://:9092,CONTROLLER://:9093 must not "
                    "have CONTROLLER, a name in controller.listener.names, on a node whose "
                    "process.roles is only broker; remove it"});
    CHECK(errors_of(kControllerAlone + "listeners=PLAINTEXT://:9092,CONTROLLER://:9093") ==
          Sentences{"test.properties:2: listeners=PLAINTEXT://:9092,CONTROLLER://:9093 must have "
                    "no other listener than controller.listener.names (CONTROLLER) on a node whose "
                    "process.roles is only controller"});
}

TEST_CASE("listeners: a node that is only a broker must not advertise a controller listener",
          "[config][listeners]") {
    CHECK(errors_of(kBrokerAlone + "advertised.listeners=PLAINTEXT://a:1,CONTROLLER://a:2") ==
          Sentences{"test.properties:4: "
                    "advertised.listeners=PLAINTEXT://a:1,CONTROLLER://a:2 has CONTROLLER://a:2, "
                    "but listeners has no CONTROLLER, which controller.listener.names reserves for "
                    "controllers; remove it"});
}

TEST_CASE("listeners: an advertised listener must exist, be unique, and have a reachable address",
          "[config][listeners]") {
    const std::string advertised = "advertised.listeners=PLAINTEXT://a:1,";
    CHECK(errors_of(advertised + "OUTSIDE://a:2") ==
          Sentences{"test.properties:1: " + advertised +
                    "OUTSIDE://a:2 has OUTSIDE://a:2, but listeners has no OUTSIDE; remove it"});
    CHECK(errors_of(advertised + "PLAINTEXT://b:2")
              .front()
              .ends_with("names PLAINTEXT twice; keep one of them"));
    CHECK(errors_of("advertised.listeners=PLAINTEXT://0.0.0.0:1") ==
          Sentences{"test.properties:1: advertised.listeners=PLAINTEXT://0.0.0.0:1 "
                    "advertises PLAINTEXT://0.0.0.0:1, which is not the address of a machine; set "
                    "a reachable host in advertised.listeners, or leave the host out to use the "
                    "name of this machine, machine"});
    CHECK(errors_of("listeners=PLAINTEXT://0.0.0.0:1,CONTROLLER://:9093").size() == 1);
    CHECK(errors_of("advertised.listeners=PLAINTEXT://a:0") ==
          Sentences{"test.properties:1: advertised.listeners=PLAINTEXT://a:0 has PLAINTEXT://a:0 "
                    "with port 0; write the port that others connect to"});
    CHECK(errors_of("listeners=PLAINTEXT://:0,CONTROLLER://:0\n"
                    "advertised.listeners=PLAINTEXT://a:0")
              .empty());
}

TEST_CASE("listeners: inter.broker.listener.name must be an advertised listener",
          "[config][listeners]") {
    CHECK(errors_of("inter.broker.listener.name=INSIDE") ==
          Sentences{"test.properties:1: inter.broker.listener.name=INSIDE must name an advertised "
                    "listener, and INSIDE is not one; use one of PLAINTEXT"});
    CHECK(errors_of("listeners=CLIENTS://:9092,CONTROLLER://:9093\n"
                    "listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT") ==
          Sentences{"inter.broker.listener.name is not set: it must name an advertised listener, "
                    "and PLAINTEXT is not one; use one of CLIENTS"});
    CHECK(network_of("inter.broker.listener.name=plaintext").inter_broker_listener_name ==
          "PLAINTEXT");
}

TEST_CASE("listeners: a listener that other machines can reach causes a warning",
          "[config][listeners]") {
    CHECK(load("").problems.warnings ==
          Sentences{"other machines can reach PLAINTEXT://:9092 and CONTROLLER://:9093 without "
                    "encryption or authentication, and can read and delete everything; listen on "
                    "127.0.0.1, or in a network that you trust"});
    const auto with_hosts = [](const std::string& broker, const std::string& controller) {
        return load(fmt::format("listeners=PLAINTEXT://{}:9092,CONTROLLER://{}:9093", broker,
                                controller))
            .problems.warnings;
    };
    CHECK(with_hosts("localhost", "[::1]") == Sentences{});
    CHECK(with_hosts("127.0.0.1", "127.1.2.3") == Sentences{});
    CHECK(with_hosts("127.0.0.1", "[2001:db8::1]")
              .at(0)
              .starts_with("other machines can reach CONTROLLER://[2001:db8::1]:9093 without"));
    CHECK(with_hosts("127.example.com", "localhost").size() == 1);
}

}  // namespace
}  // namespace hw::config
