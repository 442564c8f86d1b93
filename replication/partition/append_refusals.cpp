#include "replication/partition/append_refusals.h"

#include <fmt/format.h>

#include "replication/partition/partition_description.h"

namespace hw::replication {

using wire::ErrorCode;

wire::Refusal indefinite(const wire::Refusal& reason) {
    const ErrorCode code = reason.code == ErrorCode::kafka_storage_error
                               ? ErrorCode::not_enough_replicas_after_append
                               : ErrorCode::not_leader_or_follower;
    return {code, reason.message + "; the records may or may not be in the log"};
}

wire::Refusal too_few_after_append(const PartitionLeader& leader) {
    return {ErrorCode::not_enough_replicas_after_append,
            too_few_in_sync(leader) + "; the records may or may not be in the log"};
}

wire::Refusal refused_as_perhaps_replaced(const PartitionLeader& leader, std::string_view after) {
    return {ErrorCode::not_leader_or_follower,
            fmt::format("{}{}", perhaps_replaced(leader), after)};
}

wire::Refusal report_unstaged(const PartitionLeader& leader, const wire::Refusal& refusal,
                              TimePoint now) {
    if (refusal.code != ErrorCode::out_of_order_sequence_number) {
        return refusal;
    }
    std::string_view doubt;
    if (leader.may_be_replaced(now)) {
        doubt = PartitionLeader::kMayBeReplaced;
    } else if (leader.has_just_begun(now)) {
        doubt = "this broker has just become the leader, and the batches before may come again";
    } else {
        return refusal;
    }
    return {ErrorCode::not_leader_or_follower,
            fmt::format("{}; but {}: nothing was appended", refusal.message, doubt)};
}

}  // namespace hw::replication
