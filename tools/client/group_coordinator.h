#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "protocol/wire/error_code.h"
#include "tools/client/client.h"

/// Requests about one group of consumers, which go to the broker that coordinates it.
namespace hw::client {

/// The last version of OffsetFetch and OffsetCommit that names topics; later ones have their ids.
inline constexpr ApiVersion kNamesTopics{9};

/// "group 'billing'".
[[nodiscard]] std::string group_subject(const std::string& group);

/// What a code means for a request about the group.
[[nodiscard]] Error group_error(wire::ErrorCode code, const std::string& group,
                                std::string_view message);

/// The coordinator of a group. Errors: busy (there is none now), permission, those of
/// Client::call.
[[nodiscard]] Result<BrokerId> find_coordinator(Client& client, const std::string& group,
                                                const Deadline& deadline);

/// Finds the coordinator of the group, and calls `ask(BrokerConnection&, BrokerId, Deadline)` until
/// it succeeds, fails for good, or the time is over.
template <class Ask>
auto at_coordinator(Client& client, const std::string& group, Retry retry, const Ask& ask) {
    return client.retried(
        retry,
        [&](const Deadline& deadline) -> decltype(ask(std::declval<BrokerConnection&>(), BrokerId(),
                                                      deadline)) {
            HW_TRY(coordinator, find_coordinator(client, group, deadline));
            HW_TRY_VOID(client.describe({}, deadline));  // the addresses of the brokers
            HW_TRY(connection, client.broker(coordinator, deadline));
            return ask(*connection, coordinator, deadline);
        });
}

}  // namespace hw::client
