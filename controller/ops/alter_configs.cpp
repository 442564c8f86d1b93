#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "controller/ops/configs.h"
#include "controller/ops/election.h"

namespace hw::controller {
namespace {

using Request = schema::IncrementalAlterConfigsRequest;
using wire::ErrorCode;

/// What to do with a config, with the numbers of the protocol.
enum class Change : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

bool is_known(std::int8_t resource_type) {
    switch (static_cast<ConfigResourceType>(resource_type)) {
        case ConfigResourceType::topic:
        case ConfigResourceType::broker:
        case ConfigResourceType::broker_logger:
        case ConfigResourceType::client_metrics:
        case ConfigResourceType::group:
            return true;
    }
    return false;
}

std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> items;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view item = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
        item = item.substr(0, item.find_last_not_of(' ') + 1);
        if (!item.empty()) {
            items.push_back(item);
        }
    }
    return items;
}

std::string changed_list(std::string_view old, std::string_view items, Change change) {
    std::vector<std::string_view> list = split(old);
    for (const std::string_view item : split(items)) {
        const auto found = std::ranges::find(list, item);
        if (change == Change::subtract && found != list.end()) {
            list.erase(found);
        } else if (change == Change::append && found == list.end()) {
            list.push_back(item);
        }
    }
    return fmt::format("{}", fmt::join(list, ","));
}

ConfigResourceType type_of(const Request::Resource& resource) {
    return static_cast<ConfigResourceType>(resource.resource_type);
}

/// Handles one IncrementalAlterConfigs request, resource by resource.
class ConfigAlteration {
public:
    ConfigAlteration(const Request& request, const OperationContext& context)
        : request_(request), context_(context) {}

    [[nodiscard]] Outcome<AlterConfigsResult> run();

private:
    [[nodiscard]] Checked<void> alter(const Request::Resource& resource);
    [[nodiscard]] Checked<void> check_resource(const Request::Resource& resource) const;
    [[nodiscard]] Checked<ConfigValues> values_after(const Request::Resource& resource,
                                                     const ConfigValues& before) const;
    [[nodiscard]] Checked<void> apply(ConfigResourceType type, const Request::Config& config,
                                      ConfigValues& values) const;
    [[nodiscard]] Checked<void> check_size(const Request::Resource& resource) const;
    void add_records(const Request::Resource& resource, const ConfigValues& before,
                     const ConfigValues& after);
    void elect_leaders(const TopicImage& topic, const ConfigValues& after);

    const Request& request_;
    const OperationContext& context_;
    std::map<std::pair<std::int8_t, std::string_view>, int> mentions_;
    Outcome<AlterConfigsResult> outcome_;
};

Checked<void> ConfigAlteration::check_resource(const Request::Resource& resource) const {
    const int mentions = mentions_.at({resource.resource_type, resource.resource_name});
    if (mentions > 1) {
        return refuse(ErrorCode::invalid_request, "'{}' (type {}) is in the request {} times",
                      resource.resource_name, resource.resource_type, mentions);
    }
    if (!is_known(resource.resource_type)) {
        return refuse(ErrorCode::unsupported_version, "unknown resource type {}",
                      resource.resource_type);
    }
    switch (type_of(resource)) {
        case ConfigResourceType::topic:
            if (context_.image.find_topic(resource.resource_name) == nullptr) {
                return refuse(ErrorCode::unknown_topic_or_partition, "there is no topic '{}'",
                              resource.resource_name);
            }
            return {};
        case ConfigResourceType::group:
            if (resource.resource_name.empty()) {
                return refuse(ErrorCode::invalid_request,
                              "the name of the group is empty; the defaults of all groups are in "
                              "the configuration of the brokers");
            }
            return {};
        default:
            return refuse(ErrorCode::invalid_request,
                          "configs of resource type {} cannot be changed yet, only those of "
                          "topics, type 2, and groups, type 32",
                          resource.resource_type);
    }
}

Checked<void> ConfigAlteration::apply(ConfigResourceType type, const Request::Config& config,
                                      ConfigValues& values) const {
    const auto change = static_cast<Change>(config.config_operation);
    const std::string name(config.name);
    if (change == Change::remove) {
        values.erase(name);
        return {};
    }
    if (wire::is_null(config.value)) {
        return refuse(ErrorCode::invalid_request, "config '{}' has no value", name);
    }
    std::string value(config.value);
    if (change == Change::append || change == Change::subtract) {
        const std::optional<std::string> normal = context_.configs.list_default(type, name);
        if (!normal.has_value()) {
            return refuse(ErrorCode::invalid_config,
                          "config '{}' is not a list: it can be set or deleted only", name);
        }
        const auto old = values.find(name);
        value = changed_list(old == values.end() ? *normal : old->second, value, change);
    } else if (change != Change::set) {
        return refuse(ErrorCode::invalid_request,
                      "operation {} on config '{}' is none of 0 (set), 1 (delete), 2 (append) and "
                      "3 (subtract)",
                      config.config_operation, name);
    }
    if (const Result<void> valid = context_.configs.validate(type, name, value); !valid) {
        return refuse(ErrorCode::invalid_config, "{}", valid.error().message);
    }
    values.insert_or_assign(name, std::move(value));
    return {};
}

Checked<ConfigValues> ConfigAlteration::values_after(const Request::Resource& resource,
                                                     const ConfigValues& before) const {
    const ConfigResourceType type = type_of(resource);
    ConfigValues after = before;
    std::set<std::string_view> seen;
    for (const Request::Config& config : resource.configs) {
        if (!seen.insert(config.name).second) {
            return refuse(ErrorCode::invalid_request,
                          "config '{}' is in the request more than once", config.name);
        }
        HW_TRY_VOID(apply(type, config, after));
    }
    if (const Result<void> allowed = context_.configs.check_change(type, before, after); !allowed) {
        return refuse(ErrorCode::invalid_config, "{}", allowed.error().message);
    }
    return after;
}

Checked<void> ConfigAlteration::check_size(const Request::Resource& resource) const {
    std::size_t bytes = outcome_.records.bytes();
    for (const Request::Config& config : resource.configs) {
        bytes += resource.resource_name.size() + config.name.size() + config.value.size();
    }
    const std::size_t records = outcome_.records.size() + resource.configs.size();
    if (bytes > RecordBatch::kMaxBytes || records > RecordBatch::kMaxRecords) {
        return refuse(
            ErrorCode::policy_violation,
            "one request changes at most {} configs with {} bytes; with this resource they "
            "are {} with {}. Change fewer in one request",
            RecordBatch::kMaxRecords, RecordBatch::kMaxBytes, records, bytes);
    }
    return {};
}

void ConfigAlteration::add_records(const Request::Resource& resource, const ConfigValues& before,
                                   const ConfigValues& after) {
    RecordBatch& records = outcome_.records;
    const std::string_view name = records.text(resource.resource_name);
    for (const Request::Config& config : resource.configs) {
        const auto old = before.find(config.name);
        const auto now = after.find(config.name);
        schema::ConfigRecord record{.resource_type = resource.resource_type,
                                    .resource_name = name,
                                    .name = records.text(config.name)};
        if (now != after.end() && (old == before.end() || old->second != now->second)) {
            record.value = records.text(now->second);
            records.add(record, ApiVersion(0));
        } else if (now == after.end() && old != before.end()) {
            record.value = std::string_view();
            records.add(record, ApiVersion(0));
        }
    }
}

void ConfigAlteration::elect_leaders(const TopicImage& topic, const ConfigValues& after) {
    MetadataImage image = context_.image;
    image.set_configs({ConfigResourceType::topic, topic.name}, after);
    const BrokersDuringElection brokers{
        .image = image,
        .unclean_by_default = context_.options.unclean_leader_election,
        .mutants = context_.options.mutants};
    if (election_of(brokers, topic.name) == Election::unclean) {
        add_changes_of_topic(outcome_.records, brokers, topic.id);
    }
}

Checked<void> ConfigAlteration::alter(const Request::Resource& resource) {
    HW_TRY_VOID(check_resource(resource));
    HW_TRY_VOID(check_size(resource));
    const ConfigResourceType type = type_of(resource);
    const ConfigValues* set =
        context_.image.find_configs({type, std::string(resource.resource_name)});
    const ConfigValues before = set == nullptr ? ConfigValues() : *set;
    const Checked<ConfigValues> after = values_after(resource, before);
    if (!after) {
        return std::unexpected(after.error());
    }
    add_records(resource, before, *after);
    if (type == ConfigResourceType::topic && *after != before) {
        elect_leaders(*context_.image.find_topic(resource.resource_name), *after);
    }
    return {};
}

Outcome<AlterConfigsResult> ConfigAlteration::run() {
    for (const Request::Resource& resource : request_.resources) {
        ++mentions_[{resource.resource_type, resource.resource_name}];
    }
    for (const Request::Resource& resource : request_.resources) {
        const Checked<void> altered = alter(resource);
        outcome_.response.resources.push_back({.refusal = altered ? Refusal() : altered.error(),
                                               .type = resource.resource_type,
                                               .name = std::string(resource.resource_name)});
    }
    if (request_.validate_only) {
        outcome_.records = RecordBatch();
    }
    return std::move(outcome_);
}

}  // namespace

Outcome<AlterConfigsResult> alter_configs(const Request& request, const OperationContext& context) {
    return ConfigAlteration(request, context).run();
}

}  // namespace hw::controller
