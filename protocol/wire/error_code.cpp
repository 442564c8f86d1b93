#include "protocol/wire/error_code.h"

#include <array>

namespace hw::wire {
namespace {

enum class Retry : std::uint8_t { no, yes };

struct Entry {
    ErrorCode code;
    Retry retry;
    std::string_view name;
};

// Ordered by code, without gaps.
constexpr auto kTable = std::to_array<Entry>({
    {ErrorCode::unknown_server_error, Retry::no, "UNKNOWN_SERVER_ERROR"},
    {ErrorCode::none, Retry::no, "NONE"},
    {ErrorCode::offset_out_of_range, Retry::no, "OFFSET_OUT_OF_RANGE"},
    {ErrorCode::corrupt_message, Retry::yes, "CORRUPT_MESSAGE"},
    {ErrorCode::unknown_topic_or_partition, Retry::yes, "UNKNOWN_TOPIC_OR_PARTITION"},
    {ErrorCode::invalid_fetch_size, Retry::no, "INVALID_FETCH_SIZE"},
    {ErrorCode::leader_not_available, Retry::yes, "LEADER_NOT_AVAILABLE"},
    {ErrorCode::not_leader_or_follower, Retry::yes, "NOT_LEADER_OR_FOLLOWER"},
    {ErrorCode::request_timed_out, Retry::yes, "REQUEST_TIMED_OUT"},
    {ErrorCode::broker_not_available, Retry::no, "BROKER_NOT_AVAILABLE"},
    {ErrorCode::replica_not_available, Retry::yes, "REPLICA_NOT_AVAILABLE"},
    {ErrorCode::message_too_large, Retry::no, "MESSAGE_TOO_LARGE"},
    {ErrorCode::stale_controller_epoch, Retry::no, "STALE_CONTROLLER_EPOCH"},
    {ErrorCode::offset_metadata_too_large, Retry::no, "OFFSET_METADATA_TOO_LARGE"},
    {ErrorCode::network_exception, Retry::yes, "NETWORK_EXCEPTION"},
    {ErrorCode::coordinator_load_in_progress, Retry::yes, "COORDINATOR_LOAD_IN_PROGRESS"},
    {ErrorCode::coordinator_not_available, Retry::yes, "COORDINATOR_NOT_AVAILABLE"},
    {ErrorCode::not_coordinator, Retry::yes, "NOT_COORDINATOR"},
    {ErrorCode::invalid_topic_exception, Retry::no, "INVALID_TOPIC_EXCEPTION"},
    {ErrorCode::record_list_too_large, Retry::no, "RECORD_LIST_TOO_LARGE"},
    {ErrorCode::not_enough_replicas, Retry::yes, "NOT_ENOUGH_REPLICAS"},
    {ErrorCode::not_enough_replicas_after_append, Retry::yes, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"},
    {ErrorCode::invalid_required_acks, Retry::no, "INVALID_REQUIRED_ACKS"},
    {ErrorCode::illegal_generation, Retry::no, "ILLEGAL_GENERATION"},
    {ErrorCode::inconsistent_group_protocol, Retry::no, "INCONSISTENT_GROUP_PROTOCOL"},
    {ErrorCode::invalid_group_id, Retry::no, "INVALID_GROUP_ID"},
    {ErrorCode::unknown_member_id, Retry::no, "UNKNOWN_MEMBER_ID"},
    {ErrorCode::invalid_session_timeout, Retry::no, "INVALID_SESSION_TIMEOUT"},
    {ErrorCode::rebalance_in_progress, Retry::no, "REBALANCE_IN_PROGRESS"},
    {ErrorCode::invalid_commit_offset_size, Retry::no, "INVALID_COMMIT_OFFSET_SIZE"},
    {ErrorCode::topic_authorization_failed, Retry::no, "TOPIC_AUTHORIZATION_FAILED"},
    {ErrorCode::group_authorization_failed, Retry::no, "GROUP_AUTHORIZATION_FAILED"},
    {ErrorCode::cluster_authorization_failed, Retry::no, "CLUSTER_AUTHORIZATION_FAILED"},
    {ErrorCode::invalid_timestamp, Retry::no, "INVALID_TIMESTAMP"},
    {ErrorCode::unsupported_sasl_mechanism, Retry::no, "UNSUPPORTED_SASL_MECHANISM"},
    {ErrorCode::illegal_sasl_state, Retry::no, "ILLEGAL_SASL_STATE"},
    {ErrorCode::unsupported_version, Retry::no, "UNSUPPORTED_VERSION"},
    {ErrorCode::topic_already_exists, Retry::no, "TOPIC_ALREADY_EXISTS"},
    {ErrorCode::invalid_partitions, Retry::no, "INVALID_PARTITIONS"},
    {ErrorCode::invalid_replication_factor, Retry::no, "INVALID_REPLICATION_FACTOR"},
    {ErrorCode::invalid_replica_assignment, Retry::no, "INVALID_REPLICA_ASSIGNMENT"},
    {ErrorCode::invalid_config, Retry::no, "INVALID_CONFIG"},
    {ErrorCode::not_controller, Retry::yes, "NOT_CONTROLLER"},
    {ErrorCode::invalid_request, Retry::no, "INVALID_REQUEST"},
    {ErrorCode::unsupported_for_message_format, Retry::no, "UNSUPPORTED_FOR_MESSAGE_FORMAT"},
    {ErrorCode::policy_violation, Retry::no, "POLICY_VIOLATION"},
    {ErrorCode::out_of_order_sequence_number, Retry::no, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
    {ErrorCode::duplicate_sequence_number, Retry::no, "DUPLICATE_SEQUENCE_NUMBER"},
    {ErrorCode::invalid_producer_epoch, Retry::no, "INVALID_PRODUCER_EPOCH"},
    {ErrorCode::invalid_txn_state, Retry::no, "INVALID_TXN_STATE"},
    {ErrorCode::invalid_producer_id_mapping, Retry::no, "INVALID_PRODUCER_ID_MAPPING"},
    {ErrorCode::invalid_transaction_timeout, Retry::no, "INVALID_TRANSACTION_TIMEOUT"},
    {ErrorCode::concurrent_transactions, Retry::yes, "CONCURRENT_TRANSACTIONS"},
    {ErrorCode::transaction_coordinator_fenced, Retry::no, "TRANSACTION_COORDINATOR_FENCED"},
    {ErrorCode::transactional_id_authorization_failed, Retry::no,
     "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
    {ErrorCode::security_disabled, Retry::no, "SECURITY_DISABLED"},
    {ErrorCode::operation_not_attempted, Retry::no, "OPERATION_NOT_ATTEMPTED"},
    {ErrorCode::kafka_storage_error, Retry::yes, "KAFKA_STORAGE_ERROR"},
    {ErrorCode::log_dir_not_found, Retry::no, "LOG_DIR_NOT_FOUND"},
    {ErrorCode::sasl_authentication_failed, Retry::no, "SASL_AUTHENTICATION_FAILED"},
    {ErrorCode::unknown_producer_id, Retry::no, "UNKNOWN_PRODUCER_ID"},
    {ErrorCode::reassignment_in_progress, Retry::no, "REASSIGNMENT_IN_PROGRESS"},
    {ErrorCode::delegation_token_auth_disabled, Retry::no, "DELEGATION_TOKEN_AUTH_DISABLED"},
    {ErrorCode::delegation_token_not_found, Retry::no, "DELEGATION_TOKEN_NOT_FOUND"},
    {ErrorCode::delegation_token_owner_mismatch, Retry::no, "DELEGATION_TOKEN_OWNER_MISMATCH"},
    {ErrorCode::delegation_token_request_not_allowed, Retry::no,
     "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"},
    {ErrorCode::delegation_token_authorization_failed, Retry::no,
     "DELEGATION_TOKEN_AUTHORIZATION_FAILED"},
    {ErrorCode::delegation_token_expired, Retry::no, "DELEGATION_TOKEN_EXPIRED"},
    {ErrorCode::invalid_principal_type, Retry::no, "INVALID_PRINCIPAL_TYPE"},
    {ErrorCode::non_empty_group, Retry::no, "NON_EMPTY_GROUP"},
    {ErrorCode::group_id_not_found, Retry::no, "GROUP_ID_NOT_FOUND"},
    {ErrorCode::fetch_session_id_not_found, Retry::yes, "FETCH_SESSION_ID_NOT_FOUND"},
    {ErrorCode::invalid_fetch_session_epoch, Retry::yes, "INVALID_FETCH_SESSION_EPOCH"},
    {ErrorCode::listener_not_found, Retry::yes, "LISTENER_NOT_FOUND"},
    {ErrorCode::topic_deletion_disabled, Retry::no, "TOPIC_DELETION_DISABLED"},
    {ErrorCode::fenced_leader_epoch, Retry::yes, "FENCED_LEADER_EPOCH"},
    {ErrorCode::unknown_leader_epoch, Retry::yes, "UNKNOWN_LEADER_EPOCH"},
    {ErrorCode::unsupported_compression_type, Retry::no, "UNSUPPORTED_COMPRESSION_TYPE"},
    {ErrorCode::stale_broker_epoch, Retry::no, "STALE_BROKER_EPOCH"},
    {ErrorCode::offset_not_available, Retry::yes, "OFFSET_NOT_AVAILABLE"},
    {ErrorCode::member_id_required, Retry::no, "MEMBER_ID_REQUIRED"},
    {ErrorCode::preferred_leader_not_available, Retry::yes, "PREFERRED_LEADER_NOT_AVAILABLE"},
    {ErrorCode::group_max_size_reached, Retry::no, "GROUP_MAX_SIZE_REACHED"},
    {ErrorCode::fenced_instance_id, Retry::no, "FENCED_INSTANCE_ID"},
    {ErrorCode::eligible_leaders_not_available, Retry::yes, "ELIGIBLE_LEADERS_NOT_AVAILABLE"},
    {ErrorCode::election_not_needed, Retry::yes, "ELECTION_NOT_NEEDED"},
    {ErrorCode::no_reassignment_in_progress, Retry::no, "NO_REASSIGNMENT_IN_PROGRESS"},
    {ErrorCode::group_subscribed_to_topic, Retry::no, "GROUP_SUBSCRIBED_TO_TOPIC"},
    {ErrorCode::invalid_record, Retry::no, "INVALID_RECORD"},
    {ErrorCode::unstable_offset_commit, Retry::yes, "UNSTABLE_OFFSET_COMMIT"},
    {ErrorCode::throttling_quota_exceeded, Retry::yes, "THROTTLING_QUOTA_EXCEEDED"},
    {ErrorCode::producer_fenced, Retry::no, "PRODUCER_FENCED"},
    {ErrorCode::resource_not_found, Retry::no, "RESOURCE_NOT_FOUND"},
    {ErrorCode::duplicate_resource, Retry::no, "DUPLICATE_RESOURCE"},
    {ErrorCode::unacceptable_credential, Retry::no, "UNACCEPTABLE_CREDENTIAL"},
    {ErrorCode::inconsistent_voter_set, Retry::no, "INCONSISTENT_VOTER_SET"},
    {ErrorCode::invalid_update_version, Retry::no, "INVALID_UPDATE_VERSION"},
    {ErrorCode::feature_update_failed, Retry::no, "FEATURE_UPDATE_FAILED"},
    {ErrorCode::principal_deserialization_failure, Retry::no, "PRINCIPAL_DESERIALIZATION_FAILURE"},
    {ErrorCode::snapshot_not_found, Retry::no, "SNAPSHOT_NOT_FOUND"},
    {ErrorCode::position_out_of_range, Retry::no, "POSITION_OUT_OF_RANGE"},
    {ErrorCode::unknown_topic_id, Retry::yes, "UNKNOWN_TOPIC_ID"},
    {ErrorCode::duplicate_broker_registration, Retry::no, "DUPLICATE_BROKER_REGISTRATION"},
    {ErrorCode::broker_id_not_registered, Retry::no, "BROKER_ID_NOT_REGISTERED"},
    {ErrorCode::inconsistent_topic_id, Retry::yes, "INCONSISTENT_TOPIC_ID"},
    {ErrorCode::inconsistent_cluster_id, Retry::no, "INCONSISTENT_CLUSTER_ID"},
    {ErrorCode::transactional_id_not_found, Retry::no, "TRANSACTIONAL_ID_NOT_FOUND"},
    {ErrorCode::fetch_session_topic_id_error, Retry::yes, "FETCH_SESSION_TOPIC_ID_ERROR"},
    {ErrorCode::ineligible_replica, Retry::no, "INELIGIBLE_REPLICA"},
    {ErrorCode::new_leader_elected, Retry::no, "NEW_LEADER_ELECTED"},
    {ErrorCode::offset_moved_to_tiered_storage, Retry::no, "OFFSET_MOVED_TO_TIERED_STORAGE"},
    {ErrorCode::fenced_member_epoch, Retry::no, "FENCED_MEMBER_EPOCH"},
    {ErrorCode::unreleased_instance_id, Retry::no, "UNRELEASED_INSTANCE_ID"},
    {ErrorCode::unsupported_assignor, Retry::no, "UNSUPPORTED_ASSIGNOR"},
    {ErrorCode::stale_member_epoch, Retry::no, "STALE_MEMBER_EPOCH"},
    {ErrorCode::mismatched_endpoint_type, Retry::no, "MISMATCHED_ENDPOINT_TYPE"},
    {ErrorCode::unsupported_endpoint_type, Retry::no, "UNSUPPORTED_ENDPOINT_TYPE"},
    {ErrorCode::unknown_controller_id, Retry::no, "UNKNOWN_CONTROLLER_ID"},
    {ErrorCode::unknown_subscription_id, Retry::no, "UNKNOWN_SUBSCRIPTION_ID"},
    {ErrorCode::telemetry_too_large, Retry::no, "TELEMETRY_TOO_LARGE"},
    {ErrorCode::invalid_registration, Retry::no, "INVALID_REGISTRATION"},
    {ErrorCode::transaction_abortable, Retry::no, "TRANSACTION_ABORTABLE"},
    {ErrorCode::invalid_record_state, Retry::no, "INVALID_RECORD_STATE"},
    {ErrorCode::share_session_not_found, Retry::yes, "SHARE_SESSION_NOT_FOUND"},
    {ErrorCode::invalid_share_session_epoch, Retry::yes, "INVALID_SHARE_SESSION_EPOCH"},
    {ErrorCode::fenced_state_epoch, Retry::no, "FENCED_STATE_EPOCH"},
    {ErrorCode::invalid_voter_key, Retry::no, "INVALID_VOTER_KEY"},
    {ErrorCode::duplicate_voter, Retry::no, "DUPLICATE_VOTER"},
    {ErrorCode::voter_not_found, Retry::no, "VOTER_NOT_FOUND"},
    {ErrorCode::invalid_regular_expression, Retry::no, "INVALID_REGULAR_EXPRESSION"},
    {ErrorCode::rebootstrap_required, Retry::no, "REBOOTSTRAP_REQUIRED"},
    {ErrorCode::streams_invalid_topology, Retry::no, "STREAMS_INVALID_TOPOLOGY"},
    {ErrorCode::streams_invalid_topology_epoch, Retry::no, "STREAMS_INVALID_TOPOLOGY_EPOCH"},
    {ErrorCode::streams_topology_fenced, Retry::no, "STREAMS_TOPOLOGY_FENCED"},
    {ErrorCode::share_session_limit_reached, Retry::yes, "SHARE_SESSION_LIMIT_REACHED"},
    {ErrorCode::group_deletion_failed, Retry::no, "GROUP_DELETION_FAILED"},
    {ErrorCode::streams_topology_description_update_failed, Retry::no,
     "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED"},
    {ErrorCode::controller_id_not_registered, Retry::no, "CONTROLLER_ID_NOT_REGISTERED"},
});

constexpr std::int16_t kFirst = -1;

const Entry& entry(ErrorCode code) {
    const auto index = static_cast<std::size_t>(static_cast<std::int16_t>(code) - kFirst);
    return index < kTable.size() ? kTable[index] : kTable[0];
}

}  // namespace

std::string_view to_string(ErrorCode code) {
    return entry(code).name;
}

bool is_retriable(ErrorCode code) {
    return entry(code).retry == Retry::yes;
}

std::optional<ErrorCode> error_code(std::int16_t number) {
    const auto index = static_cast<std::size_t>(number - kFirst);
    if (index >= kTable.size()) {
        return std::nullopt;
    }
    return kTable[index].code;
}

}  // namespace hw::wire
