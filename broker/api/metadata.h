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

    /// Memory for finding a topic that is asked for, and creating it or saying why not.
    static constexpr std::size_t kBytesPerTopic = 320;

    void add_missing(const RequestContext& who, const schema::MetadataRequest::Topic& asked,
                     Missing& missing) const;
    [[nodiscard]] Task<> answer(ExchangePtr exchange, const schema::MetadataRequest& request,
                                TopicCreator::Refusals refusals) const;

    ApiServices& services_;
    TopicCreator* creator_;
};

}  // namespace hw::broker
