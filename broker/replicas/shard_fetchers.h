#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "broker/net/peer_channel.h"
#include "broker/replicas/follower_fetcher.h"
#include "broker/replicas/shard_view.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// The fetchers that run on one data shard: one for each leader and data directory, so that a slow
/// disk holds up only its own replicas. Each has a connection of its own, which is made when it is
/// first used.
///
/// Used on that shard. `stop` must have ended before it is destroyed.
class ShardFetchers {
public:
    struct Ports {
        const ShardView& view;
        Network& network;
        Logger log;
    };
    struct Options {
        FetcherOptions fetching;
        std::string listener;  ///< inter.broker.listener.name
    };

    ShardFetchers(const Ports& ports, Options options);
    ~ShardFetchers();
    ShardFetchers(const ShardFetchers&) = delete;
    ShardFetchers& operator=(const ShardFetchers&) = delete;

    /// The replica follows `leader`, and may fetch now.
    void may_fetch(ReplicaPtr replica, BrokerId leader);
    /// Ends all fetches; replicas that come later are ignored.
    [[nodiscard]] Task<> stop();

private:
    /// Limit of one attempt to connect, so that a machine that is off does not delay a stop.
    static constexpr Duration kConnectLimit = std::chrono::seconds(1);

    struct Key {
        BrokerId leader;
        DirectoryId directory;

        auto operator<=>(const Key&) const = default;
    };
    struct One;

    [[nodiscard]] Task<Result<std::unique_ptr<Transport>>> connect(BrokerId leader,
                                                                   TimePoint deadline);

    Ports ports_;
    Options options_;
    std::map<Key, std::unique_ptr<One>> fetchers_;
    bool stopping_ = false;
};

}  // namespace hw::broker
