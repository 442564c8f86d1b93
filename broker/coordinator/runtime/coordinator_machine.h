#pragma once

#include "broker/coordinator/runtime/decision.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/record.h"

namespace hw::broker {

/// A replicated state machine whose log is a partition of an internal topic. Its operations read
/// the state and decide on records; only `apply` changes what the records describe. So the state is
/// the same whether it was decided here or loaded from the log. What is not in the log, such as
/// sessions and waiting requests, begins anew with each coordinator.
class CoordinatorMachine {
public:
    virtual ~CoordinatorMachine() = default;

    /// Applies a record: one that was just appended, or of the log when it is loaded. Records of
    /// unknown types, which newer versions write, change nothing. Errors: corrupt.
    [[nodiscard]] virtual Result<void> apply(ByteView key, record::NullableBytes value) = 0;

    /// This broker is the coordinator from now on, and the machine has all of the log.
    virtual void on_active(TimePoint now) = 0;
    /// Does what is due.
    virtual void on_deadline(TimePoint now, Timestamp wall, Decision& decision) = 0;
    /// When to call on_deadline; may be too early.
    [[nodiscard]] virtual TimePoint next_deadline() const = 0;
    /// Ends the calls that wait for something else than a commit, because this broker is not the
    /// coordinator any more.
    virtual void end_calls(const wire::Refusal& reason) = 0;
};

}  // namespace hw::broker
