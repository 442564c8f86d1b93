#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/uio.h>
#include <vector>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/fetch.h"
#include "tools/client/frame_input.h"
#include "tools/perf/request.h"
#include "tools/perf/tally.h"

namespace hw::perf {

/// One connection of a load, whose socket never blocks. Used by one thread.
///
/// `send` and `receive` return how much they moved: 0 means that the broker neither took bytes nor
/// answered.
class LoadConnection {
public:
    explicit LoadConnection(client::Socket socket) : socket_(std::move(socket)) {}
    virtual ~LoadConnection() = default;
    LoadConnection(const LoadConnection&) = delete;
    LoadConnection& operator=(const LoadConnection&) = delete;

    /// Starts the requests that may be started, and sends what the socket takes. Errors: closed.
    [[nodiscard]] virtual Result<std::size_t> send(SteadyTime now) = 0;
    /// Takes the answers that are there, and sends again. Errors: closed, corrupt, limit, and
    /// errors in an answer that the load cannot continue after.
    [[nodiscard]] virtual Result<std::size_t> receive(SteadyTime now) = 0;
    /// Whether every request was answered.
    [[nodiscard]] virtual bool is_idle() const = 0;

    [[nodiscard]] client::Socket& socket() { return socket_; }

private:
    client::Socket socket_;
};

/// Queue of slices that wait for space in a socket's buffer. Does not own their bytes.
class Unsent {
public:
    void add(ByteView bytes) { slices_.push_back(client::slice_of(bytes)); }
    /// Sends what the socket takes now, and returns how many bytes. Errors: closed.
    [[nodiscard]] Result<std::size_t> send(client::Socket& socket);
    [[nodiscard]] bool is_empty() const { return slices_.empty(); }

private:
    std::vector<iovec> slices_;
};

/// Shared by all produce connections of a load; outlives them.
struct SharedProduce {
    ByteView batch;
    std::int32_t batch_records = 0;
    ApiVersion version;
    bool is_answered = true;  ///< false with acks=0
    std::size_t in_flight = 1;
    Supply supply{0};
    Tally tally;
};

/// A connection that keeps as many produce requests in flight as its window and the supply allow. A
/// request is a head and a tail of this connection around the batch that all connections share, so
/// the bytes of a load stay in the cache.
class ProduceConnection final : public LoadConnection {
public:
    /// `frames` are the requests it sends in turn, one for each partition; they outlive it.
    ProduceConnection(client::Socket socket, std::vector<const RequestFrame*> frames,
                      SharedProduce& load);

    [[nodiscard]] Result<std::size_t> send(SteadyTime now) override;
    [[nodiscard]] Result<std::size_t> receive(SteadyTime now) override;
    [[nodiscard]] bool is_idle() const override { return outstanding_ == 0; }

private:
    /// A request in flight, and the time from which its latency counts.
    struct Slot {
        std::vector<std::byte> head;
        SteadyTime due;
    };

    void stage(SteadyTime due);
    [[nodiscard]] Result<void> on_answer(ByteView answer, SteadyTime now);

    std::vector<const RequestFrame*> frames_;
    SharedProduce* load_;
    ApiVersion header_version_;
    std::vector<Slot> slots_;  ///< a ring: request n is in slot n mod size
    std::uint64_t next_ = 0;   ///< number of the next request
    std::uint64_t outstanding_ = 0;
    Unsent unsent_;
    client::FrameInput input_;
    Arena arena_;
};

/// What a fetch connection does at the end of a partition.
enum class AtLogEnd : std::uint8_t {
    wait,        ///< waits for more records, as a consumer at the tail does
    start_over,  ///< reads the same records again, from the start of the log
};

/// Shared by all fetch connections of a load; outlives them.
struct SharedFetch {
    std::string topic;
    ApiVersion version;
    AtLogEnd at_log_end = AtLogEnd::start_over;
    std::int32_t partition_bytes = 0;  ///< asked for from each partition
    std::chrono::milliseconds max_wait{0};
    std::uint64_t bytes_wanted = 0;  ///< no more requests once the tally has as many
    Tally tally;
};

/// The next record to read from a partition.
struct FetchPosition {
    PartitionIndex partition;
    Offset start_offset;
    Offset next_offset;
};

/// A connection that reads partitions, one request at a time. Decodes the headers of the batches,
/// as a consumer must to know the next offset, but not the records.
class FetchConnection final : public LoadConnection {
public:
    FetchConnection(client::Socket socket, std::vector<FetchPosition> positions, SharedFetch& load);

    [[nodiscard]] Result<std::size_t> send(SteadyTime now) override;
    /// Counts only answers that have records.
    [[nodiscard]] Result<std::size_t> receive(SteadyTime now) override;
    [[nodiscard]] bool is_idle() const override { return !is_waiting_; }

private:
    [[nodiscard]] Result<void> stage(SteadyTime now);
    /// Returns whether the answer has records.
    [[nodiscard]] Result<bool> on_answer(ByteView answer, SteadyTime now);
    /// Returns the bytes of its complete batches.
    [[nodiscard]] Result<std::uint64_t> take_partition(
        const schema::FetchResponse::Partition& partition);

    std::vector<FetchPosition> positions_;
    SharedFetch* load_;
    ApiVersion header_version_;
    RequestFrame request_;
    std::int32_t requests_ = 0;
    SteadyTime sent_;
    bool is_waiting_ = false;
    Unsent unsent_;
    client::FrameInput input_;
    Arena arena_;
};

}  // namespace hw::perf
