#pragma once

#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/record.h"
#include "protocol/schema/group_record.h"

namespace hw::broker {

/// The records that a decision appends: all of them or none. One without a value is a tombstone,
/// which removes what earlier records of its key have set.
using CoordinatorRecords = std::vector<schema::EncodedGroupRecord>;

/// A replicated state machine whose log is a partition of an internal topic. Its operations read
/// the state and return records; only `apply` changes what the records describe. So the state is
/// the same whether it was decided here or loaded from the log.
class CoordinatorMachine {
public:
    virtual ~CoordinatorMachine() = default;

    /// Applies a record: one that was just appended, or of the log when it is loaded. Records of
    /// unknown types, which newer versions write, change nothing. Errors: corrupt.
    [[nodiscard]] virtual Result<void> apply(ByteView key, record::NullableBytes value) = 0;
};

}  // namespace hw::broker
