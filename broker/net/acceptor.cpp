#include "broker/net/acceptor.h"

#include <utility>

namespace hw::broker {

Acceptor::Acceptor(Shard& shard, const Clock& clock, std::unique_ptr<Listener> listener,
                   ListenerInfo info, std::vector<ConnectionHost*> hosts, ConnectionCount& count,
                   Logger log)
    : shard_(shard),
      clock_(clock),
      listener_(std::move(listener)),
      info_(std::move(info)),
      hosts_(std::move(hosts)),
      count_(count),
      log_(log),
      tasks_(shard) {}

Task<> Acceptor::run() {
    for (std::size_t turn = 0; !stopping_; turn = (turn + 1) % hosts_.size()) {
        ConnectionHost& host = *hosts_[turn];
        auto accepted = co_await listener_->accept(host.shard());
        if (accepted) {
            deal(std::move(*accepted), host);
        } else if (!stopping_) {
            log_.warning("{}; accepting rests for 100 ms", accepted.error().message);
            co_await shard_.wait(stop_, clock_.now() + kRest);
        }
    }
}

void Acceptor::deal(std::unique_ptr<Transport> transport, ConnectionHost& host) {
    if (!count_.try_add()) {
        log_.warning(
            "connection of {} refused: {} are open, the limit that follows from the limit of open "
            "files (ulimit -n)",
            to_string(transport->peer()), count_.limit());
        transport->close();
        return;
    }
    host.shard().post([this, &host, transport = std::move(transport)]() mutable {
        host.adopt(std::move(transport), info_,
                   [this] { shard_.post([&count = count_] { count.remove(); }); });
    });
}

Task<> Acceptor::stop() {
    stopping_ = true;
    listener_->close();
    stop_.set();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
