#pragma once

#include "broker/api/api_services.h"
#include "broker/metadata/topic_creator.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/metadata.h"

namespace hw::broker {

/// Metadata: brokers, topics, partitions and their leaders, from the image of this shard. A request
/// that lets unknown topics be created waits until they are there, but not for long.
class MetadataHandler final : public MessageHandler<schema::MetadataRequest> {
public:
    /// Both outlive it. No `creator` where `auto.create.topics.enable` is false.
    MetadataHandler(ApiServices& services, TopicCreator* creator)
        : services_(services), creator_(creator) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::MetadataRequest& request) override;

private:
    /// Topics that are asked for, not there, and may be created; and why others may not.
    struct Missing {
        TopicCreator::Names names;
        TopicCreator::Refusals refusals;
    };

    [[nodiscard]] Missing missing_topics(const RequestContext& who,
                                         const schema::MetadataRequest& request) const;
    void answer(Exchange& exchange, const schema::MetadataRequest& request,
                const TopicCreator::Refusals& refusals) const;

    ApiServices& services_;
    TopicCreator* creator_;
};

}  // namespace hw::broker
