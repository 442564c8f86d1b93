#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "test/chaos/history_file.h"
#include "test/chaos/kafka_handle.h"

namespace hw::chaos {

/// Reads all partitions from their beginning, without a group, and writes what it got to the
/// history. One thread uses it.
class Reader {
public:
    /// Errors: invalid.
    [[nodiscard]] static Result<Reader> make(const Target& target, std::string process,
                                             HistoryFile& history);
    Reader(const Reader&) = delete;
    Reader(Reader&&) = default;
    Reader& operator=(const Reader&) = delete;
    Reader& operator=(Reader&&) = delete;
    ~Reader();

    /// Follows the ends of the partitions until a stop is requested. If `goes_back`, it reads the
    /// last records again every few seconds.
    void follow(const std::stop_token& stop, bool goes_back);
    /// Reads until it has passed the ends of all partitions. Errors: timed_out.
    [[nodiscard]] Result<void> read_all(std::chrono::seconds timeout);

private:
    Reader(Target target, std::string process, HistoryFile& history)
        : target_(std::move(target)), process_(std::move(process)), history_(history) {}

    [[nodiscard]] Result<void> start();
    /// Waits a moment for records, and writes them down.
    void poll();
    void write_poll(const Span& span, PartitionIndex partition,
                    const std::vector<ReadRecord>& records);
    void on_error(const rd_kafka_message_t& message);
    void go_to(std::vector<Offset> positions);

    Target target_;
    std::string process_;
    HistoryFile& history_;
    // In this order, so that the topic and the queue are destroyed before their handle.
    Handle handle_;
    Topic topic_;
    Queue queue_;
    std::vector<Offset> positions_;  ///< of each partition: the next offset to read
};

/// Asks for the latest offsets of the partitions, one after the other, until a stop is requested.
/// Errors: invalid.
[[nodiscard]] Result<void> list_offsets(const Target& target, const std::string& process,
                                        HistoryFile& history, const std::stop_token& stop);

}  // namespace hw::chaos
