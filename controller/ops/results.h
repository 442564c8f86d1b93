#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/wire/error_code.h"

namespace hw::controller {

/// One config of a topic, as clients see it.
struct TopicConfig {
    std::string name;
    std::string value;
    bool read_only = false;
    std::int8_t source = 0;  ///< 1 set for the topic, 4 static broker config, 5 default
    bool sensitive = false;  ///< clients must not see the value
};

/// Port: validates and describes topic configs. Implemented with the config key table.
class TopicConfigs {
public:
    virtual ~TopicConfigs() = default;

    /// Checks the value of a topic config. Errors: invalid; the message has the name, the value and
    /// what is allowed.
    [[nodiscard]] virtual Result<void> validate(std::string_view name,
                                                std::string_view value) const = 0;
    /// All configs of a topic, ordered by name. `values` are those set for the topic; `replicas` is
    /// its replication factor.
    [[nodiscard]] virtual std::vector<TopicConfig> describe(const ConfigValues& values,
                                                            std::int16_t replicas) const = 0;
};

/// Error code and message of an operation, or of one topic in it. No message if the code is none.
struct Verdict {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::string message;
};

template <class T>
using Checked = std::expected<T, Verdict>;

/// `return refuse(ErrorCode::invalid_partitions, "{} partitions ...", count);`
template <class... Args>
[[nodiscard]] std::unexpected<Verdict> refuse(wire::ErrorCode code,
                                              fmt::format_string<Args...> text, Args&&... args) {
    return std::unexpected(Verdict{code, fmt::format(text, std::forward<Args>(args)...)});
}

struct BrokerRegistrationResult {
    Verdict verdict;
    BrokerEpoch broker_epoch{-1};
};

struct ControllerRegistrationResult {
    Verdict verdict;
};

struct BrokerHeartbeatResult {
    Verdict verdict;
    bool is_caught_up = false;
    bool is_fenced = true;
    bool should_shut_down = false;
};

struct CreatedTopic {
    Verdict verdict;
    std::string name;
    TopicId id;  ///< zero when nothing was created
    std::int32_t partitions = -1;
    std::int16_t replicas = -1;
    std::vector<TopicConfig> configs;
};

/// One entry for each name in the request, in its order.
struct CreateTopicsResult {
    Verdict verdict;  ///< of the request as a whole; then there are no topics
    std::vector<CreatedTopic> topics;
};

struct DeletedTopic {
    Verdict verdict;
    std::string name;  ///< empty if not known
    TopicId id;        ///< zero if not known
};

/// One entry for each entry of the request, in its order.
struct DeleteTopicsResult {
    Verdict verdict;  ///< of the request as a whole; then there are no topics
    std::vector<DeletedTopic> topics;
};

/// A block of producer ids: `count` ids, beginning with `first`.
struct ProducerIdsResult {
    Verdict verdict;
    ProducerId first = kNoProducerId;
    std::int32_t count = 0;
};

using ControllerResponse =
    std::variant<BrokerRegistrationResult, ControllerRegistrationResult, BrokerHeartbeatResult,
                 CreateTopicsResult, DeleteTopicsResult, ProducerIdsResult>;

}  // namespace hw::controller
