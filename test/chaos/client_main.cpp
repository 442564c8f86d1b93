#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "test/chaos/history_file.h"
#include "test/chaos/producer.h"
#include "test/chaos/reader.h"

namespace hw::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kFinalReadTimeout{120};

constexpr const char* kHelp =
    R"(Usage: chaos_client SERVERS TOPIC TOPIC_ID PARTITIONS HISTORY

Loads a topic until its standard input ends, then reads all partitions to their ends. test/chaos/run
starts it. Appends all operations to the file HISTORY in the format of test/history. Prints lines:

  ack PARTITION INVOKED DONE        the probe's record was acknowledged within 50 ms
  failed PROCESS AT ERROR           a producer other than the probe has given up a record
  fatal PROCESS AT ERROR TEXT       an idempotent producer cannot go on; a new one takes its place
  producer-id PROCESS OLD NEW       an idempotent producer has got another id or epoch
  out-of-range PROCESS AT PARTITION POSITION
                                    a reader was told that its position is out of range
  end PARTITION OFFSET              the final read has passed the end of a partition

Times are microseconds of the monotonic clock. The exit status is 1 if the load or the final read
failed; standard error says why.
)";

[[noreturn]] void end_with(const Error& error) {
    fmt::print(stderr, "chaos_client: {}\n", error.message);
    std::_Exit(1);
}

std::vector<ProducerPlan> plans(const std::string& topic, std::int32_t partition_count) {
    using enum ProducerKind;
    return {
        {topic + ".idempotent-1", idempotent, milliseconds(20), 2},
        {topic + ".idempotent-2", idempotent, milliseconds(150), 20},
        {topic + ".plain", plain, milliseconds(40), 2},
        {topic + ".probe", probe, milliseconds(25), partition_count},
    };
}

/// Loads the topic until standard input ends. The threads have ended when it returns.
Result<void> load(const Target& target, HistoryFile& history) {
    std::vector<std::unique_ptr<Producer>> producers;
    for (ProducerPlan& plan : plans(target.topic, target.partition_count)) {
        HW_TRY(producer, Producer::make(target, std::move(plan), history));
        producers.push_back(std::move(producer));
    }
    HW_TRY(follower, Reader::make(target, target.topic + ".follower", history));
    HW_TRY(returner, Reader::make(target, target.topic + ".returner", history));
    std::vector<std::jthread> threads;
    for (const std::unique_ptr<Producer>& producer : producers) {
        threads.emplace_back([&producer](const std::stop_token& stop) {
            if (const auto done = producer->run(stop); !done) {
                end_with(done.error());
            }
        });
    }
    threads.emplace_back(
        [&follower](const std::stop_token& stop) { follower.follow(stop, false); });
    threads.emplace_back([&returner](const std::stop_token& stop) { returner.follow(stop, true); });
    threads.emplace_back([&target, &history](const std::stop_token& stop) {
        if (const auto done = list_offsets(target, target.topic + ".lister", history, stop);
            !done) {
            end_with(done.error());
        }
    });
    while (std::getchar() != EOF) {
    }
    for (std::jthread& thread : threads) {
        thread.request_stop();
    }
    return {};
}

Result<void> run(const std::vector<std::string>& arguments) {
    const Target target{
        .servers = arguments[0], .topic = arguments[1], .partition_count = std::stoi(arguments[3])};
    HW_TRY(history, HistoryFile::open(arguments[4], arguments[2]));
    HW_TRY_VOID(load(target, history));
    history.final_read(now());
    HW_TRY(reader, Reader::make(target, target.topic + ".final", history));
    return reader.read_all(kFinalReadTimeout);
}

}  // namespace
}  // namespace hw::chaos

int main(int count, char** values) {
    constexpr std::size_t kArgumentCount = 5;
    const std::vector<std::string> arguments(values + 1, values + count);
    if (arguments.size() != kArgumentCount) {
        fmt::print(stderr, "{}", hw::chaos::kHelp);
        return 2;
    }
    // The harness reads the lines as they come.
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    if (const auto done = hw::chaos::run(arguments); !done) {
        hw::chaos::end_with(done.error());
    }
    return 0;
}
