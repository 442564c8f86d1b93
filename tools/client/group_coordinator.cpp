#include "tools/client/group_coordinator.h"

#include <array>

#include "protocol/schema/api/find_coordinator.h"
#include "tools/client/words.h"

namespace hw::client {

using wire::ErrorCode;

std::string group_subject(const std::string& group) {
    return "group '" + group + "'";
}

Error group_error(ErrorCode code, const std::string& group, std::string_view message) {
    if (code == ErrorCode::group_id_not_found) {
        return {ErrorKind::not_found,
                group_subject(group) + " does not exist; 'hw group list' shows those that do"};
    }
    if (code == ErrorCode::non_empty_group) {
        return {ErrorKind::io, group_subject(group) + " has members; stop them first"};
    }
    return error_of(code, group_subject(group), message);
}

Result<BrokerId> find_coordinator(Client& client, const std::string& group,
                                  const Deadline& deadline) {
    const std::array<std::string_view, 1> keys{group};
    schema::FindCoordinatorRequest request;
    HW_TRY(version, client.newest_version(schema::FindCoordinatorRequest::kKey,
                                          schema::FindCoordinatorRequest::kVersions.high));
    constexpr ApiVersion kAsksForMany{4};
    version >= kAsksForMany ? void(request.coordinator_keys = keys) : void(request.key = group);
    HW_TRY(answer, client.call<schema::FindCoordinatorResponse>(request, deadline));
    ErrorCode code = answer->error_code;
    std::string_view message = answer->error_message;
    BrokerId id = answer->node_id;
    if (version >= kAsksForMany) {
        if (answer->coordinators.size() != 1) {
            return fail(ErrorKind::corrupt, "the answer names {} coordinators, not one",
                        answer->coordinators.size());
        }
        code = answer->coordinators[0].error_code;
        message = answer->coordinators[0].error_message;
        id = answer->coordinators[0].node_id;
    }
    if (code != ErrorCode::none) {
        return std::unexpected(error_of(code, group_subject(group), message));
    }
    return id;
}

}  // namespace hw::client
