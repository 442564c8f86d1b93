#include "broker/replicas/shard_fetchers.h"

#include <algorithm>
#include <utility>

#include "broker/metadata/peer_endpoint.h"

namespace hw::broker {

struct ShardFetchers::One {
    One(const Ports& ports, BrokerId leader, const FetcherOptions& options,
        PeerChannel::Connect connect)
        : channel(ports.view.shard, ports.view.clock, "follower", std::move(connect)),
          fetcher({.shard = ports.view.shard,
                   .clock = ports.view.clock,
                   .log = ports.log,
                   .leader = channel,
                   .broker_epoch = [&view = ports.view] { return view.broker_epoch; }},
                  leader, options) {}

    PeerChannel channel;
    FollowerFetcher fetcher;
};

ShardFetchers::ShardFetchers(const Ports& ports, Options options)
    : ports_(ports), options_(std::move(options)) {}

ShardFetchers::~ShardFetchers() = default;

void ShardFetchers::may_fetch(ReplicaPtr replica, BrokerId leader) {
    if (stopping_) {
        return;
    }
    std::unique_ptr<One>& one = fetchers_[{leader, replica->directory()->id()}];
    if (one == nullptr) {
        auto connect = [this, leader](TimePoint deadline) {
            return this->connect(leader, deadline);
        };
        one = std::make_unique<One>(ports_, leader, options_.fetching, std::move(connect));
        one->fetcher.start();
    }
    one->fetcher.add(std::move(replica));
}

Task<Result<std::unique_ptr<Transport>>> ShardFetchers::connect(BrokerId leader,
                                                                TimePoint deadline) {
    if (ports_.view.image == nullptr) {
        // The replicas get their roles just before the shards get their first image.
        co_return fail(ErrorKind::not_found, "the address of broker {} is not known yet", leader);
    }
    auto endpoint = broker_endpoint(*ports_.view.image, leader, options_.listener);
    if (!endpoint) {
        co_return std::unexpected(endpoint.error());
    }
    const TimePoint limit = std::min(deadline, ports_.view.clock.now() + kConnectLimit);
    auto connected =
        co_await ports_.network.connect(ports_.view.shard, std::move(*endpoint), limit);
    co_return connected;
}

Task<> ShardFetchers::stop() {
    stopping_ = true;
    for (const auto& [key, one] : fetchers_) {
        one->channel.disconnect();
        one->fetcher.begin_stop();
    }
    for (const auto& [key, one] : fetchers_) {
        co_await one->channel.stop();
        co_await one->fetcher.stop();
    }
}

}  // namespace hw::broker
