#pragma once

#include <cstddef>

#include "broker/net/exchange.h"
#include "config/settings.h"
#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/delete_topics.h"
#include "protocol/schema/api/describe_quorum.h"
#include "protocol/schema/api/elect_leaders.h"
#include "protocol/schema/api/incremental_alter_configs.h"
#include "protocol/schema/api/update_features.h"
#include "protocol/wire/refusal.h"

namespace hw::broker {

/// The APIs that brokers forward to the controller for clients. Each needs a `reply_error` and an
/// `AnswerSizes::of`; without them the build fails, as it does if the list differs from the table
/// of APIs.
template <class... Requests>
struct RequestList {};
using ForwardedRequests =
    RequestList<schema::CreateTopicsRequest, schema::DeleteTopicsRequest,
                schema::DescribeQuorumRequest, schema::ElectLeadersRequest,
                schema::IncrementalAlterConfigsRequest, schema::UpdateFeaturesRequest>;

/// Answers every item of `request` with the same error. If there is no memory for the answer, the
/// request is rejected.
void reply_error(Exchange& exchange, const schema::CreateTopicsRequest& request,
                 const wire::Refusal& refusal);
void reply_error(Exchange& exchange, const schema::DeleteTopicsRequest& request,
                 const wire::Refusal& refusal);
void reply_error(Exchange& exchange, const schema::DescribeQuorumRequest& request,
                 const wire::Refusal& refusal);
void reply_error(Exchange& exchange, const schema::ElectLeadersRequest& request,
                 const wire::Refusal& refusal);
void reply_error(Exchange& exchange, const schema::IncrementalAlterConfigsRequest& request,
                 const wire::Refusal& refusal);
void reply_error(Exchange& exchange, const schema::UpdateFeaturesRequest& request,
                 const wire::Refusal& refusal);

/// Estimates the sizes of answers before the controller decides. Immutable; shared by all requests
/// of a handler.
class AnswerSizes {
public:
    explicit AnswerSizes(const config::Settings& settings);

    /// Bytes of the answer in `version`, if each message of an error has no more than kMessage.
    [[nodiscard]] std::size_t of(const schema::CreateTopicsRequest& request,
                                 ApiVersion version) const;
    [[nodiscard]] std::size_t of(const schema::DeleteTopicsRequest& request,
                                 ApiVersion version) const;
    /// The answer for kMaxElections partitions, if none is named.
    [[nodiscard]] std::size_t of(const schema::ElectLeadersRequest& request,
                                 ApiVersion version) const;
    [[nodiscard]] std::size_t of(const schema::IncrementalAlterConfigsRequest& request,
                                 ApiVersion version) const;
    [[nodiscard]] std::size_t of(const schema::UpdateFeaturesRequest& request,
                                 ApiVersion version) const;
    /// The answer of a quorum with a hundred replicas.
    [[nodiscard]] std::size_t of(const schema::DescribeQuorumRequest& request,
                                 ApiVersion version) const;

private:
    /// Bytes of an error message without the name of its topic.
    static constexpr std::size_t kMessage = 256;
    /// Bytes of the fields with a fixed size, and of lengths.
    static constexpr std::size_t kItem = 48;

    std::size_t configs_ = 0;  ///< bytes of the configs of one topic that sets none
};

/// The refusal of a request for whose answer of `bytes` there is no memory.
[[nodiscard]] wire::Refusal no_answer_memory(std::size_t bytes);

/// Takes the memory for the answer before anything is done. If there is not enough, answers with an
/// error and returns false.
template <class Request>
[[nodiscard]] bool take_answer_memory(Exchange& exchange, const Request& request,
                                      const AnswerSizes& sizes) {
    const std::size_t bytes = sizes.of(request, exchange.version());
    if (exchange.hold_answer(bytes)) {
        return true;
    }
    reply_error(exchange, request, no_answer_memory(bytes));
    return false;
}

}  // namespace hw::broker
