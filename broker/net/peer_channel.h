#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "protocol/base/clock.h"
#include "protocol/base/network.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// A connection to another node. Requests are pipelined; answers are matched by correlation id.
///
/// Connects at the first call, and again at the first call after the connection ended; calls made
/// meanwhile wait for the same attempt and its outcome. A call that gets no answer in time ends the
/// connection, and so all other calls that wait on it, if nothing has come from the peer for
/// `max_silence` although calls waited. Owned by its caller; used on one shard. `stop` must have
/// ended before it is destroyed.
class PeerChannel final : public replication::PeerClient {
public:
    /// Makes a transport bound to the channel's shard; Network::connect, or a local pair.
    using Connect = std::function<Task<Result<std::unique_ptr<Transport>>>(TimePoint deadline)>;

    /// `client_id` is what the peer sees in its logs.
    PeerChannel(Shard& shard, const Clock& clock, std::string client_id, Connect connect,
                Duration max_silence = Duration(0))
        : shard_(shard),
          clock_(clock),
          client_id_(std::move(client_id)),
          connect_(std::move(connect)),
          max_silence_(max_silence),
          tasks_(shard) {}
    PeerChannel(const PeerChannel&) = delete;
    PeerChannel& operator=(const PeerChannel&) = delete;

    [[nodiscard]] Task<Result<replication::PeerAnswer>> exchange(schema::ApiKey key,
                                                                 ApiVersion version,
                                                                 wire::Encoded body,
                                                                 TimePoint deadline) override;
    void disconnect() override;
    /// Closes the connection for good: later calls fail with not_sent.
    [[nodiscard]] Task<> stop();

private:
    /// Size of the largest answer that is accepted, as socket.request.max.bytes for requests.
    static constexpr std::int32_t kAnswerMaxBytes = 100 * 1024 * 1024;

    struct Pending {
        Signal ended;
        Result<Buffer> answer = fail(ErrorKind::closed, "not answered yet");
    };
    class Link;

    /// Errors: not_sent.
    [[nodiscard]] Task<Result<std::shared_ptr<Link>>> connected_link(TimePoint deadline);
    /// Makes the connection. Sets link_ or connect_failure_.
    [[nodiscard]] Task<> connect(TimePoint deadline);
    /// Waits for the end of `connect`, which another call has begun.
    [[nodiscard]] Task<> wait_connected(TimePoint deadline);

    Shard& shard_;
    const Clock& clock_;
    std::string client_id_;
    Connect connect_;
    Duration max_silence_;
    TaskGroup tasks_;
    std::shared_ptr<Link> link_;
    bool connecting_ = false;
    std::list<Signal*> connect_waiters_;
    std::string connect_failure_;  ///< why the last attempt made no connection
    std::int32_t next_correlation_ = 0;
    bool stopping_ = false;
};

}  // namespace hw::broker
