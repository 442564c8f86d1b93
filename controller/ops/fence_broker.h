#pragma once

#include "controller/operation.h"

namespace hw::controller {

/// Adds what takes a registered broker out of service: its partitions get other leaders or none,
/// then it is fenced.
void add_fence(RecordBatch& records, const MetadataImage& image, const BrokerImage& broker);

/// Adds what puts it back into service: it is unfenced, then partitions without a leader that it
/// may lead are given to it.
void add_unfence(RecordBatch& records, const MetadataImage& image, const BrokerImage& broker);

}  // namespace hw::controller
