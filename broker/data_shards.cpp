#include "broker/data_shards.h"

#include <algorithm>
#include <utility>

namespace hw::broker {

struct DataShards::One {
    One(const Ports& ports, Shard& place, const replication::FetchSessionOptions& sessions)
        : shard(place),
          services{{.node_id = ports.node_id,
                    .shard = place,
                    .clock = ports.clock,
                    .image = nullptr,
                    .replicas = {}},
                   delayed},
          flushes(place),
          dispatcher(ports.authorizer, ports.quotas),
          host(place, ports.clock, dispatcher, ports.limits, ports.log),
          fetchers({.view = services, .network = ports.network, .log = ports.replica_log},
                   ports.fetching),
          delayed(place, ports.clock) {
        add_handlers(dispatcher, services, ports.services, sessions);
    }

    Shard& shard;
    ApiServices services;
    FlushQueue flushes;
    Dispatcher dispatcher;
    ConnectionManager host;
    ShardFetchers fetchers;
    DelayedRequests delayed;  ///< destroyed first: requests that it releases use the others
};

DataShards::DataShards(const Ports& ports, const std::vector<Shard*>& places)
    : control_(ports.control) {
    for (std::size_t index = 0; index < places.size(); ++index) {
        auto sessions =
            replication::session_options_of_shard(ports.fetch_session_slots, index, places.size());
        sessions.bytes = ports.limits.memory.fetch_sessions;
        ports.entropy.fill(std::as_writable_bytes(std::span(&sessions.seed, 1)));
        shards_.push_back(std::make_unique<One>(ports, *places[index], sessions));
    }
}

DataShards::~DataShards() = default;

std::vector<ShardView*> DataShards::views() {
    std::vector<ShardView*> views;
    for (const auto& one : shards_) {
        views.push_back(&one->services);
    }
    return views;
}

std::vector<FlushQueue*> DataShards::flush_queues(FlushQueue& other) {
    std::vector<FlushQueue*> queues(control_.index() + 1, &other);
    for (const auto& one : shards_) {
        queues.resize(std::max(queues.size(), one->shard.index() + 1), &other);
        queues[one->shard.index()] = &one->flushes;
    }
    return queues;
}

std::vector<ConnectionManager*> DataShards::hosts() {
    std::vector<ConnectionManager*> hosts;
    for (const auto& one : shards_) {
        hosts.push_back(&one->host);
    }
    return hosts;
}

std::vector<ClusterPeers::ShardPlace> DataShards::fetchers() {
    std::vector<ClusterPeers::ShardPlace> places;
    for (const auto& one : shards_) {
        places.push_back({one->shard, one->fetchers});
    }
    return places;
}

void DataShards::start() {
    for (const auto& one : shards_) {
        one->shard.post([&data = *one] {
            data.delayed.start();
            data.host.start();
        });
    }
}

void DataShards::set_broker_epoch(BrokerEpoch epoch) {
    for (const auto& one : shards_) {
        one->shard.post([epoch, &data = *one] { data.services.broker_epoch = epoch; });
    }
}

Task<> DataShards::drain(TimePoint deadline) {
    const auto drain_one = [deadline](One& one) { return one.host.drain(deadline); };
    co_await on_all(drain_one);
}

void DataShards::take_requests() {
    for (const auto& one : shards_) {
        one->shard.post([&data = *one] { data.host.take_requests(); });
    }
}

Task<> DataShards::stop() {
    const auto stop_one = [](One& one) -> Task<> {
        co_await one.host.stop();
        co_await one.delayed.stop();
    };
    co_await on_all(stop_one);
}

Task<> DataShards::stop_fetching() {
    const auto stop_one = [](One& one) { return one.fetchers.stop(); };
    co_await on_all(stop_one);
}

Task<> DataShards::settle() {
    const auto look_in = [](One&) -> Task<> { co_return; };
    co_await on_all(look_in);
}

Task<> DataShards::run_on(One& one, const Work& work, Shard& control, Signal& done) {
    co_await work(one);
    control.post([&done] { done.set(); });
}

Task<> DataShards::on_all(Work work) {
    std::vector<Signal> done(shards_.size());
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        shards_[i]->shard.post([this, &work, &one = *shards_[i], &ended = done[i]] {
            one.shard.spawn(run_on(one, work, control_, ended));
        });
    }
    for (Signal& ended : done) {
        co_await control_.wait(ended, kNever);
    }
}

}  // namespace hw::broker
