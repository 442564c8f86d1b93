#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "broker/net/answer_queue.h"
#include "broker/net/dispatcher.h"
#include "broker/net/frame_reader.h"
#include "broker/net/limited_log.h"
#include "broker/net/memory_budget.h"
#include "broker/net/rate_watch.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// Bounds of one connection.
struct ConnectionLimits {
    std::int32_t request_max_bytes = 100 * 1024 * 1024;  ///< socket.request.max.bytes
    Duration idle_max = std::chrono::minutes(10);        ///< connections.max.idle.ms
    /// From a frame's first byte to its last, and a second more for each MiB of it.
    Duration frame_max = std::chrono::minutes(1);
    /// What a peer has to send of a frame that it has begun, and to take of answers that wait for
    /// it: slow links do, and Kafka's clients give a request up after 30 s (request.timeout.ms).
    std::int64_t least_bytes_per_second = 64 * 1024;
    Duration send_grace = std::chrono::seconds(10);   ///< from a frame's first byte on
    Duration send_window = std::chrono::seconds(10);  ///< over which a sender's rate is averaged
    /// The same for readers. Longer, because a kernel takes answers in gulps of a megabyte.
    Duration read_window = std::chrono::seconds(30);
    // Beyond each of these nothing more is read, or what was read waits for its turn.
    std::size_t requests_in_flight_max = 128;
    std::size_t request_bytes_max = 16 * 1024 * 1024;  ///< of requests in flight
    std::size_t answer_bytes_max = 1024 * 1024;        ///< of answers that are not sent
};

/// What the connections of one shard share. Owned by ConnectionHost.
struct ConnectionServices {
    Shard& shard;
    TaskGroup& tasks;
    const Clock& clock;
    const Dispatcher& dispatcher;
    MemoryBudget& memory;
    ConnectionLimits limits;
    Logger log;
    LimitedLog warnings;
    /// Where reads land before their frame is known; used between two waits only.
    std::vector<std::byte> scratch;
};

/// One peer: reads frames, runs the ordered stage of each request in turn, sends the answers in
/// order, all ready ones in one write at the end of the turn.
///
/// Owned by its host and by the coroutines that work for it; lives on one shard.
class Connection final : public AnswerSink,
                         public TurnHook,
                         public std::enable_shared_from_this<Connection> {
public:
    Connection(std::unique_ptr<Transport> transport, ConnectionServices& services,
               const ListenerInfo& listener, std::function<void()> on_end);
    ~Connection() override;

    /// Serves until either side closes. Spawned once.
    [[nodiscard]] static Task<> serve(std::shared_ptr<Connection> self);
    /// Takes no more requests. It stays open for the answers to those that it has taken.
    void take_no_more() { taking_ = false; }
    /// Waits until no sender waits for an outcome any more, or until `deadline`; after
    /// take_no_more. The caller keeps it.
    [[nodiscard]] Task<> wait_settled(TimePoint deadline);
    /// Ends it from our side; answers not sent yet are dropped.
    void close();
    /// Closes it when a limit of time has passed; called about once a second.
    void check_time(TimePoint now);
    /// Bytes of memory that its requests and answers hold.
    [[nodiscard]] std::size_t held_bytes() const { return share_->total(); }
    [[nodiscard]] const Endpoint& peer() const { return *peer_; }

    void on_answer() override;
    void on_reject(const Error& reason) override;
    void at_end_of_turn() override;

private:
    /// Bytes read in one turn before other connections have theirs.
    static constexpr std::size_t kBytesPerTurn = 1024 * 1024;
    /// Bytes of one read, so that they are still in the cache when they are checked.
    static constexpr std::size_t kBytesPerRead = 256 * 1024;
    /// A frame that has room for at least this much is read straight into its own memory.
    static constexpr std::size_t kDirectRead = 4096;
    /// Bytes of one read when memory is scarce: what was read is kept while a frame waits for it.
    static constexpr std::size_t kScarceRead = 4096;
    /// Memory that a frame takes at once, at most, and before anything is known of its sender.
    static constexpr std::size_t kStep = 256 * 1024;
    static constexpr std::size_t kFirstStep = 16 * 1024;
    /// A frame's time grows by a second for each of these.
    static constexpr std::int64_t kFrameBytesPerSecond = 1024 * 1024;

    [[nodiscard]] Task<> receive();
    [[nodiscard]] Transfer read_some(ByteView& input, std::size_t& asked);
    [[nodiscard]] Task<> take_frames(ByteView input);
    /// True when the next step of the frame was taken without a wait.
    [[nodiscard]] bool try_step(std::size_t arrived);
    /// False when the connection has ended meanwhile.
    [[nodiscard]] Task<bool> wait_for_step(std::size_t arrived);
    /// Bytes of memory that the frame takes next, when `arrived` bytes are there for it.
    [[nodiscard]] std::size_t step_size(std::size_t arrived) const;
    void use_step(std::size_t bytes);
    void take_frame();
    /// A frame that is not whole is timed from now on.
    void note_frame_time();
    [[nodiscard]] Task<> dispatch_arrived();
    /// Whether more work may be taken on, beside what is in flight.
    [[nodiscard]] bool has_room_for_frames() const;
    [[nodiscard]] bool has_room_for_answers() const;
    [[nodiscard]] bool ends_as_slow_reader(TimePoint now);
    [[nodiscard]] bool ends_as_slow_sender(TimePoint now);
    /// There is room for its answer, and the writes that it must see are answered. The answer to a
    /// write comes when it has its effect; so a Fetch sees what its client would see if it had
    /// waited for the answers before it, as Kafka has it, which takes one request at a time.
    [[nodiscard]] bool may_begin(const Exchange& next) const;
    /// Ends after `span`, or with the connection.
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
    Reservation::Share share_;
    Reservation reservation_;      ///< of the frame that is being read
    std::size_t usual_frame_ = 0;  ///< bytes of the largest frame that came whole, at most kStep
    std::vector<ExchangePtr> arrived_;
    AnswerQueue answers_;
    Signal room_;  ///< set when requests were answered, memory was given back, or it ended
    Signal sent_;  ///< likewise, for wait_settled
    TimePoint last_received_;
    TimePoint frame_started_ = kNever;
    bool write_blocked_ = false;
    RateWatch received_;  ///< from the peer, while a frame is not whole
    RateWatch taken_;     ///< by the peer, while answers wait for it
    /// This side holds reading up: it waits for memory, room, an ordered stage, or because the peer
    /// is over its quota. None of that counts against the peer.
    bool paused_ = false;
    bool open_ = true;
    bool reading_ = true;  ///< false once the peer has ended or broke the protocol
    bool taking_ = true;   ///< requests
};

}  // namespace hw::broker
