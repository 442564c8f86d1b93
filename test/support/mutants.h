#pragma once

#include "replication/partition/partition_leader.h"
#include "storage/log.h"

namespace hw {

/// Switches with which a test breaks rules on purpose, to prove that it would notice. Passed
/// through constructors; nothing is broken by default.
struct Mutants {
    storage::LogMutants log;
    replication::LeaderMutants leader;
};

}  // namespace hw
