#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/image/image_loader.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/fetch.h"
#include "replication/fetch/peer_client.h"

namespace hw::broker {

/// What a subscriber of the metadata is told.
struct MetadataUpdate {
    std::shared_ptr<const controller::MetadataImage> image;
    /// Since the update before. The first update is the whole image: its changes name the topics
    /// that were deleted in the log before it, and nothing else.
    controller::MetadataChanges changes;
    bool is_first = false;
};

/// Port: who follows the metadata. The next update comes when the one before has been applied.
class MetadataSubscriber {
public:
    virtual ~MetadataSubscriber() = default;
    [[nodiscard]] virtual Task<> apply(MetadataUpdate update) = 0;
};

/// An observer of the metadata quorum: fetches the log from its leader, makes images of it, and
/// hands them on. What it found on the way to the present is handed on as one image.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class MetadataFollower {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
    };

    /// `leader` is a connection for this alone: a fetch that waits holds up what is behind it.
    MetadataFollower(const Ports& ports, BrokerId self, std::string cluster_id,
                     replication::PeerClient& leader, MetadataSubscriber& subscriber);
    MetadataFollower(const MetadataFollower&) = delete;
    MetadataFollower& operator=(const MetadataFollower&) = delete;

    /// `tell_end` is told when the log contradicts itself: the process must end.
    void start(std::function<void(const Error&)> tell_end);
    /// What is under way ends with the channel to the leader, which is to be stopped next.
    void begin_stop();
    [[nodiscard]] Task<> stop() { return tasks_.wait_idle(); }

private:
    using Answer = replication::Answer<schema::FetchResponse>;

    static constexpr ApiVersion kFetchVersion{17};
    /// How long the leader may wait for something new.
    static constexpr Millis kWait{500};
    static constexpr std::int32_t kBytesMax = 8 << 20;
    /// Between two attempts that failed.
    static constexpr Duration kRetry = std::chrono::milliseconds(50);

    [[nodiscard]] Task<> run();
    [[nodiscard]] Task<Result<Answer>> fetch();
    [[nodiscard]] Task<Result<void>> take(const Answer& answer);
    [[nodiscard]] Task<Result<void>> load(ByteView batches);
    [[nodiscard]] Task<> publish(controller::Publication publication);
    void report(const std::string& trouble);

    Shard& shard_;
    const Clock& clock_;
    Logger log_;
    BrokerId self_;
    std::string cluster_id_;
    replication::PeerClient& leader_;
    MetadataSubscriber& subscriber_;
    std::function<void(const Error&)> tell_end_;
    controller::ImageLoader loader_;
    LeaderEpoch epoch_{0};
    /// What happened on the way to the present; none once it is reached.
    std::optional<controller::Publication> catching_up_;
    std::string trouble_;  ///< as it was reported last; empty when all is well
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
};

}  // namespace hw::broker
