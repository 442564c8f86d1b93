#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "broker/coordinator/runtime/coordinator_call.h"
#include "protocol/schema/group_record.h"
#include "protocol/wire/refusal.h"

namespace hw::broker {

using CallPtr = std::shared_ptr<CoordinatorCall>;

/// The records that a decision appends: all of them or none. One without a value is a tombstone,
/// which removes what earlier records of its key have set.
using CoordinatorRecords = std::vector<schema::EncodedGroupRecord>;

/// What an operation of a machine wants done, in the order of the fields.
struct Decision {
    /// Appended as one batch, then applied.
    CoordinatorRecords records;
    /// Called after that: with nullptr, or with the reason why the records were refused, so that
    /// nothing has changed. May add answers.
    std::vector<std::move_only_function<void(const wire::Refusal*, Decision&)>> then;
    /// Calls whose results are set. They end when all that was appended until now is committed.
    std::vector<CallPtr> answers;
};

}  // namespace hw::broker
