#pragma once

#include "storage/producer_table.h"

namespace hw::replication {

/// Why a partition refuses a request: the error code for the client, and a message.
using PartitionError = storage::AppendError;

}  // namespace hw::replication
