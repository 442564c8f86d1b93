#include "broker/api/handlers.h"

#include <memory>

#include "broker/api/api_versions.h"
#include "broker/api/describe_cluster.h"
#include "broker/api/describe_configs.h"
#include "broker/api/fetch.h"
#include "broker/api/find_coordinator.h"
#include "broker/api/forwarding.h"
#include "broker/api/init_producer_id.h"
#include "broker/api/list_offsets.h"
#include "broker/api/metadata.h"
#include "broker/api/produce.h"

namespace hw::broker {

void add_handlers(Dispatcher& dispatcher, ApiServices& services, const NodeServices& node) {
    using schema::ApiKey;
    dispatcher.add(ApiKey::produce, std::make_unique<ProduceHandler>(services));
    dispatcher.add(ApiKey::fetch, std::make_unique<FetchHandler>(services));
    dispatcher.add(ApiKey::list_offsets, std::make_unique<ListOffsetsHandler>(services));
    dispatcher.add(ApiKey::metadata,
                   std::make_unique<MetadataHandler>(services, node.topic_creator));
    dispatcher.add(ApiKey::find_coordinator, std::make_unique<FindCoordinatorHandler>(services));
    dispatcher.add(ApiKey::api_versions,
                   std::make_unique<ApiVersionsHandler>(dispatcher, services));
    dispatcher.add(ApiKey::init_producer_id,
                   std::make_unique<InitProducerIdHandler>(services, node.producer_ids));
    dispatcher.add(ApiKey::describe_configs,
                   std::make_unique<DescribeConfigsHandler>(services, node.settings));
    dispatcher.add(ApiKey::describe_cluster, std::make_unique<DescribeClusterHandler>(services));
    for (const schema::ApiInfo& api : schema::kApiTable) {
        if (api.forwarded && api.on_broker) {
            dispatcher.add(api.key,
                           std::make_unique<ForwardingHandler>(services.shard, node.gateway));
        }
    }
}

}  // namespace hw::broker
