#include "broker/command_line.h"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "config/broker_config.h"

namespace hw::broker {
namespace {

const Surroundings kUser{.is_root = false, .home = "/home/ann"};

CommandLine read(const std::vector<std::string>& arguments, const Surroundings& around = kUser) {
    const auto read = read_command_line(arguments, around);
    REQUIRE(read.has_value());
    return *read;
}

std::string refused(const std::vector<std::string>& arguments) {
    const auto read = read_command_line(arguments, kUser);
    REQUIRE_FALSE(read.has_value());
    return read.error().message;
}

/// The configuration of the only node that the arguments start.
config::LoadedConfig load(const std::vector<std::string>& arguments,
                          const Surroundings& around = kUser) {
    const CommandLine line = read(arguments, around);
    config::BrokerInput input;
    if (line.dev) {
        const DevOptions& dev = *line.dev;
        input.presets = dev_presets(
            {.nodes = {{dev.listen, dev.controller_listen, dev.data_dir}}, .remark = {}}, 0);
        input.overrides = dev.overrides;
    } else {
        REQUIRE(line.server.has_value());
        input.overrides = line.server->overrides;
        input.default_log_dir = line.server->default_log_dir;
    }
    input.host_name = "host";
    return config::load_broker_config(input);
}

std::vector<std::string> log_dirs(const std::vector<std::string>& arguments,
                                  const Surroundings& around) {
    const auto loaded = load(arguments, around);
    REQUIRE(loaded.config.has_value());
    return loaded.config->storage.log_dirs;
}

TEST_CASE(
    "command line: data goes to /var/lib for root or without a home, else to the home directory",
    "[command]") {
    using Paths = std::vector<std::string>;
    const Surroundings root{.is_root = true, .home = "/root"};
    const Surroundings homeless{.is_root = false, .home = std::nullopt};
    CHECK(log_dirs({"dev"}, kUser) == Paths{"/home/ann/.local/share/highwater-dev"});
    CHECK(log_dirs({"dev"}, root) == Paths{"/var/lib/highwater-dev"});
    CHECK(log_dirs({"dev"}, homeless) == Paths{"/var/lib/highwater-dev"});
    CHECK(log_dirs({"dev", "-d", R"(/a\b c#d)"}, kUser) == Paths{R"(/a\b c#d)"});
    CHECK(log_dirs({"dev", "--set", "log.dirs=/x,/y"}, kUser) == Paths{"/x", "/y"});
    CHECK(log_dirs({"server"}, kUser) == Paths{"/home/ann/.local/share/highwater"});
}

TEST_CASE("command line: server takes a config file and overrides", "[command]") {
    CHECK_FALSE(read({"server"}).server.value().config_file);
    // As from an unset shell variable. This must not start a node with the default listeners.
    CHECK(read({"server", "-c", ""}).server.value().config_file == "");
    const ServerCommand server =
        read({"server", "-c", "f", "--set", "a=b", "--set", "c=d"}).server.value();
    CHECK(server.config_file == "f");
    CHECK(server.overrides == std::vector<std::string>{"a=b", "c=d"});
}

TEST_CASE("command line: dev takes the number of nodes, addresses, and whether to wipe old data",
          "[command]") {
    const DevOptions plain = read({"dev"}).dev.value();
    CHECK_FALSE(plain.nodes);
    CHECK(plain.listen == config::Address{"127.0.0.1", 9092});
    CHECK(plain.controller_listen == config::Address{"127.0.0.1", 9093});
    CHECK(plain.old_data == ExistingData::kept);
    const DevOptions full =
        read({"dev", "--fresh", "-n", "1", "-l", ":1", "--set", "a=b"}).dev.value();
    CHECK(full.nodes == 1);
    CHECK(full.listen == config::Address{"", 1});
    CHECK(full.old_data == ExistingData::wiped);
    CHECK(full.overrides == std::vector<std::string>{"a=b"});
    CHECK(read({"dev", "--nodes", "3"}).dev.value().nodes == 3);
    for (const std::string count : {"0", "2", "4", "-1", "x"}) {
        CHECK(refused({"dev", "--nodes=" + count}) ==
              "highwater dev: --nodes '" + count +
                  "' must be 1 or 3: a quorum of two survives no failure, and three nodes are "
                  "enough to try replication; see 'highwater dev --help'");
    }
}

TEST_CASE("command line: format takes Kafka's options, and needs a cluster id and a file",
          "[command]") {
    const FormatCommand full =
        read({"format", "--cluster-id", "id", "--config", "f", "--set", "a=b"}).format.value();
    CHECK(full.cluster_id == "id");
    CHECK(full.config_file == "f");
    CHECK(full.overrides == std::vector<std::string>{"a=b"});
    CHECK(full.formatted == FormattedDirectories::refused);
    CHECK(full.default_log_dir == "/home/ann/.local/share/highwater");
    const FormatCommand brief = read({"format", "-t", "id", "-c", "f", "-g"}).format.value();
    CHECK(brief.formatted == FormattedDirectories::kept);
    CHECK(refused({"format", "-c", "f"}) ==
          "highwater format: --cluster-id is missing; see 'highwater format --help'");
    CHECK(refused({"format", "-t", "id"}) ==
          "highwater format: --config is missing; see 'highwater format --help'");
    CHECK(read({"random-uuid"}).wants_uuid);
    CHECK_FALSE(read({"random-uuid", "--help"}).wants_uuid);
}

TEST_CASE("command line: an error about impossible addresses names the options that set them",
          "[command]") {
    const std::string options = "--listen and --controller-listen: listeners=PLAINTEXT://";
    for (const std::string address : {"127.0.0.1:9093", "0.0.0.0:9092"}) {
        const auto problems = load({"dev", "--listen", address}).problems;
        REQUIRE(problems.errors.size() == 1);
        CHECK(problems.errors[0].starts_with(options + address + ",CONTROLLER://127.0.0.1:9093 "));
        CHECK(problems.are_all_from_command_line());
    }
    CHECK(load({"dev", "--listen", ":9092"}).config.has_value());
}

TEST_CASE("command line: --help and --version print texts", "[command]") {
    CHECK(read({}).text.starts_with("highwater: a partitioned"));
    CHECK(read({"--help"}).text == read({}).text);
    CHECK(read({"--version"}).text.starts_with("highwater "));
    for (const std::string command : {"dev", "server", "format"}) {
        const CommandLine line = read({command, "--help"});
        CHECK_FALSE(line.dev);
        CHECK_FALSE(line.server);
        CHECK_FALSE(line.format);
        CHECK(line.text.starts_with("Usage: highwater " + command + " "));
        CHECK(line.text.find("--set KEY=VALUE") != std::string::npos);
    }
}

TEST_CASE("command line: an error names the command and says where to find help", "[command]") {
    CHECK(refused({"deve"}) ==
          "highwater: unknown command 'deve' (did you mean 'highwater dev'?); see 'highwater "
          "--help'");
    CHECK(refused({"broker"}) == "highwater: unknown command 'broker'; see 'highwater --help'");
    CHECK(refused({"dev", "--lissten", "x"}) ==
          "highwater dev: unknown option '--lissten' (did you mean '--listen'?); see 'highwater "
          "dev --help'");
    CHECK(refused({"server", "file"}) ==
          "highwater server: unexpected argument 'file'; see 'highwater server --help'");
    CHECK(refused({"dev", "--listen", "host"}) ==
          "highwater dev: --listen 'host' has no port after a colon; see 'highwater dev --help'");
    for (const std::string path : {"", "/a,/b", "/a\n"}) {
        CHECK(refused({"dev", "--data-dir", path}).find("must be one path") != std::string::npos);
    }
}

}  // namespace
}  // namespace hw::broker
