#include "controller/image/broker_record.h"

#include <utility>
#include <vector>

namespace hw::controller {
namespace {

std::vector<DirectoryId> owned(const wire::Array<DirectoryId>& array) {
    return std::vector<DirectoryId>(array.begin(), array.end());
}

}  // namespace

BrokerImage broker_of(const schema::RegisterBrokerRecord& record, Offset offset) {
    BrokerImage broker{.id = record.broker_id,
                       .epoch = record.broker_epoch,
                       .registered_at = offset,
                       .incarnation = record.incarnation_id,
                       .fenced = record.fenced,
                       .in_controlled_shutdown = record.in_controlled_shutdown,
                       .rack = std::string(record.rack),
                       .endpoints = endpoints_of(record.end_points),
                       .features = features_of(record.features),
                       .log_dirs = owned(record.log_dirs),
                       .cordoned_log_dirs = {}};
    if (!record.cordoned_log_dirs.is_null()) {
        broker.cordoned_log_dirs = owned(record.cordoned_log_dirs);
    }
    return broker;
}

ControllerImage controller_of(const schema::RegisterControllerRecord& record) {
    return {.id = record.controller_id,
            .incarnation = record.incarnation_id,
            .endpoints = endpoints_of(record.end_points),
            .features = features_of(record.features)};
}

BrokerImage changed(BrokerImage broker, const schema::BrokerRegistrationChangeRecord& record) {
    if (record.fenced != 0) {
        broker.fenced = record.fenced > 0;
    }
    if (record.in_controlled_shutdown != 0) {
        broker.in_controlled_shutdown = true;
    }
    if (!record.log_dirs.empty()) {
        broker.log_dirs = owned(record.log_dirs);
    }
    if (!record.cordoned_log_dirs.is_null()) {
        broker.cordoned_log_dirs = owned(record.cordoned_log_dirs);
    }
    return broker;
}

}  // namespace hw::controller
