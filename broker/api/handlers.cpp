#include "broker/api/handlers.h"

#include <memory>

#include "broker/api/api_versions.h"
#include "broker/api/fetch.h"
#include "broker/api/list_offsets.h"
#include "broker/api/metadata.h"
#include "broker/api/produce.h"

namespace hw::broker {

void add_handlers(Dispatcher& dispatcher, ApiServices& services) {
    using schema::ApiKey;
    dispatcher.add(ApiKey::api_versions,
                   std::make_unique<ApiVersionsHandler>(dispatcher, services));
    dispatcher.add(ApiKey::fetch, std::make_unique<FetchHandler>(services));
    dispatcher.add(ApiKey::list_offsets, std::make_unique<ListOffsetsHandler>(services));
    dispatcher.add(ApiKey::metadata, std::make_unique<MetadataHandler>(services));
    dispatcher.add(ApiKey::produce, std::make_unique<ProduceHandler>(services));
}

}  // namespace hw::broker
