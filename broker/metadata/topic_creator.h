#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "broker/net/rate_limited_log.h"
#include "config/broker_config.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/create_topics.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// Creates the topics that Metadata requests name (`auto.create.topics.enable`) and the internal
/// topics that coordinators need, and lets the requests wait until their shard has them in its
/// image. Each topic is created by its own request to the active controller, which decides the
/// numbers of partitions and replicas, if the configuration does not. At most one request per name
/// is under way.
///
/// Owned by the node. `create` may be called on any shard; everything else runs on the control
/// shard. `stop` must have ended before it is destroyed.
class TopicCreator {
public:
    using Names = std::set<std::string, std::less<>>;
    /// For topics that are not in the image: the error code to answer.
    using Refusals = std::map<std::string, wire::ErrorCode, std::less<>>;
    using Done = std::move_only_function<void(const Refusals&)>;

    /// Limit of creations that are under way.
    static constexpr std::size_t kMaxCreations = 256;
    /// How long a request waits for its topics to appear.
    static constexpr Duration kMaxWait = std::chrono::seconds(1);

    TopicCreator(Shard& control, const Clock& clock, replication::PeerClient& controller,
                 const config::OffsetsTopicConfig& offsets_topic, Logger log)
        : control_(control),
          clock_(clock),
          controller_(controller),
          offsets_topic_(offsets_topic),
          log_(log),
          warnings_(log, clock),
          tasks_(control) {}
    TopicCreator(const TopicCreator&) = delete;
    TopicCreator& operator=(const TopicCreator&) = delete;

    /// Creates those of `names` that do not exist; the names must be valid. Calls `done` on `home`,
    /// the caller's shard, when all exist or kMaxWait has passed. It gets an error code for each
    /// topic that is not in the image of that shard: LEADER_NOT_AVAILABLE if it is still being
    /// created, UNKNOWN_TOPIC_OR_PARTITION if the client may try again (too many creations, no
    /// controller, a retriable error), otherwise the controller's code.
    void create(Shard& home, Names names, Done done);
    /// There is a new image. The caller has already posted it to every shard.
    void on_image(std::shared_ptr<const controller::MetadataImage> image);
    /// Ends all waits, and sends no further request to the controller.
    void begin_stop();
    /// Calls begin_stop and waits for the end of the requests that are under way.
    [[nodiscard]] Task<> stop();

private:
    /// Longest wait for the controller's answer.
    static constexpr Duration kLimit = std::chrono::seconds(5);

    using Reply = wire::DecodedMessage<schema::CreateTopicsResponse>;

    /// A waiting call of `create`.
    struct Asker {
        Names missing;
        Refusals refusals;
        Signal settled;
    };
    using Askers = std::list<Asker>;

    [[nodiscard]] Task<> serve(Shard& home, Names names, Done done);
    [[nodiscard]] Task<> create_one(std::string name);
    [[nodiscard]] Askers::iterator add_asker(Names names);
    [[nodiscard]] Refusals remove_asker(Askers::iterator asker);
    [[nodiscard]] bool start_creation(const std::string& name);
    void end_creation(const std::string& name, const Result<Reply>& answer);
    [[nodiscard]] wire::ErrorCode outcome_of(const std::string& name, const Result<Reply>& answer);
    void refuse(const std::string& name, wire::ErrorCode code);
    [[nodiscard]] bool is_there(std::string_view name) const {
        return image_ != nullptr && image_->find_topic(name) != nullptr;
    }

    Shard& control_;
    const Clock& clock_;
    replication::PeerClient& controller_;
    const config::OffsetsTopicConfig offsets_topic_;
    Logger log_;
    RateLimitedLog warnings_;
    std::shared_ptr<const controller::MetadataImage> image_;
    Names under_way_;
    Askers askers_;
    bool stopping_ = false;
    TaskGroup tasks_;
};

}  // namespace hw::broker
