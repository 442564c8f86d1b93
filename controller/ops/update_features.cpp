#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "controller/ops/features.h"

namespace hw::controller {
namespace {

using wire::ErrorCode;
using Request = schema::UpdateFeaturesRequest;
using Update = Request::FeatureUpdate;

/// The numbers are those of the protocol.
enum class UpdateType : std::int8_t { upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

UpdateType type_of(const Update& update) {
    return update.allow_downgrade ? UpdateType::safe_downgrade
                                  : static_cast<UpdateType>(update.upgrade_type);
}

/// The refusal of an update; `reason` is the end of its sentence.
std::unexpected<Refusal> refuse_level(const Update& update, std::string_view reason) {
    return refuse(ErrorCode::invalid_update_version, "feature {} cannot be set to {}: {}",
                  update.feature, update.max_version_level, reason);
}

/// Checks that a node supports the level. A feature that it did not register is supported at level
/// 0 only.
Checked<void> check_node(const Update& update, std::string_view role, BrokerId id,
                         const FeatureRanges& supported) {
    const auto found = supported.find(update.feature);
    const FeatureRange range = found == supported.end() ? FeatureRange() : found->second;
    if (range.contains(update.max_version_level)) {
        return {};
    }
    return refuse_level(update, range.high == 0
                                    ? fmt::format("{} {} does not support this feature", role, id)
                                    : fmt::format("{} {} supports the levels {} to {}", role, id,
                                                  range.low, range.high));
}

/// The active controller itself may not have registered yet.
Checked<void> check_own_support(const Update& update) {
    const KnownFeature* known = find_feature(update.feature);
    if (known == nullptr) {
        return refuse_level(update, "the active controller does not know this feature");
    }
    if (known->supported.contains(update.max_version_level)) {
        return {};
    }
    return refuse_level(update, known->supported.high == 0
                                    ? std::string("the active controller does not support this "
                                                  "feature yet")
                                    : fmt::format("the active controller supports the levels {} to "
                                                  "{}",
                                                  known->supported.low, known->supported.high));
}

Checked<void> check_nodes(const Update& update, const OperationContext& context) {
    for (const auto& [id, broker] : context.image.brokers()) {
        HW_TRY_VOID(check_node(update, "broker", id, broker.features));
    }
    if (!context.version().has_controller_registration()) {
        return {};  // what the other controllers support is not known
    }
    for (const BrokerId id : context.options.other_voters) {
        const ControllerImage* controller = context.image.controllers().find(id);
        if (controller == nullptr) {
            return refuse_level(update,
                                fmt::format("controller {} has not registered, so it may not "
                                            "support this level. Start it, and try again",
                                            id));
        }
        HW_TRY_VOID(check_node(update, "controller", id, controller->features));
    }
    return {};
}

Checked<void> check_direction(const Update& update, std::int16_t current) {
    const UpdateType type = type_of(update);
    if (type != UpdateType::upgrade && type != UpdateType::safe_downgrade &&
        type != UpdateType::unsafe_downgrade) {
        return refuse_level(update,
                            fmt::format("its update type {} is none of 1 (upgrade), 2 (safe "
                                        "downgrade) and 3 (unsafe downgrade)",
                                        update.upgrade_type));
    }
    if (update.max_version_level < current && type == UpdateType::upgrade) {
        return refuse_level(update, fmt::format("it is at {}, and a lower level needs the type of "
                                                "a safe or unsafe downgrade",
                                                current));
    }
    if (update.max_version_level > current && type != UpdateType::upgrade) {
        return refuse_level(update,
                            fmt::format("it is at {}, so this is not a downgrade", current));
    }
    return {};
}

Checked<void> check_metadata_version(const Update& update, std::int16_t current) {
    const MetadataVersion before(current);
    const MetadataVersion after(update.max_version_level);
    if (after.level() < before.level()) {
        return refuse_level(update, fmt::format("it is at {}, and this version cannot lower it, "
                                                "because metadata could be lost",
                                                current));
    }
    if (after.has_directories() && !before.has_directories()) {
        return refuse_level(update,
                            fmt::format("it is at {}, and this version cannot raise it from below "
                                        "17 to 17 or more, because the registrations of the "
                                        "brokers do not have their data directories",
                                        current));
    }
    return {};
}

Checked<void> check(const Update& update, const OperationContext& context) {
    if (update.max_version_level < 0) {
        return refuse_level(update, "a level is not negative");
    }
    HW_TRY_VOID(check_own_support(update));
    HW_TRY_VOID(check_nodes(update, context));
    const std::int16_t current = context.image.feature_level(update.feature);
    HW_TRY_VOID(check_direction(update, current));
    return update.feature == kMetadataVersionFeature ? check_metadata_version(update, current)
                                                     : Checked<void>();
}

Checked<void> check(const Request& request, const OperationContext& context) {
    if (request.feature_updates.size() > kMaxFeatureUpdates) {
        return refuse(ErrorCode::invalid_request,
                      "{} features in one request are over the limit of {}",
                      request.feature_updates.size(), kMaxFeatureUpdates);
    }
    std::set<std::string_view> seen;
    for (const Update& update : request.feature_updates) {
        if (!seen.insert(update.feature).second) {
            return refuse(ErrorCode::invalid_request, "feature {} is in the request twice",
                          update.feature);
        }
        HW_TRY_VOID(check(update, context));
    }
    return {};
}

}  // namespace

Outcome<UpdateFeaturesResult> update_features(const Request& request,
                                              const OperationContext& context) {
    Outcome<UpdateFeaturesResult> outcome;
    if (const Checked<void> checked = check(request, context); !checked) {
        outcome.response.refusal = checked.error();
        if (request.feature_updates.size() > 1) {
            outcome.response.refusal.message += ". Nothing was changed";
        }
        return outcome;
    }
    for (const Update& update : request.feature_updates) {
        if (!request.validate_only &&
            context.image.feature_level(update.feature) != update.max_version_level) {
            outcome.records.add(
                schema::FeatureLevelRecord{.name = outcome.records.text(update.feature),
                                           .feature_level = update.max_version_level},
                ApiVersion(0));
        }
    }
    return outcome;
}

}  // namespace hw::controller
