#pragma once

#include "protocol/base/time.h"

namespace hw::broker {

/// What the handlers of groups check and wait for, as configured.
struct GroupRules {
    Duration commit_timeout;  ///< `offsets.commit.timeout.ms`: for a decision to be replicated
    Duration session_min;     ///< `group.min.session.timeout.ms`
    Duration session_max;     ///< `group.max.session.timeout.ms`
};

}  // namespace hw::broker
