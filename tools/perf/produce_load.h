#pragma once

#include "protocol/base/result.h"
#include "tools/perf/produce_options.h"
#include "tools/perf/report.h"
#include "tools/perf/target.h"

namespace hw::perf {

/// Sends what the options ask for, or until a stop, and waits for the last answer. One thread, one
/// epoll; blocks.
/// Errors that end it early are in the report; others: closed, not_found, invalid, before anything
/// was sent.
[[nodiscard]] Result<ProduceReport> run_load(const ProduceOptions& options, const Target& target);

}  // namespace hw::perf
