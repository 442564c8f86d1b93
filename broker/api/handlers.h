#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"

namespace hw::broker {

/// Puts the handler of every API that is served into the dispatcher of a shard. `services` and
/// `dispatcher` outlive the handlers.
void add_handlers(Dispatcher& dispatcher, ApiServices& services);

}  // namespace hw::broker
