#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "tools/cli/consumer.h"
#include "tools/cli/input.h"
#include "tools/client/commit_schedule.h"
#include "tools/client/group_membership.h"

namespace hw::cli {

/// Reads one topic as a member of a group of consumers: the partitions that the group assigns to
/// it, from the offsets on that the group has committed. Commits what the handler was given, once
/// it is flushed to standard output. Used by one thread.
class GroupConsumer {
public:
    /// How long it takes to leave the group, at most.
    static constexpr client::Milliseconds kLongestFarewell{5000};

    /// What it works with; all outlive it.
    struct Surroundings {
        client::Client& client;
        const Interrupt& interrupt;
        std::string_view command;  ///< for what it says on standard error
    };

    GroupConsumer(const Surroundings& surroundings, std::string group, ConsumerOptions options,
                  Consumer::Handler handler)
        : around_(surroundings),
          topic_(options.topic),
          membership_(std::move(group)),
          consumer_(surroundings.client, std::move(options), std::move(handler)) {}

    /// Reads until it is done, the user interrupts it, or standard output cannot be written. Then
    /// commits and leaves the group. Errors: those of Consumer, of GroupMembership and of the
    /// requests to the coordinator.
    [[nodiscard]] Result<void> run();

    /// Whether everything that was asked for has been read.
    [[nodiscard]] bool is_done() const;

private:
    using Now = std::chrono::steady_clock;

    [[nodiscard]] Result<void> work();
    [[nodiscard]] Result<void> step();
    [[nodiscard]] Result<void> join();
    [[nodiscard]] Result<void> sync();
    [[nodiscard]] Result<void> begin_reading();
    [[nodiscard]] Result<void> heartbeat();
    [[nodiscard]] Result<void> read();
    /// Commits what was printed since the last commit.
    [[nodiscard]] Result<void> commit(client::Client& client);
    [[nodiscard]] Result<void> leave();
    /// The number of partitions of the topics that the members want.
    [[nodiscard]] Result<std::map<std::string, std::int32_t>> partition_counts();
    void say_assignment(const std::vector<Consumer::Commitment>& partitions) const;
    [[nodiscard]] const std::string& group() const { return membership_.name().group; }

    Surroundings around_;
    std::string topic_;
    client::GroupMembership membership_;
    client::CommitSchedule commits_;
    Consumer consumer_;
    bool output_works_ = true;
};

}  // namespace hw::cli
