#include "tools/client/words.h"

#include <fmt/format.h>

namespace hw::client {
namespace {

using wire::ErrorCode;

ErrorKind kind_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::unknown_topic_id:
        case ErrorCode::resource_not_found:
            return ErrorKind::not_found;
        case ErrorCode::group_authorization_failed:
        case ErrorCode::topic_authorization_failed:
        case ErrorCode::cluster_authorization_failed:
            return ErrorKind::permission;
        case ErrorCode::topic_already_exists:
            return ErrorKind::exists;
        case ErrorCode::invalid_topic_exception:
        case ErrorCode::invalid_partitions:
        case ErrorCode::invalid_replication_factor:
        case ErrorCode::invalid_config:
        case ErrorCode::invalid_request:
            return ErrorKind::invalid;
        case ErrorCode::corrupt_message:
        case ErrorCode::invalid_record:
            return ErrorKind::corrupt;
        case ErrorCode::message_too_large:
        case ErrorCode::record_list_too_large:
        case ErrorCode::offset_out_of_range:
            return ErrorKind::limit;
        case ErrorCode::request_timed_out:
        case ErrorCode::not_enough_replicas_after_append:
            return ErrorKind::timed_out;
        case ErrorCode::unsupported_version:
        case ErrorCode::unsupported_compression_type:
            return ErrorKind::unsupported;
        default:
            return wire::is_retriable(code) ? ErrorKind::busy : ErrorKind::io;
    }
}

/// The meaning of a code that brokers send without a message; empty where its name says enough.
std::string_view meaning_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_topic_exception:
            return "a topic's name has 1 to 249 characters, which are a-z, A-Z, 0-9, '.', '_' and "
                   "'-', and is neither '.' nor '..'";
        case ErrorCode::group_authorization_failed:
        case ErrorCode::topic_authorization_failed:
        case ErrorCode::cluster_authorization_failed:
            return "the cluster does not allow this to this client";
        case ErrorCode::not_enough_replicas:
            return "fewer replicas are in sync than the topic's min.insync.replicas; nothing was "
                   "appended";
        case ErrorCode::not_enough_replicas_after_append:
            return "it was appended, but fewer replicas are in sync than the topic's "
                   "min.insync.replicas";
        case ErrorCode::message_too_large:
            return "it is larger than the topic's max.message.bytes";
        case ErrorCode::record_list_too_large:
            return "it is larger than the topic's segment.bytes";
        case ErrorCode::offset_out_of_range:
            return "the log does not have that offset; start again with --from beginning";
        case ErrorCode::request_timed_out:
            return "the broker did not finish in time; it is unknown whether it was done";
        case ErrorCode::kafka_storage_error:
            return "the broker cannot use the files of the partition; its log says why";
        case ErrorCode::unknown_server_error:
            return "something failed inside the broker; its log says why";
        default:
            return "";
    }
}

}  // namespace

std::string counted(std::uint64_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

Error error_of(ErrorCode code, const std::string& what, std::string_view message) {
    const std::string_view words = message.empty() ? meaning_of(code) : message;
    return {kind_of(code), fmt::format("{}: {}{}{}", what, code, words.empty() ? "" : ": ", words)};
}

Error with_outcome(Error error, std::string_view look) {
    if (error.kind == ErrorKind::closed || error.kind == ErrorKind::timed_out) {
        error.message += fmt::format("; the outcome is unknown: 'hw {}' shows it", look);
    }
    return error;
}

}  // namespace hw::client
