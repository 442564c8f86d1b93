#include "controller/ops/brokers.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "controller/image/features.h"
#include "controller/image/from_record.h"
#include "controller/image/topic_image.h"
#include "controller/ops/election.h"
#include "controller/ops/record_batch.h"

namespace hw::controller {
namespace {

using wire::ErrorCode;

/// Copies the endpoints or features of a registration request into the batch, as `Record` needs
/// them.
template <class Record, class ListenerArray>
wire::Array<typename Record::Endpoint> recorded_endpoints(RecordBatch& batch,
                                                          const ListenerArray& listeners) {
    std::vector<typename Record::Endpoint> endpoints;
    for (const auto& listener : listeners) {
        endpoints.push_back({.name = batch.text(listener.name),
                             .host = batch.text(listener.host),
                             .port = listener.port,
                             .security_protocol = listener.security_protocol});
    }
    return batch.list(endpoints);
}
template <class Record, class FeatureArray>
wire::Array<typename Record::Feature> recorded_features(RecordBatch& batch,
                                                        const FeatureArray& supported) {
    std::vector<typename Record::Feature> features;
    for (const auto& feature : supported) {
        features.push_back({.name = batch.text(feature.name),
                            .min_supported_version = feature.min_supported_version,
                            .max_supported_version = feature.max_supported_version});
    }
    return batch.list(features);
}

using Request = schema::BrokerRegistrationRequest;

bool contains(const wire::Array<DirectoryId>& directories, DirectoryId sought) {
    return std::ranges::find(directories, sought) != directories.end();
}

/// More than any node needs; the controllers work through all of it, and keep it.
constexpr std::size_t kMaxBrokers = 10'000;
constexpr std::size_t kMaxListeners = 100;
constexpr std::size_t kMaxFeatures = 100;
constexpr std::size_t kMaxName = 255;

/// Errors: `code`, if a node registers more than the controllers take.
template <class AnyRegistration>
Checked<void> check_size(const AnyRegistration& request, BrokerId node, ErrorCode code) {
    if (request.listeners.size() > kMaxListeners || request.features.size() > kMaxFeatures) {
        return refuse(
            code, "node {} registers {} listeners and {} features; the limits are {} and {}", node,
            request.listeners.size(), request.features.size(), kMaxListeners, kMaxFeatures);
    }
    std::size_t longest = 0;
    for (const auto& listener : request.listeners) {
        longest = std::max({longest, listener.name.size(), listener.host.size()});
    }
    for (const auto& feature : request.features) {
        longest = std::max(longest, feature.name.size());
    }
    if (longest > kMaxName) {
        return refuse(code, "node {} registers a name of {} bytes; the limit is {}", node, longest,
                      kMaxName);
    }
    return {};
}

Checked<void> check_size(const Request& request) {
    if (request.log_dirs.size() > kMaxDirectories) {
        return refuse(ErrorCode::invalid_registration,
                      "broker {} registers {} log directories; the limit is {}", request.broker_id,
                      request.log_dirs.size(), kMaxDirectories);
    }
    if (!wire::is_null(request.rack) && request.rack.size() > kMaxName) {
        return refuse(ErrorCode::invalid_registration,
                      "broker {} registers a rack of {} bytes; the limit is {}", request.broker_id,
                      request.rack.size(), kMaxName);
    }
    return check_size(request, request.broker_id, ErrorCode::invalid_registration);
}

Checked<void> check_number(const Request& request, const MetadataImage& image) {
    if (image.find_broker(request.broker_id) == nullptr && image.brokers().size() >= kMaxBrokers) {
        return refuse(ErrorCode::invalid_registration,
                      "broker {} is new, and {} brokers are registered already, which is the limit",
                      request.broker_id, kMaxBrokers);
    }
    return {};
}

Checked<void> check_cluster(const Request& request, const MetadataImage& image) {
    if (request.broker_id < BrokerId(0)) {
        return refuse(ErrorCode::invalid_registration,
                      "broker id {} is negative; node.id must be 0 or more", request.broker_id);
    }
    if (request.cluster_id != image.cluster_id()) {
        return refuse(ErrorCode::inconsistent_cluster_id,
                      "broker {} belongs to cluster '{}', but this is cluster '{}'",
                      request.broker_id, request.cluster_id, image.cluster_id());
    }
    if (request.is_migrating_zk_broker) {
        return refuse(ErrorCode::broker_id_not_registered,
                      "broker {} is migrating from ZooKeeper, which is not supported",
                      request.broker_id);
    }
    return {};
}

Checked<void> check_directories(const Request& request, const MetadataImage& image) {
    if (request.log_dirs.empty()) {
        return refuse(ErrorCode::invalid_registration, "broker {} names no log directories",
                      request.broker_id);
    }
    std::set<DirectoryId> seen;
    for (const DirectoryId directory : request.log_dirs) {
        if (is_reserved(directory)) {
            return refuse(ErrorCode::invalid_registration,
                          "broker {} names the reserved directory id {}", request.broker_id,
                          directory);
        }
        if (!seen.insert(directory).second) {
            return refuse(ErrorCode::invalid_registration, "broker {} names log directory {} twice",
                          request.broker_id, directory);
        }
    }
    for (const auto& [id, broker] : image.brokers()) {
        for (const DirectoryId directory : broker.log_dirs) {
            if (id != request.broker_id && seen.contains(directory)) {
                return refuse(ErrorCode::invalid_registration,
                              "log directory {} of broker {} is already registered by broker {}",
                              directory, request.broker_id, id);
            }
        }
    }
    return {};
}

Checked<void> check_listeners(const Request& request) {
    if (request.listeners.empty()) {
        return refuse(ErrorCode::invalid_registration, "broker {} names no listeners",
                      request.broker_id);
    }
    std::set<std::string_view> seen;
    for (const Request::Listener& listener : request.listeners) {
        if (!seen.insert(listener.name).second) {
            return refuse(ErrorCode::invalid_registration, "broker {} names listener {} twice",
                          request.broker_id, listener.name);
        }
    }
    return {};
}

/// A feature that the request does not name is supported at level 0 only.
Checked<void> check_features(const Request& request, const MetadataImage& image) {
    FeatureRanges supported = features_of(request.features);
    for (const auto& [name, level] : image.features()) {
        supported.try_emplace(name);
    }
    for (const auto& [name, range] : supported) {
        const std::int16_t level = working_level(image, name);
        if (!range.contains(level)) {
            return refuse(ErrorCode::unsupported_version,
                          "broker {} supports {} from {} to {}, the cluster is at {}",
                          request.broker_id, name, range.low, range.high, level);
        }
    }
    return {};
}

Checked<void> check_replacement(const Request& request, const OperationContext& context) {
    const BrokerImage* old = context.image.find_broker(request.broker_id);
    if (old == nullptr || old->incarnation == request.incarnation_id) {
        return {};
    }
    const bool in_common = std::ranges::any_of(old->log_dirs, [&](DirectoryId directory) {
        return contains(request.log_dirs, directory);
    });
    if (in_common || !context.heartbeats.has_session(request.broker_id, context.now)) {
        return {};
    }
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const Duration silence = *context.heartbeats.silence(request.broker_id, context.now);
    return refuse(
        ErrorCode::duplicate_broker_registration,
        "broker id {} is in use by incarnation {} with log directories {}, last heard from {} ms "
        "ago; incarnation {} has other log directories, {}. Choose another node.id, or stop that "
        "broker and wait {} ms (broker.session.timeout.ms)",
        request.broker_id, old->incarnation, fmt::join(old->log_dirs, ", "),
        duration_cast<milliseconds>(silence).count(), request.incarnation_id,
        fmt::join(request.log_dirs.begin(), request.log_dirs.end(), ", "),
        duration_cast<milliseconds>(context.heartbeats.session_timeout()).count());
}

Checked<void> check(const Request& request, const OperationContext& context) {
    Checked<void> checked = check_size(request);
    if (checked) {
        checked = check_cluster(request, context.image);
    }
    if (checked) {
        checked = check_number(request, context.image);
    }
    if (checked && context.version().has_directories()) {
        checked = check_directories(request, context.image);
    }
    if (checked) {
        checked = check_listeners(request);
    }
    if (checked) {
        checked = check_features(request, context.image);
    }
    return checked ? check_replacement(request, context) : checked;
}

}  // namespace

Outcome<BrokerRegistrationResult> register_broker(const Request& request,
                                                  const OperationContext& context) {
    Outcome<BrokerRegistrationResult> outcome;
    if (const Checked<void> checked = check(request, context); !checked) {
        outcome.response.refusal = checked.error();
        return outcome;
    }
    using Record = schema::RegisterBrokerRecord;
    RecordBatch& records = outcome.records;
    const BrokerImage* old = context.image.find_broker(request.broker_id);
    const bool amends = old != nullptr && old->incarnation == request.incarnation_id;
    if (old != nullptr && !amends) {
        BrokersDuringElection brokers = context.brokers();
        brokers.leaving = request.broker_id;
        add_changes_of_leaving(records, brokers);
    }
    if (amends && context.version().has_directories()) {
        BrokersDuringElection brokers = context.brokers();
        brokers.leaving = request.broker_id;
        for (const DirectoryId directory : old->log_dirs) {
            if (!contains(request.log_dirs, directory)) {
                add_changes_of_directory(records, brokers, directory);
            }
        }
    }
    Record record{.broker_id = request.broker_id,
                  .incarnation_id = request.incarnation_id,
                  .end_points = recorded_endpoints<Record>(records, request.listeners),
                  .features = recorded_features<Record>(records, request.features),
                  .rack = records.text(request.rack)};
    if (amends) {
        record.broker_epoch = old->epoch;
        record.fenced = old->fenced;
        record.in_controlled_shutdown = old->in_controlled_shutdown;
    } else {
        const Offset own = context.next_offset + static_cast<std::int64_t>(records.size());
        record.broker_epoch = BrokerEpoch(own.value());
    }
    if (context.version().has_directories()) {
        record.log_dirs = records.list(request.log_dirs);
    }
    outcome.response.broker_epoch = record.broker_epoch;
    records.add(record, context.version().register_broker());
    return outcome;
}

Outcome<ControllerRegistrationResult> register_controller(
    const schema::ControllerRegistrationRequest& request, const OperationContext& context) {
    Outcome<ControllerRegistrationResult> outcome;
    if (!context.version().has_controller_registration()) {
        outcome.response.refusal =
            refuse(ErrorCode::unsupported_version,
                   "controllers can register from metadata.version 15 on; this cluster is at {}",
                   context.version().level())
                .error();
        return outcome;
    }
    if (const auto checked = check_size(request, request.controller_id, ErrorCode::invalid_request);
        !checked) {
        outcome.response.refusal = checked.error();
        return outcome;
    }
    using Record = schema::RegisterControllerRecord;
    RecordBatch& records = outcome.records;
    records.add(Record{.controller_id = request.controller_id,
                       .incarnation_id = request.incarnation_id,
                       .zk_migration_ready = false,
                       .end_points = recorded_endpoints<Record>(records, request.listeners),
                       .features = recorded_features<Record>(records, request.features)},
                ApiVersion(0));
    return outcome;
}

}  // namespace hw::controller
