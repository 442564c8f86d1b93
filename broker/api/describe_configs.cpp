#include "broker/api/describe_configs.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/net/long_loop.h"
#include "config/describe.h"
#include "controller/image/topic_name.h"
#include "controller/ops/results.h"

namespace hw::broker {
namespace {

using config::DescribedKey;
using controller::Checked;
using controller::ConfigResourceType;
using controller::refuse;
using controller::TopicImage;
using schema::DescribeConfigsRequest;
using schema::DescribeConfigsResponse;
using wire::ErrorCode;

using Rows = std::vector<DescribedKey>;

std::string_view view(const std::optional<std::string>& value) {
    return value ? std::string_view(*value) : std::string_view();
}

std::int32_t replicas_of(const TopicImage& topic) {
    const auto* first = topic.partitions.find(PartitionIndex(0));
    return first == nullptr ? 0 : static_cast<std::int32_t>(first->replicas.size());
}

/// Builds one answer, and owns everything that it points to.
class ConfigsAnswer {
public:
    ConfigsAnswer(const RequestContext& who, const DescribeConfigsRequest& request,
                  const ApiServices& services, const config::Settings& settings)
        : who_(who), request_(request), services_(services), settings_(settings) {}

    /// Adds those keys of a resource that are in `names`, which are sorted. If there are no names,
    /// adds all keys, as Kafka does.
    void add(const DescribeConfigsRequest::Resource& resource,
             std::span<const std::string_view> names);
    [[nodiscard]] const DescribeConfigsResponse& finish();

private:
    [[nodiscard]] Checked<Rows> describe(const DescribeConfigsRequest::Resource& resource);
    [[nodiscard]] Checked<Rows> describe_topic(std::string_view name) const;
    [[nodiscard]] Checked<Rows> describe_group(std::string_view name) const;
    [[nodiscard]] Checked<Rows> describe_broker(std::string_view name) const;
    [[nodiscard]] controller::ConfigValues values_of(ConfigResourceType type,
                                                     std::string_view name) const;
    [[nodiscard]] DescribeConfigsResponse::Config config_of(const DescribedKey& row);

    const RequestContext& who_;
    const DescribeConfigsRequest& request_;
    const ApiServices& services_;
    const config::Settings& settings_;
    std::set<std::pair<std::int8_t, std::string_view>> seen_;
    std::deque<Rows> rows_;
    std::deque<std::string> messages_;
    std::deque<std::vector<DescribeConfigsResponse::Synonym>> synonyms_;
    std::deque<std::vector<DescribeConfigsResponse::Config>> configs_;
    std::vector<DescribeConfigsResponse::Resource> results_;
    DescribeConfigsResponse response_;
};

Checked<Rows> ConfigsAnswer::describe_topic(std::string_view name) const {
    if (!who_.allows(Operation::describe_configs, topic_resource(name))) {
        return refuse(ErrorCode::topic_authorization_failed,
                      "not allowed to describe the configs of topic '{}'", name);
    }
    if (const Result<void> checked = controller::check_topic_name(name); !checked) {
        return refuse(ErrorCode::invalid_topic_exception, "{}", checked.error().message);
    }
    const TopicImage* topic = services_.image->find_topic(name);
    if (topic == nullptr) {
        return refuse(ErrorCode::unknown_topic_or_partition, "there is no topic '{}'", name);
    }
    return config::describe_topic(values_of(ConfigResourceType::topic, name), settings_,
                                  replicas_of(*topic));
}

/// The group need not exist.
Checked<Rows> ConfigsAnswer::describe_group(std::string_view name) const {
    if (!who_.allows(Operation::describe_configs, {ResourceType::group, name})) {
        return refuse(ErrorCode::group_authorization_failed,
                      "not allowed to describe the configs of group '{}'", name);
    }
    if (name.empty()) {
        return refuse(ErrorCode::invalid_request, "the name of the group is empty");
    }
    return config::describe_group(values_of(ConfigResourceType::group, name), settings_);
}

controller::ConfigValues ConfigsAnswer::values_of(ConfigResourceType type,
                                                  std::string_view name) const {
    const controller::ConfigValues* const values =
        services_.image->find_configs({type, std::string(name)});
    return values == nullptr ? controller::ConfigValues() : *values;
}

Checked<Rows> ConfigsAnswer::describe_broker(std::string_view name) const {
    if (!who_.allows(Operation::describe_configs, kCluster)) {
        return refuse(ErrorCode::cluster_authorization_failed,
                      "not allowed to describe the configs of the cluster");
    }
    if (name.empty()) {
        // The settings of all brokers: none can be set yet.
        return Rows();
    }
    std::int32_t id = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), id);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) {
        return refuse(ErrorCode::invalid_request, "'{}' is not a broker id: it must be a number",
                      name);
    }
    if (BrokerId(id) != services_.node_id) {
        return refuse(ErrorCode::invalid_request,
                      "this is node {}, which does not have the configs of node {}. Ask that node",
                      services_.node_id, id);
    }
    return config::describe_broker(settings_);
}

Checked<Rows> ConfigsAnswer::describe(const DescribeConfigsRequest::Resource& resource) {
    // A repeated resource is refused, so that a small request cannot have a huge answer.
    if (!seen_.emplace(resource.resource_type, resource.resource_name).second) {
        return refuse(ErrorCode::invalid_request, "'{}' (type {}) is in the request more than once",
                      resource.resource_name, resource.resource_type);
    }
    switch (static_cast<ConfigResourceType>(resource.resource_type)) {
        case ConfigResourceType::topic:
            return describe_topic(resource.resource_name);
        case ConfigResourceType::broker:
            return describe_broker(resource.resource_name);
        case ConfigResourceType::group:
            return describe_group(resource.resource_name);
        default:
            return refuse(ErrorCode::invalid_request,
                          "resources of type {} cannot be described yet; topics (2), brokers (4) "
                          "and groups (32) can",
                          resource.resource_type);
    }
}

DescribeConfigsResponse::Config ConfigsAnswer::config_of(const DescribedKey& row) {
    auto& synonyms = synonyms_.emplace_back();
    if (request_.include_synonyms) {
        for (const config::DescribedSynonym& synonym : row.synonyms) {
            synonyms.push_back({.name = synonym.name,
                                .value = view(synonym.value),
                                .source = static_cast<std::int8_t>(synonym.source)});
        }
    }
    return {.name = row.key->name,
            .value = view(row.value),
            .read_only = row.is_read_only,
            .config_source = static_cast<std::int8_t>(row.source),
            .is_sensitive = row.key->is_sensitive(),
            .synonyms = synonyms,
            .config_type = static_cast<std::int8_t>(row.key->type),
            .documentation = request_.include_documentation ? row.key->doc : std::string_view()};
}

void ConfigsAnswer::add(const DescribeConfigsRequest::Resource& resource,
                        std::span<const std::string_view> names) {
    DescribeConfigsResponse::Resource result{.error_code = ErrorCode::none,
                                             .error_message = {},
                                             .resource_type = resource.resource_type,
                                             .resource_name = resource.resource_name,
                                             .configs = {}};
    auto described = describe(resource);
    if (!described) {
        result.error_code = described.error().code;
        result.error_message = messages_.emplace_back(std::move(described.error().message));
        results_.push_back(result);
        return;
    }
    auto& configs = configs_.emplace_back();
    for (const DescribedKey& row : rows_.emplace_back(std::move(*described))) {
        if (names.empty() || std::ranges::binary_search(names, row.key->name)) {
            configs.push_back(config_of(row));
        }
    }
    result.configs = configs;
    results_.push_back(result);
}

const DescribeConfigsResponse& ConfigsAnswer::finish() {
    response_.results = results_;
    return response_;
}

}  // namespace

Task<> DescribeConfigsHandler::serve(ExchangePtr exchange, const DescribeConfigsRequest& request) {
    // A resource has some hundred keys with their values; one that does not exist takes less.
    constexpr std::size_t kBytesPerResource = 64 * 1024;
    constexpr std::size_t kResourcesPerTurn = 16;
    ConfigsAnswer answer(exchange->context(), request, services_, settings_);
    LongLoop loop(kResourcesPerTurn);
    for (const DescribeConfigsRequest::Resource& resource : request.resources) {
        const auto& keys = resource.configuration_keys;
        if (!exchange->take_work(1, kBytesPerResource) ||
            !exchange->take_work(keys.size(), sizeof keys[0])) {
            co_return;
        }
        std::vector<std::string_view> names(keys.begin(), keys.end());
        co_await sort_in_turns(services_.shard, std::span(names));
        answer.add(resource, names);
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    exchange->reply(answer.finish());
}

}  // namespace hw::broker
