#pragma once

#include <utility>

#include "broker/coordinator/classic/classic_member.h"
#include "broker/coordinator/runtime/decision.h"
#include "protocol/wire/error_code.h"
#include "protocol/wire/refusal.h"

namespace hw::broker {

/// Ends a JoinGroup with this decision.
inline void refuse(JoinCall call, JoinAnswer answer, Decision& decision) {
    call->result = std::move(answer);
    decision.answers.push_back(std::move(call));
}

/// Ends a SyncGroup with this decision.
inline void answer_sync(SyncCall call, SyncAnswer answer, Decision& decision) {
    call->result = std::move(answer);
    decision.answers.push_back(std::move(call));
}

/// The code for members that wait for an assignment which could not be stored.
inline wire::ErrorCode not_stored(const wire::Refusal& refusal) {
    switch (refusal.code) {
        case wire::ErrorCode::not_coordinator:
            return wire::ErrorCode::not_coordinator;
        case wire::ErrorCode::invalid_commit_offset_size:
            // It would be too large again, so the clients must not try again.
            return wire::ErrorCode::unknown_server_error;
        default:
            return wire::ErrorCode::coordinator_not_available;
    }
}

}  // namespace hw::broker
