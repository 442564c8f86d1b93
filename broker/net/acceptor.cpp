#include "broker/net/acceptor.h"

#include <utility>

namespace hw::broker {

Acceptor::Acceptor(AcceptorServices services, std::unique_ptr<Listener> listener, ListenerInfo info)
    : services_(std::move(services)),
      listener_(std::move(listener)),
      info_(std::move(info)),
      warnings_(services_.log, services_.clock),
      tasks_(services_.shard) {}

Task<> Acceptor::run() {
    for (std::size_t turn = 0; !stopping_; turn = (turn + 1) % services_.hosts.size()) {
        ConnectionManager& host = *services_.hosts[turn];
        auto accepted = co_await listener_->accept(host.shard());
        if (accepted) {
            deal(std::move(*accepted), host);
        } else if (!stopping_) {
            services_.log.warning("{}; accepting again in 100 ms", accepted.error().message);
            co_await services_.shard.wait(stop_, services_.clock.now() + kAcceptRetryPause);
        }
    }
}

void Acceptor::deal(std::unique_ptr<Transport> transport, ConnectionManager& host) {
    if (!services_.count.try_add(user())) {
        warnings_.warning(
            "connection from {} to {} refused: {} connections are open, which is the limit for "
            "this listener. It follows from the limit of open files (ulimit -n): raise that, or "
            "close connections",
            to_string(transport->peer()), info_.name, services_.count.limit(user()));
        transport->close();
        return;
    }
    host.shard().post([this, &host, transport = std::move(transport)]() mutable {
        host.adopt(std::move(transport), info_, [this] {
            services_.shard.post([&count = services_.count, user = user()] { count.remove(user); });
        });
    });
}

Task<> Acceptor::stop() {
    stopping_ = true;
    listener_->close();
    stop_.set();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
