#include "broker/metadata/controller_connector.h"

#include <algorithm>
#include <utility>

namespace hw::broker {

ControllerConnector::ControllerConnector(const Ports& ports, BrokerId self,
                                         std::vector<ControllerAddress> configured,
                                         ConnectOwn connect_own)
    : ports_(ports),
      self_(self),
      locator_(std::move(configured)),
      connect_own_(std::move(connect_own)) {
    locator_.on_change([this] { on_change(); });
}

PeerChannel::Connect ControllerConnector::to_active() {
    return [this](TimePoint deadline) { return connect_active(deadline); };
}

PeerChannel::Connect ControllerConnector::to_asked() {
    return [this](TimePoint deadline) { return connect(locator_.to_ask(), deadline); };
}

void ControllerConnector::on_change() {
    for (PeerChannel* channel : followers_) {
        channel->disconnect();
    }
    if (locator_.active()) {
        for (Signal* waiter : waiters_) {
            waiter->set();
        }
        if (tell_active_) {
            tell_active_();
        }
    }
}

void ControllerConnector::end_waits() {
    stopping_ = true;
    for (Signal* waiter : waiters_) {
        waiter->set();
    }
}

Task<ControllerConnector::Connected> ControllerConnector::connect_active(TimePoint deadline) {
    while (!stopping_ && ports_.clock.now() < deadline) {
        if (!locator_.active()) {
            Signal known;
            const auto place = waiters_.insert(waiters_.end(), &known);
            co_await ports_.shard.wait(known, deadline);
            waiters_.erase(place);
            continue;
        }
        const ControllerAddress active = *locator_.active();
        auto connected = co_await connect(active, deadline);
        if (!connected || locator_.active() == active) {
            co_return connected;
        }
        (*connected)->close();  // meanwhile another one is active
    }
    co_return fail(ErrorKind::timed_out, "no active controller of the cluster was found");
}

Task<ControllerConnector::Connected> ControllerConnector::connect(ControllerAddress controller,
                                                                  TimePoint deadline) {
    if (controller.id == self_) {
        co_return connect_own_();
    }
    const TimePoint limit = std::min(deadline, ports_.clock.now() + kConnectLimit);
    auto connected =
        co_await ports_.network.connect(ports_.shard, std::move(controller.endpoint), limit);
    co_return connected;
}

}  // namespace hw::broker
