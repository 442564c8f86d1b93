#pragma once

#include "controller/image/metadata_image.h"
#include "protocol/base/logger.h"

namespace hw::broker {

/// Logs what has become of brokers between two states of the metadata: who has registered, is
/// unfenced, is fenced or stops, and what became of the partitions that it led.
void log_broker_changes(const Logger& log, const controller::MetadataImage& before,
                        const controller::MetadataImage& after);

}  // namespace hw::broker
