#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "broker/net/answer_queue.h"
#include "broker/net/dispatcher.h"
#include "broker/net/frame_reader.h"
#include "broker/net/memory_budget.h"
#include "broker/net/rate_limited_log.h"
#include "broker/net/rate_watch.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// Limits of one connection.
struct ConnectionLimits {
    std::int32_t request_max_bytes =
        100 * 1024 * 1024;                         ///< of one request: socket.request.max.bytes
    Duration idle_max = std::chrono::minutes(10);  ///< connections.max.idle.ms
    /// Time from a frame's first byte to its last, plus a second for each MiB of it.
    Duration frame_max = std::chrono::minutes(1);
    /// Minimum rate at which a peer must send a frame that it has begun, and read answers that wait
    /// for it, while memory is scarce. With free memory a peer may pause, for example a consumer
    /// that works on a batch for minutes.
    std::int64_t min_bytes_per_second = 64 * 1024;
    Duration send_grace = std::chrono::seconds(10);   ///< before a sender's rate is measured
    Duration send_window = std::chrono::seconds(10);  ///< over which a sender's rate is averaged
    /// The same for readers. Longer, because kernels take answers in bursts of a megabyte.
    Duration read_window = std::chrono::seconds(30);
    // Beyond any of these limits, nothing more is read, or requests already read wait.
    std::size_t requests_in_flight_max = 128;
    std::size_t bytes_in_flight_max = 16 * 1024 * 1024;  ///< of these requests
    std::size_t answer_bytes_max = 1024 * 1024;          ///< of answers that are not sent
};

/// Services that the connections of one shard share. Owned by ConnectionManager.
struct ConnectionServices {
    Shard& shard;
    TaskGroup& tasks;
    const Clock& clock;
    const Dispatcher& dispatcher;
    MemoryBudget& memory;
    ConnectionLimits limits;
    Logger log;
    RateLimitedLog warnings;
    /// Buffer for bytes whose frame is not known yet. Its content does not survive a wait.
    std::vector<std::byte> scratch;
};

/// Connection to one peer. Reads frames, runs the ordered part of each request in order, and sends
/// the answers in the same order. Sends all answers that are ready in one write, at the end of the
/// turn.
///
/// Owned by its ConnectionManager and by the coroutines that work for it; lives on one shard.
class Connection final : public AnswerSink,
                         public TurnHook,
                         public std::enable_shared_from_this<Connection> {
public:
    Connection(std::unique_ptr<Transport> transport, ConnectionServices& services,
               const ListenerInfo& listener, std::function<void()> on_end);
    ~Connection() override;

    /// Serves until either side closes. Spawned once.
    [[nodiscard]] static Task<> serve(std::shared_ptr<Connection> self);
    /// Leaves the next requests where they are, and stays open for the answers to those already
    /// taken. A follower's requests are still taken, because those answers wait for them.
    void hold_requests() { holding_ = !has_follower_; }
    /// Takes requests again.
    void take_requests() {
        holding_ = false;
        room_.set();
    }
    /// Waits until all requests but Fetches are answered and the answers sent, or until `deadline`.
    /// Call after hold_requests. The caller keeps the connection alive.
    [[nodiscard]] Task<> wait_settled(TimePoint deadline);
    /// Closes the connection; unsent answers are dropped.
    void close();
    /// Closes the connection when a time limit has passed. Called about once a second.
    void check_time(TimePoint now);
    /// Memory that its requests and answers hold, in bytes.
    [[nodiscard]] std::size_t held_bytes() const { return share_->total(); }
    [[nodiscard]] const Endpoint& peer() const { return *peer_; }

    void on_answer() override;
    void on_reject(const Error& reason) override;
    void on_follower() override { has_follower_ = true; }
    void at_end_of_turn() override;
    [[nodiscard]] std::unique_ptr<ConnectionState>* connection_state() override { return &state_; }

private:
    /// Bytes read in one turn, before other connections have their turn.
    static constexpr std::size_t kBytesPerTurn = 1024 * 1024;
    /// Maximum bytes of one read: few enough to be still in the cache when they are checked.
    static constexpr std::size_t kBytesPerRead = 256 * 1024;
    /// Bytes are read straight into the frame's buffer when it has room for at least this many.
    static constexpr std::size_t kDirectRead = 4096;
    /// Maximum bytes of one read when memory is scarce: they are kept while their frame waits.
    static constexpr std::size_t kScarceRead = 4096;
    /// Maximum memory that a frame takes in one step.
    static constexpr std::size_t kStep = 256 * 1024;
    /// The first step of the first frame of a connection.
    static constexpr std::size_t kFirstStep = 16 * 1024;
    /// A frame gets a second more for each this many bytes.
    static constexpr std::int64_t kFrameBytesPerSecond = 1024 * 1024;

    [[nodiscard]] Task<> receive();
    [[nodiscard]] Transfer read_some(ByteView& input, std::size_t& asked);
    [[nodiscard]] Task<> take_frames(ByteView input);
    /// Takes the frame's next step of memory. False when it has to wait.
    [[nodiscard]] bool try_step(std::size_t arrived);
    /// Waits for the frame's next step. False when the connection has ended meanwhile.
    [[nodiscard]] Task<bool> wait_for_step(std::size_t arrived);
    /// Memory that the frame takes next, in bytes, when `arrived` more bytes have been read.
    [[nodiscard]] std::size_t step_size(std::size_t arrived) const;
    void use_step(std::size_t bytes);
    void take_frame();
    /// Starts timing a frame that is not complete.
    void note_frame_time();
    [[nodiscard]] Task<> dispatch_arrived();
    /// True if another frame may be read, beside the requests in flight.
    [[nodiscard]] bool has_room_for_frames() const;
    [[nodiscard]] bool has_room_for_answers() const;
    [[nodiscard]] bool ends_as_slow_reader(TimePoint now);
    [[nodiscard]] bool ends_as_slow_sender(TimePoint now);
    /// True if there is room for its answer, and the writes that it must see are answered. A write
    /// is answered when it has taken effect. So a client that pipelines a Fetch behind a Produce
    /// reads what it has written, as in Kafka, which serves one request of a connection at a time.
    [[nodiscard]] bool may_begin(const Exchange& next) const;
    /// Waits for `span`, or until the connection ends.
    [[nodiscard]] Task<> pause(Millis span);
    void send();
    [[nodiscard]] static Task<> send_when_writable(std::shared_ptr<Connection> self);
    void schedule_send();
    void end_with_warning(std::string_view why);

    std::unique_ptr<Transport> transport_;
    ConnectionServices* services_;
    const ListenerInfo* listener_;
    std::shared_ptr<const Endpoint> peer_;
    std::function<void()> on_end_;
    FrameReader frames_;
    std::unique_ptr<ConnectionState> state_;
    Reservation::Share share_;
    Reservation reservation_;      ///< of the frame that is being read
    std::size_t usual_frame_ = 0;  ///< size of the largest complete frame, at most kStep
    std::vector<ExchangePtr> arrived_;
    AnswerQueue answers_;
    Signal room_;  ///< set when requests were answered, memory was given back, or at the end
    Signal sent_;  ///< likewise, for wait_settled
    TimePoint last_received_;
    TimePoint last_sent_;
    TimePoint frame_started_ = kNever;
    bool write_blocked_ = false;
    RateWatch received_;  ///< incoming bytes, while a frame is incomplete
    RateWatch taken_;     ///< outgoing bytes, while answers wait for the peer
    /// This side holds up reading: it waits for memory, for room, for an ordered part, or because
    /// the peer is over its quota. This time does not count against the peer.
    bool paused_ = false;
    bool open_ = true;
    bool reading_ = true;        ///< false after the end, or when the peer broke the protocol
    bool holding_ = false;       ///< see hold_requests
    bool has_follower_ = false;  ///< the peer is a broker that follows partitions of this one
};

}  // namespace hw::broker
