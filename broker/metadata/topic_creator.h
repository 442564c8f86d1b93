#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "controller/image/metadata_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/create_topics.h"
#include "replication/fetch/peer_client.h"

namespace hw::broker {

/// Creates topics that clients ask Metadata for (`auto.create.topics.enable`), and lets those who
/// ask wait until their shard knows them. Each topic is a request of its own to the active
/// controller, which decides the numbers of partitions and replicas; one at a time for a name.
///
/// Owned by the node. `create` may be called on any shard, everything else happens on the control
/// shard; `stop` must have ended before it is destroyed.
class TopicCreator {
public:
    using Names = std::set<std::string, std::less<>>;
    /// Why a topic is not in the image yet.
    using Refusals = std::map<std::string, wire::ErrorCode, std::less<>>;
    using Done = std::move_only_function<void(const Refusals&)>;

    /// Names whose creation is under way at a time.
    static constexpr std::size_t kCreationsMax = 256;
    /// How long who asks waits for topics to appear.
    static constexpr Duration kPatience = std::chrono::seconds(1);

    TopicCreator(Shard& control, const Clock& clock, replication::PeerClient& controller,
                 Logger log)
        : control_(control), clock_(clock), controller_(controller), log_(log), tasks_(control) {}
    TopicCreator(const TopicCreator&) = delete;
    TopicCreator& operator=(const TopicCreator&) = delete;

    /// Has those of `names` created that are not there, which must be valid. Then calls `done` on
    /// `home`, the shard it is called on, with codes for those that are not in the image of that
    /// shard by now: LEADER_NOT_AVAILABLE for one that is being made, UNKNOWN_TOPIC_OR_PARTITION
    /// for one that may be asked for again (too many under way, no controller), else the
    /// controller's.
    void create(Shard& home, Names names, Done done);
    /// This is the image that every shard was told of, by a post before this call.
    void on_image(std::shared_ptr<const controller::MetadataImage> image);
    /// Lets nobody wait any longer; nothing is asked of the controller any more.
    void begin_stop();
    /// Begins to stop, and ends when the last request has its answer.
    [[nodiscard]] Task<> stop();

private:
    /// For an answer of the controller.
    static constexpr Duration kLimit = std::chrono::seconds(5);

    using Answer = replication::Answer<schema::CreateTopicsResponse>;

    /// Somebody who asks.
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
    void end_creation(const std::string& name, const Result<Answer>& answer);
    [[nodiscard]] wire::ErrorCode outcome_of(const std::string& name,
                                             const Result<Answer>& answer) const;
    void refuse(const std::string& name, wire::ErrorCode code);
    [[nodiscard]] bool is_there(std::string_view name) const {
        return image_ != nullptr && image_->find_topic(name) != nullptr;
    }

    Shard& control_;
    const Clock& clock_;
    replication::PeerClient& controller_;
    Logger log_;
    std::shared_ptr<const controller::MetadataImage> image_;
    Names under_way_;
    Askers askers_;
    bool stopping_ = false;
    TaskGroup tasks_;
};

}  // namespace hw::broker
