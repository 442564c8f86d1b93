#include "broker/api/describe_cluster.h"

#include <algorithm>
#include <vector>

#include "broker/api/authorized_operations.h"
#include "broker/api/listener_view.h"
#include "controller/image/features.h"
#include "controller/ops/results.h"

namespace hw::broker {
namespace {

using controller::Checked;
using controller::MetadataImage;
using controller::MetadataVersion;
using controller::refuse;
using schema::DescribeClusterRequest;
using schema::DescribeClusterResponse;
using wire::ErrorCode;

enum class EndpointType : std::int8_t { brokers = 1, controllers = 2 };

using Nodes = std::vector<DescribeClusterResponse::Broker>;

EndpointType type_of(const ListenerInfo& listener) {
    return listener.role == ListenerRole::broker ? EndpointType::brokers
                                                 : EndpointType::controllers;
}

Nodes brokers_of(const MetadataImage& image, const ListenerInfo& listener,
                 const DescribeClusterRequest& request) {
    Nodes nodes;
    for (const auto& [id, broker] : image.brokers()) {
        const Endpoint* endpoint = endpoint_on(broker.endpoints, listener);
        if (endpoint != nullptr && (!broker.fenced || request.include_fenced_brokers)) {
            nodes.push_back({.broker_id = id,
                             .host = endpoint->host,
                             .port = endpoint->port,
                             .rack = rack_or_null(broker),
                             .is_fenced = broker.fenced});
        }
    }
    return nodes;
}

Nodes controllers_of(const MetadataImage& image, const ListenerInfo& listener) {
    Nodes nodes;
    for (const auto& [id, controller] : image.controllers()) {
        if (const Endpoint* endpoint = endpoint_on(controller.endpoints, listener)) {
            nodes.push_back({.broker_id = id, .host = endpoint->host, .port = endpoint->port});
        }
    }
    return nodes;
}

/// Version 0 always asks for brokers, because it has no field for the type. Clients of version 0 do
/// not know MISMATCHED_ENDPOINT_TYPE.
Checked<void> check_type(const DescribeClusterRequest& request, const ListenerInfo& listener,
                         ApiVersion version) {
    const auto asked = static_cast<EndpointType>(request.endpoint_type);
    if (asked != EndpointType::brokers && asked != EndpointType::controllers) {
        return refuse(ErrorCode::unsupported_endpoint_type,
                      "unknown endpoint type {}: 1 is brokers, 2 is controllers",
                      request.endpoint_type);
    }
    if (asked == type_of(listener)) {
        return {};
    }
    const ErrorCode code =
        version == ApiVersion(0) ? ErrorCode::invalid_request : ErrorCode::mismatched_endpoint_type;
    if (asked == EndpointType::brokers) {
        return refuse(code,
                      "the request asks for brokers, but {} is a listener of controllers. Send it "
                      "to a broker (--bootstrap-server)",
                      listener.name);
    }
    return refuse(code,
                  "the request asks for controllers, but {} is a listener of brokers. Send it to a "
                  "controller (--bootstrap-controller)",
                  listener.name);
}

/// Before metadata.version 15 controllers do not register, so they are not known.
Checked<void> check_level(const MetadataImage& image, EndpointType type) {
    const MetadataVersion version(image.feature_level(controller::kMetadataVersionFeature));
    if (type == EndpointType::controllers && !version.has_controller_registration()) {
        return refuse(ErrorCode::unsupported_version,
                      "controllers are known from metadata.version 15 (3.7-IV0) on; the cluster's "
                      "is {}. Upgrade the feature, or ask a broker",
                      version.level());
    }
    return {};
}

/// Only callers that may alter the cluster get its controllers, as in Kafka.
Checked<void> check_caller(const RequestContext& who) {
    if (who.listener->role == ListenerRole::controller && !who.allows(Operation::alter, kCluster)) {
        return refuse(ErrorCode::cluster_authorization_failed,
                      "only clients that may alter the cluster may list its controllers");
    }
    return {};
}

Checked<Nodes> nodes_for(const MetadataImage& image, const RequestContext& who,
                         const DescribeClusterRequest& request, ApiVersion version) {
    const ListenerInfo& listener = *who.listener;
    HW_TRY_VOID(check_caller(who));
    HW_TRY_VOID(check_type(request, listener, version));
    HW_TRY_VOID(check_level(image, type_of(listener)));
    return type_of(listener) == EndpointType::brokers ? brokers_of(image, listener, request)
                                                      : controllers_of(image, listener);
}

/// The controller, if it is one of the listed nodes, so that clients find it there; otherwise -1.
BrokerId controller_of(const MetadataImage& image, const ListenerInfo& listener,
                       const Nodes& nodes) {
    if (type_of(listener) == EndpointType::brokers) {
        return controller_for_clients(image, listener);
    }
    const bool is_told =
        std::ranges::find(nodes, image.controller(), &DescribeClusterResponse::Broker::broker_id) !=
        nodes.end();
    return is_told ? image.controller() : kNoBroker;
}

}  // namespace

Task<> DescribeClusterHandler::serve(ExchangePtr exchange, const DescribeClusterRequest& request) {
    const MetadataImage& image = *services_.image;
    const ListenerInfo& listener = *exchange->context().listener;
    DescribeClusterResponse response;
    const auto nodes = nodes_for(image, exchange->context(), request, exchange->version());
    if (nodes) {
        response.endpoint_type = static_cast<std::int8_t>(type_of(listener));
        response.cluster_id = image.cluster_id();
        response.controller_id = controller_of(image, listener, *nodes);
        response.brokers = *nodes;
        response.cluster_authorized_operations = request.include_cluster_authorized_operations
                                                     ? cluster_operations(exchange->context())
                                                     : kOperationsNotAsked;
    } else {
        response.error_code = nodes.error().code;
        response.error_message = nodes.error().message;
    }
    exchange->reply(response);
    return done();
}

}  // namespace hw::broker
