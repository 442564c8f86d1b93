#include "broker/node.h"

#include <utility>

#include "broker/api/handlers.h"

namespace hw::broker {

struct Node::DataShard {
    DataShard(Shard& place, const NodeOptions& options, const NodePorts& ports)
        : shard(place),
          waiting(place, ports.clock),
          services{.node_id = options.id,
                   .shard = place,
                   .clock = ports.clock,
                   .image = nullptr,
                   .replicas = {},
                   .in_session = true,
                   .waiting = waiting},
          host(place, ports.clock, dispatcher,
               {.memory = options.memory_limit / ports.data.size(),
                .connection = options.connection_limits},
               Logger(ports.log, "net")) {
        add_handlers(dispatcher, services);
    }

    Shard& shard;
    WaitingRequests waiting;
    ApiServices services;
    Dispatcher dispatcher;
    ConnectionHost host;
};

Node::Node(NodeOptions options, NodePorts ports)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      log_(ports_.log, "node"),
      connections_(options_.connections_max) {
    for (Shard* shard : ports_.data) {
        shards_.push_back(std::make_unique<DataShard>(*shard, options_, ports_));
    }
}

Node::~Node() = default;

Task<Result<void>> Node::start() {
    if (auto bound = bind_listeners(); !bound) {
        co_return bound;
    }
    const auto image = initial_image();
    for (const auto& shard : shards_) {
        shard->shard.post([image, &data = *shard] {
            data.services.image = image;
            data.waiting.start();
            data.host.start();
        });
    }
    for (const auto& acceptor : acceptors_) {
        acceptor->start();
        log_.info("listening on {} ({})", to_string(acceptor->info().bound), acceptor->info().name);
    }
    co_return Result<void>();
}

Result<void> Node::bind_listeners() {
    std::vector<ConnectionHost*> hosts;
    for (const auto& shard : shards_) {
        hosts.push_back(&shard->host);
    }
    for (const ListenerOptions& wanted : options_.listeners) {
        auto listener = ports_.network.listen(ports_.control, wanted.bind);
        if (!listener) {
            return fail(listener.error().kind,
                        "{} (listener {}). Choose another port in `listeners`, or end the program "
                        "that holds this one",
                        listener.error().message, wanted.name);
        }
        ListenerInfo info{.name = wanted.name,
                          .role = wanted.role,
                          .bound = (*listener)->local(),
                          .advertised = (*listener)->local()};
        AcceptorServices services{.shard = ports_.control,
                                  .clock = ports_.clock,
                                  .hosts = hosts,
                                  .count = connections_,
                                  .log = log_.named("net")};
        acceptors_.push_back(
            std::make_unique<Acceptor>(std::move(services), std::move(*listener), std::move(info)));
    }
    return {};
}

std::shared_ptr<const controller::MetadataImage> Node::initial_image() const {
    auto image = std::make_shared<controller::MetadataImage>(options_.cluster_id);
    image->set_controller(options_.id);
    controller::BrokerImage self;
    self.id = options_.id;
    self.fenced = false;
    for (const auto& acceptor : acceptors_) {
        if (acceptor->info().role == ListenerRole::broker) {
            self.endpoints.emplace(acceptor->info().name,
                                   controller::NodeEndpoint{acceptor->info().advertised, 0});
        }
    }
    image->put(std::move(self));
    return image;
}

Task<> Node::stop_shard(DataShard& shard, Shard& control, Signal& stopped) {
    co_await shard.host.stop();
    co_await shard.waiting.stop();
    control.post([&stopped] { stopped.set(); });
}

Task<> Node::stop() {
    for (const auto& acceptor : acceptors_) {
        co_await acceptor->stop();
    }
    for (const auto& shard : shards_) {
        Signal stopped;
        shard->shard.post([this, &stopped, &data = *shard] {
            data.shard.spawn(stop_shard(data, ports_.control, stopped));
        });
        co_await ports_.control.wait(stopped, kNever);
    }
    // Ends of connections are counted by work that was posted here before; it runs first.
    Signal settled;
    ports_.control.post([&settled] { settled.set(); });
    co_await ports_.control.wait(settled, kNever);
}

std::vector<ListenerInfo> Node::listeners() const {
    std::vector<ListenerInfo> all;
    for (const auto& acceptor : acceptors_) {
        all.push_back(acceptor->info());
    }
    return all;
}

}  // namespace hw::broker
