#pragma once

#include "broker/api/api_services.h"
#include "broker/metadata/topic_creator.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/metadata.h"

namespace hw::broker {

/// Handles Metadata: lists brokers, topics, partitions and their leaders, from the image of this
/// shard. A request that creates unknown topics waits for them, but not for long.
class MetadataHandler final : public MessageHandler<schema::MetadataRequest> {
public:
    /// Both must outlive it. `creator` is null if `auto.create.topics.enable` is false.
    MetadataHandler(ApiServices& services, TopicCreator* creator)
        : services_(services), creator_(creator) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::MetadataRequest& request) override;

private:
    /// Requested topics that do not exist: those to create, and the errors of those that may not
    /// be created.
    struct Missing {
        TopicCreator::Names names;
        TopicCreator::Refusals refusals;
    };

    /// Memory for each requested topic: to find it, and to create it or refuse its creation.
    static constexpr std::size_t kBytesPerTopic = 320;

    void add_missing(const RequestContext& who, const schema::MetadataRequest::Topic& asked,
                     Missing& missing) const;
    [[nodiscard]] Task<> answer(ExchangePtr exchange, const schema::MetadataRequest& request,
                                TopicCreator::Refusals refusals) const;

    ApiServices& services_;
    TopicCreator* creator_;
};

}  // namespace hw::broker
