#pragma once

#include <utility>
#include <variant>

#include "broker/coordinator/consumer/pattern_topics.h"
#include "broker/coordinator/consumer/target_assignment.h"

namespace hw::broker {

/// What a consumer group wants to know and no heartbeat should wait for.
using GroupQuestion = std::variant<PatternQuestion, TargetQuestion>;
using GroupAnswer = std::variant<ResolvedPatterns, ComputedTargets>;

/// Takes long; may run on any thread.
[[nodiscard]] inline GroupAnswer answer(GroupQuestion question) {
    if (auto* const patterns = std::get_if<PatternQuestion>(&question)) {
        return resolve(std::move(*patterns));
    }
    return compute(std::get<TargetQuestion>(std::move(question)));
}

}  // namespace hw::broker
