#include "broker/api/handlers.h"

#include <memory>

#include "broker/api/api_versions.h"
#include "broker/api/describe_cluster.h"
#include "broker/api/find_coordinator.h"
#include "broker/api/metadata.h"

namespace hw::broker {

void add_handlers(Dispatcher& dispatcher, ApiServices& services) {
    using schema::ApiKey;
    dispatcher.add(ApiKey::api_versions,
                   std::make_unique<ApiVersionsHandler>(dispatcher, services));
    dispatcher.add(ApiKey::metadata, std::make_unique<MetadataHandler>(services, nullptr));
    dispatcher.add(ApiKey::find_coordinator, std::make_unique<FindCoordinatorHandler>());
    dispatcher.add(ApiKey::describe_cluster, std::make_unique<DescribeClusterHandler>(services));
}

}  // namespace hw::broker
