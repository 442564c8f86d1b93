#include "broker/quorum/broker_watch.h"

#include <algorithm>
#include <utility>

namespace hw::broker {

BrokerWatch::BrokerWatch(const Ports& ports, ControllerRuntime& controller, BrokerId self)
    : ports_(ports), controller_(controller), self_(self), tasks_(ports.shard) {}

void BrokerWatch::start() {
    tasks_.spawn(watch());
}

Task<> BrokerWatch::stop() {
    stopping_ = true;
    changed_.set();
    co_await tasks_.wait_idle();
}

void BrokerWatch::on_role_change() {
    watched_.clear();
    if (!controller_.controller().is_leading()) {
        return;
    }
    for (const auto& [id, broker] : controller_.controller().appended().brokers()) {
        if (!broker.fenced && id != self_) {
            watched_[id] = {.epoch = broker.epoch,
                            .sign = "it sent no heartbeat to this new active controller",
                            .dial_at = ports_.clock.now() + kFirstHeartbeatLimit};
        }
    }
    changed_.set();
}

void BrokerWatch::on_heartbeat(BrokerId broker, BrokerEpoch epoch,
                               std::unique_ptr<ConnectionState>& state) {
    if (broker == self_) {
        return;
    }
    const auto* known = static_cast<const HeartbeatConnection*>(state.get());
    Watched& watched = watched_[broker];
    if (known != nullptr && known->broker == broker && known->number == watched.connection) {
        watched.epoch = epoch;
        return;
    }
    watched = {.epoch = epoch, .connection = ++connections_};
    state = std::make_unique<HeartbeatConnection>(*this, broker, watched.connection);
}

void BrokerWatch::on_connection_end(BrokerId broker, std::uint64_t number) {
    const auto found = watched_.find(broker);
    if (found != watched_.end() && found->second.connection == number) {
        found->second.connection = 0;
        found->second.sign = "its heartbeat connection ended";
        found->second.dial_at = ports_.clock.now() + kReconnectLimit;
        changed_.set();
    }
}

TimePoint BrokerWatch::next_dial() const {
    TimePoint next = kNever;
    for (const auto& [id, watched] : watched_) {
        if (!dialled_.contains(id)) {
            next = std::min(next, watched.dial_at);
        }
    }
    return next;
}

Task<> BrokerWatch::watch() {
    while (!stopping_) {
        co_await ports_.shard.wait(changed_, next_dial());
        dial_due();
    }
}

void BrokerWatch::dial_due() {
    const TimePoint now = ports_.clock.now();
    for (auto next = watched_.begin(); next != watched_.end() && !stopping_;) {
        const auto entry = next++;
        auto& [id, watched] = *entry;
        if (watched.dial_at > now || dialled_.contains(id)) {
            continue;
        }
        auto endpoints = endpoints_of(id, watched.epoch);
        if (endpoints.empty()) {
            watched_.erase(entry);
            continue;
        }
        watched.dial_at = kNever;
        dialled_.insert(id);
        tasks_.spawn(dial(id, watched.epoch, std::move(endpoints)));
    }
}

std::vector<Endpoint> BrokerWatch::endpoints_of(BrokerId broker, BrokerEpoch epoch) const {
    const controller::BrokerImage* found = controller_.controller().appended().find_broker(broker);
    if (!controller_.controller().is_leading() || found == nullptr || found->epoch != epoch ||
        found->fenced) {
        return {};
    }
    std::vector<Endpoint> all;
    for (const auto& [name, endpoint] : found->endpoints) {
        all.push_back(endpoint.address);
    }
    return all;
}

Task<> BrokerWatch::dial(BrokerId broker, BrokerEpoch epoch, std::vector<Endpoint> endpoints) {
    const TimePoint deadline = ports_.clock.now() + kDialLimit;
    bool all_refuse = true;
    for (auto next = endpoints.begin(); next != endpoints.end() && all_refuse; ++next) {
        const auto connected = co_await ports_.network.connect(ports_.shard, *next, deadline);
        all_refuse = !connected && connected.error().kind == ErrorKind::closed;
    }
    on_dialled(broker, epoch, all_refuse);
}

void BrokerWatch::on_dialled(BrokerId broker, BrokerEpoch epoch, bool all_refuse) {
    dialled_.erase(broker);
    changed_.set();
    const auto found = watched_.find(broker);
    if (stopping_ || found == watched_.end() || found->second.connection != 0) {
        return;  // the broker has sent a heartbeat meanwhile, or this controller is not active
    }
    const std::string_view sign = found->second.sign;
    if (found->second.dial_at == kNever) {
        watched_.erase(found);
    }
    if (all_refuse && controller_.fence_gone(broker, epoch)) {
        ports_.log.warning("broker {} is gone: {} and its listeners refuse connections", broker,
                           sign);
    }
}

}  // namespace hw::broker
