#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/address.h"
#include "protocol/base/ids.h"
#include "tools/client/connection.h"

namespace hw::client {

struct PartitionView {
    PartitionIndex index;
    BrokerId leader = kNoBroker;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> in_sync;
    std::vector<BrokerId> offline;
};

struct TopicView {
    std::string name;
    TopicId id;
    bool internal = false;
    std::vector<PartitionView> partitions;  ///< sorted by index
    std::optional<Error> error;             ///< why the other fields are unknown

    /// Of the first partition, as Kafka's tools count; 0 without partitions.
    [[nodiscard]] std::size_t replication_factor() const {
        return partitions.empty() ? 0 : partitions.front().replicas.size();
    }
};

/// The cluster as one broker described it.
struct ClusterView {
    std::map<BrokerId, config::Address> brokers;
    std::vector<TopicView> topics;  ///< sorted by name
};

struct ClientOptions {
    std::vector<config::Address> servers;   ///< any brokers of the cluster, tried in order
    Milliseconds timeout{15000};            ///< of one call, including its retries
    int stop_descriptor = Socket::kNoStop;  ///< waiting ends when it becomes readable
};

/// Which failures of an attempt are retried until the deadline.
enum class Retry : std::uint8_t {
    refused,  ///< the broker refused it for now, or did not get it: nothing was done
    any,      ///< also a lost connection: for requests that may run twice
};

/// The error for a partition that `topic` does not have; names those that it has.
[[nodiscard]] Error unknown_partition(const TopicView& topic, std::string_view wanted);

/// The error for a partition whose leader was not connected to, because of `reason`.
[[nodiscard]] Error leader_failure(const std::string& topic, PartitionIndex partition,
                                   BrokerId leader, const Error& reason);

/// A synchronous client of a cluster: finds the leaders of partitions, keeps a connection to each
/// broker that it needs, retries what may succeed later. Used by one thread.
class Client {
public:
    static constexpr Milliseconds kFirstPause{2};  ///< between two attempts, doubled each time
    static constexpr Milliseconds kLongestPause{100};
    static constexpr std::string_view kTimeoutOption = "--timeout";

    /// Connects to the first of the servers that answers as a broker; there is at least one. The
    /// remaining time is shared equally by the servers not tried yet.
    /// Errors: as BrokerConnection::open; invalid (a controller's listener). The kind is that of
    /// the last server, the message has the reasons of all.
    [[nodiscard]] static Result<Client> connect(const ClientOptions& options);

    /// Connects anew, for calls whose waits the stop descriptor must not end. Errors: as `connect`.
    [[nodiscard]] Result<Client> unstoppable(Milliseconds timeout) const;

    [[nodiscard]] Milliseconds timeout() const { return options_.timeout; }
    /// Of the broker that it is connected to.
    [[nodiscard]] const config::Address& address() const { return bootstrap_.address(); }
    [[nodiscard]] bool serves(schema::ApiKey key) const { return bootstrap_.serves(key); }
    /// As BrokerConnection::newest_version, for the broker that it is connected to.
    [[nodiscard]] Result<ApiVersion> newest_version(schema::ApiKey key, ApiVersion ceiling) const {
        return bootstrap_.newest_version(key, ceiling);
    }

    /// The cluster with the topics `names`, or with all topics. The error of an unknown name is in
    /// its TopicView. Errors: as BrokerConnection::call.
    [[nodiscard]] Result<ClusterView> describe(std::span<const std::string> names,
                                               const Deadline& deadline);
    [[nodiscard]] Result<ClusterView> describe(std::span<const std::string> names) {
        return describe(names, whole_timeout());
    }
    [[nodiscard]] Result<ClusterView> describe_all() {
        return request_view(std::nullopt, whole_timeout());
    }

    /// The topic as of the last lookup; it has partitions. Errors: not_found (with a similar name
    /// if there is one), busy (leaderless or without partitions for now), those of `describe`.
    [[nodiscard]] Result<TopicView> topic(const std::string& name, const Deadline& deadline);
    /// The same, with retries.
    [[nodiscard]] Result<TopicView> topic(const std::string& name);

    /// A connection to the leader of a partition of `topic`. Errors: not_found (no such
    /// partition), busy (it has no leader now), those of BrokerConnection::open. If the lookup gets
    /// no answer, the error is that of the previous attempt to connect to the leader, if one
    /// failed.
    [[nodiscard]] Result<BrokerConnection*> leader(const std::string& topic,
                                                   PartitionIndex partition,
                                                   const Deadline& deadline);
    /// A connection to a broker that the last lookup of a topic named. Errors: busy (it did not
    /// name this one), those of BrokerConnection::open.
    [[nodiscard]] Result<BrokerConnection*> broker(BrokerId id, const Deadline& deadline);

    /// Sends a request to the broker that it is connected to, with retries. Errors: as
    /// BrokerConnection::call.
    template <class Response, class Request>
    [[nodiscard]] Result<wire::DecodedMessage<Response>> call(const Request& request, Retry retry) {
        return retried(retry,
                       [&](const Deadline& deadline) { return call<Response>(request, deadline); });
    }

    /// The same, once. For an attempt of `retried`.
    template <class Response, class Request>
    [[nodiscard]] Result<wire::DecodedMessage<Response>> call(const Request& request,
                                                              const Deadline& deadline) {
        return bootstrap_.call<Response>(request, deadline);
    }

    /// The end of the message of an error after which `retried` has no time left.
    [[nodiscard]] std::string given_up() const;
    /// Whether `retried` tries again after this error, with Retry::any.
    [[nodiscard]] static bool may_be_temporary(const Error& error);

    /// Runs `attempt` with the deadline of the call until it succeeds, fails for good, or the time
    /// is over; then its error says so. Forgets the topics between attempts, and after a lost
    /// connection all connections.
    template <class Attempt>
    [[nodiscard]] auto retried(Retry retry, const Attempt& attempt) {
        const Deadline deadline = whole_timeout();
        for (Milliseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
            auto result = attempt(deadline);
            if (result || !may_succeed_later(result.error(), retry)) {
                return result;
            }
            if (deadline.left() < pause) {
                result.error().message += given_up();
                return result;
            }
            std::this_thread::sleep_for(pause);
            start_over(result.error(), deadline);
        }
    }

private:
    Client(ClientOptions options, BrokerConnection bootstrap)
        : options_(std::move(options)), bootstrap_(std::move(bootstrap)) {}

    [[nodiscard]] static Result<BrokerConnection> connect_any(const ClientOptions& options,
                                                              const Deadline& deadline);
    [[nodiscard]] Deadline whole_timeout() const {
        return Deadline(options_.timeout, kTimeoutOption);
    }
    [[nodiscard]] bool may_succeed_later(const Error& error, Retry retry) const;
    void start_over(const Error& error, const Deadline& deadline);
    [[nodiscard]] Error unknown_topic(const std::string& name, const Deadline& deadline);
    /// Without `names`: all topics.
    [[nodiscard]] Result<ClusterView> request_view(
        std::optional<std::span<const std::string>> names, const Deadline& deadline);

    ClientOptions options_;
    BrokerConnection bootstrap_;
    std::map<BrokerId, config::Address> brokers_;
    std::map<std::string, TopicView> topics_;
    std::map<BrokerId, BrokerConnection> connections_;
    /// Why the leaders of partitions could not be connected to at the last attempt.
    std::map<std::pair<std::string, PartitionIndex>, Error> leader_failures_;
};

}  // namespace hw::client
