#pragma once

#include "protocol/base/random.h"
#include "test/sim/plan.h"

namespace hw::sim {

/// The parts of a plan that draw_plan draws one after the other.
[[nodiscard]] Duration draw_span(Random& random, Duration min, Duration max);
/// The nodes and their roles, each with a single life without faults.
void draw_nodes(Random random, Plan& plan);
/// The lives of the nodes, with their faults and ends.
void draw_lives(Random random, Plan& plan);
/// Which brokers have two data directories, and when one of these fails.
void draw_directories(Random random, Plan& plan);
/// How often reads find that bytes are not in memory.
void draw_uncached(Random random, Plan& plan);
/// The faults of the network and of several nodes.
void draw_cluster_faults(Random random, Plan& plan);

}  // namespace hw::sim
