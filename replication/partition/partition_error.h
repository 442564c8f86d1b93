#pragma once

#include "storage/producer_table.h"

namespace hw::replication {

/// Why a partition refuses: the code that the client is told, and a sentence.
using PartitionError = storage::AppendError;

}  // namespace hw::replication
