#pragma once

#include <algorithm>
#include <vector>

#include "broker/api/partition_lookup.h"
#include "broker/net/request_context.h"

namespace hw::broker {

/// Adds the leaders of partitions that this broker does not lead to an answer, so that the client
/// need not ask for metadata (KIP-951). The views point into the metadata.
template <class Response>
class LeaderHints {
    using Endpoint = Response::NodeEndpoint;

public:
    LeaderHints(const ApiServices& services, const ListenerInfo& listener)
        : services_(services), listener_(listener) {}

    /// Adds the known leader to the answer of one partition, if its error says that another leads.
    void add(const FoundTopic& topic, PartitionIndex index, Response::Partition& answer) {
        const auto* partition =
            topic.image == nullptr ? nullptr : topic.image->partitions.find(index);
        if (partition == nullptr || partition->leader == kNoBroker ||
            !says_more(*partition, answer)) {
            return;
        }
        answer.current_leader = {partition->leader, partition->leader_epoch};
        add_endpoint(partition->leader);
    }

    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

private:
    /// Whether a hint helps the client. It does not if this broker is the leader but cannot serve:
    /// the client would come back here.
    [[nodiscard]] bool says_more(const controller::PartitionImage& partition,
                                 const Response::Partition& answer) const {
        return answer.error_code == wire::ErrorCode::fenced_leader_epoch ||
               (answer.error_code == wire::ErrorCode::not_leader_or_follower &&
                partition.leader != services_.node_id);
    }

    void add_endpoint(BrokerId id) {
        const controller::BrokerImage* broker = services_.image->find_live_broker(id);
        const bool known = std::ranges::any_of(
            endpoints_, [id](const Endpoint& endpoint) { return endpoint.node_id == id; });
        if (broker == nullptr || known) {
            return;
        }
        const auto found = broker->endpoints.find(listener_.name);
        if (found != broker->endpoints.end()) {
            const auto& address = found->second.address;
            endpoints_.push_back({.node_id = id,
                                  .host = address.host,
                                  .port = address.port,
                                  .rack = broker->rack.empty() ? std::string_view()
                                                               : std::string_view(broker->rack)});
        }
    }

    const ApiServices& services_;
    const ListenerInfo& listener_;
    std::vector<Endpoint> endpoints_;
};

}  // namespace hw::broker
