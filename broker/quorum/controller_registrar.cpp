#include "broker/quorum/controller_registrar.h"

#include <utility>
#include <vector>

#include "controller/image/features.h"
#include "protocol/schema/api/controller_registration.h"

namespace hw::broker {

using Request = schema::ControllerRegistrationRequest;

ControllerRegistrar::ControllerRegistrar(const Ports& ports, controller::ControllerImage self,
                                         replication::PeerClient& controller)
    : shard_(ports.shard),
      clock_(ports.clock),
      log_(ports.log),
      self_(std::move(self)),
      controller_(controller),
      tasks_(ports.shard) {}

void ControllerRegistrar::on_metadata(const controller::MetadataImage& image) {
    const controller::MetadataVersion version(
        image.feature_level(controller::kMetadataVersionFeature));
    const controller::ControllerImage* known = image.controllers().find(self_.id);
    const bool is_known = known != nullptr && known->incarnation == self_.incarnation;
    is_wanted_ = !is_known && version.has_controller_registration();
    if (is_wanted_ && !under_way_) {
        under_way_ = true;
        tasks_.spawn(run());
    }
}

Task<> ControllerRegistrar::run() {
    while (is_wanted_ && !stopping_) {
        co_await send();
        if (is_wanted_ && !stopping_) {
            co_await shard_.wait(stop_, clock_.now() + kRetry);
        }
    }
    under_way_ = false;
}

Task<> ControllerRegistrar::stop() {
    stopping_ = true;
    stop_.set();
    co_await tasks_.wait_idle();
}

Task<> ControllerRegistrar::send() {
    std::vector<Request::Listener> listeners;
    for (const auto& [name, endpoint] : self_.endpoints) {
        listeners.push_back({.name = name,
                             .host = endpoint.address.host,
                             .port = endpoint.address.port,
                             .security_protocol = endpoint.security_protocol});
    }
    std::vector<Request::Feature> features;
    for (const auto& [name, range] : self_.features) {
        features.push_back({.name = name,
                            .min_supported_version = range.low,
                            .max_supported_version = range.high});
    }
    Request request;
    request.controller_id = self_.id;
    request.incarnation_id = self_.incarnation;
    request.listeners = listeners;
    request.features = features;
    const TimePoint deadline = clock_.now() + kLimit;
    const auto answer = co_await replication::call<schema::ControllerRegistrationResponse>(
        controller_, request, ApiVersion(0), deadline);
    if (answer && (*answer)->error_code != wire::ErrorCode::none) {
        log_.warning("the registration of controller {} is refused: {} {}", self_.id,
                     (*answer)->error_code, (*answer)->error_message);
    }
}

}  // namespace hw::broker
