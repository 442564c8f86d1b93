#include <functional>
#include <map>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/record/batch_cursor.h"
#include "test/sim/broker_process.h"
#include "test/support/raft_process.h"

/// A node with a damaged metadata log refuses to start. The error names the file and says what to
/// do. The node neither hangs nor spins.
namespace hw::broker {
namespace {

const std::string kLogPath = "/data/__cluster_metadata-0/00000000000000000000.log";
const std::string kCleanMarker = "/data/.kafka_cleanshutdown";

using Files = std::map<std::string, std::string>;

constexpr const char* kProperties =
    "process.roles=broker,controller\nnode.id=1\n"
    "listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
    "controller.listener.names=CONTROLLER\nlog.dirs=/data\n";

/// A machine with a disk, and the process of a node on it.
struct Machine {
    void start() {
        process = std::make_unique<sim::BrokerProcess>(
            world, sim::ProcessMachine{1, clock, disk, log}, sim::load_config(kProperties));
        process->begin_start();
        REQUIRE(run_until([this] { return process->started().has_value(); }));
    }
    void stop() {
        process->begin_stop();
        REQUIRE(run_until([this] { return process->stopped(); }));
        process.reset();
    }
    /// Runs until `done`. False after two simulated minutes or kMaxSteps steps.
    bool run_until(const std::function<bool()>& done) {
        constexpr std::uint64_t kMaxSteps = 200'000;
        const std::uint64_t first = scheduler.steps();
        bool is_done = false;
        const auto ends = [&] {
            is_done = done();
            return is_done || scheduler.steps() - first > kMaxSteps;
        };
        scheduler.run_until(ends, scheduler.now() + std::chrono::minutes(2));
        return is_done;
    }

    void put(const Files& files) {
        for (const auto& [path, bytes] : files) {
            REQUIRE(disk.make_directories(path.substr(0, path.rfind('/'))).has_value());
            const auto file = disk.open(path, storage::OpenMode::create);
            REQUIRE(file.has_value());
            REQUIRE((*file)->write_now(0, as_bytes(bytes)).has_value());
        }
    }
    void collect(const std::string& folder, Files& files) {
        for (const storage::DirectoryEntry& entry : *disk.list(folder)) {
            const std::string path = folder + "/" + entry.name;
            if (entry.is_directory) {
                collect(path, files);
            } else {
                files[path] = disk.contents(path);
            }
        }
    }

    sim::Scheduler scheduler{1};
    sim::SimNetwork network{scheduler, {}};
    sim::SimClock clock{scheduler};
    sim::SimEntropy entropy{scheduler.random()};
    test::NullLogSink log;
    sim::SimDisk disk{scheduler, 1};
    sim::ProcessWorld world{
        .scheduler = scheduler, .network = network, .entropy = entropy, .mutants = {}};
    std::unique_ptr<sim::BrokerProcess> process;
};

/// The files of a node that has started and stopped without a fault.
Files sound_files() {
    Machine machine;
    machine.start();
    REQUIRE(machine.process->started()->has_value());
    machine.stop();
    Files files;
    machine.collect("/data", files);
    REQUIRE(files.contains(kLogPath));
    REQUIRE(files.contains(kCleanMarker));
    return files;
}

/// How the process before this one ended.
enum class LastStop : std::uint8_t { clean, crash };

/// Starts a node with the metadata log `log`. Returns its error, empty if it starts.
std::string start_with(Files files, const std::string& log, LastStop last_stop) {
    files[kLogPath] = log;
    if (last_stop == LastStop::crash) {
        files.erase(kCleanMarker);
    }
    Machine machine;
    machine.put(files);
    machine.start();
    const Result<void> started = *machine.process->started();
    machine.stop();
    return started ? "" : started.error().message;
}

void check_refused(const std::string& message) {
    if (message.find(kLogPath) == std::string::npos ||
        message.find("Put an undamaged copy of it back") == std::string::npos) {
        FAIL("it started, or the message does not say what to do: '" << message << "'");
    }
}

/// Total bytes of the first `count` batches of the log.
std::size_t size_of_batches(const std::string& log, int count) {
    record::BatchCursor batches(as_bytes(log));
    for (int i = 0; i < count && batches.next(); ++i) {
    }
    return batches.position();
}

TEST_CASE("damage: a node refuses a metadata log with a flipped bit, and says what to do",
          "[node][damage]") {
    const Files files = sound_files();
    const std::string& sound = files.at(kLogPath);
    REQUIRE(start_with(files, sound, LastStop::clean).empty());
    REQUIRE(start_with(files, sound, LastStop::crash).empty());
    const std::size_t first = size_of_batches(sound, 1);
    for (const LastStop last_stop : {LastStop::clean, LastStop::crash}) {
        // After a crash all batches are scanned in the same way, so a sample is enough.
        const std::size_t all_below = last_stop == LastStop::clean ? first * 8 : 0;
        for (std::size_t bit = 0; bit < sound.size() * 8; bit += bit < all_below ? 1 : 29) {
            INFO("bit " << bit % 8 << " of byte " << bit / 8);
            std::string log = sound;
            log[bit / 8] = static_cast<char>(log[bit / 8] ^ (1 << (bit % 8)));
            check_refused(start_with(files, log, last_stop));
        }
    }
}

TEST_CASE("damage: a node refuses a metadata log that is cut short or overwritten with zeroes",
          "[node][damage]") {
    const Files files = sound_files();
    const std::string& sound = files.at(kLogPath);
    for (const LastStop last_stop : {LastStop::clean, LastStop::crash}) {
        for (std::size_t at = 0; at < sound.size(); at += 1 + at / 4) {
            INFO("at byte " << at);
            check_refused(start_with(files, sound.substr(0, at), last_stop));
            std::string log = sound;
            log.replace(at, std::string::npos, std::string(sound.size() - at, '\0'));
            check_refused(start_with(files, log, last_stop));
        }
    }
}

}  // namespace
}  // namespace hw::broker
