#pragma once

#include "broker/api/api_services.h"
#include "broker/api/group_rules.h"
#include "broker/metadata/controller_gateway.h"
#include "broker/metadata/producer_id_pool.h"
#include "broker/metadata/topic_creator.h"
#include "broker/net/dispatcher.h"
#include "config/settings.h"
#include "protocol/base/entropy.h"
#include "replication/fetch/fetch_session_cache.h"

namespace hw::broker {

/// Services that the handlers of all shards of a node share; each may be used from any shard.
struct NodeServices {
    const config::Settings& settings;
    ControllerGateway& gateway;
    ProducerIdPool& producer_ids;
    TopicCreator& topic_creator;
    bool creates_topics;  ///< `auto.create.topics.enable`
    GroupRules groups;
    Entropy& entropy;
};

/// Adds those of the APIs of groups. All must outlive the handlers.
void add_group_handlers(Dispatcher& dispatcher, ApiServices& services, const GroupRules& rules,
                        Entropy& entropy);

/// Adds the handler of every API on the brokers' listeners to the dispatcher of a shard. The
/// arguments must outlive the handlers.
void add_handlers(Dispatcher& dispatcher, ApiServices& services, const NodeServices& node,
                  const replication::FetchSessionOptions& sessions);

}  // namespace hw::broker
