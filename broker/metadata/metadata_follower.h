#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "broker/metadata/controller_locator.h"
#include "controller/image/image_loader.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/fetch.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// A new metadata image for the subscriber.
struct MetadataUpdate {
    std::shared_ptr<const controller::MetadataImage> image;
    /// Changes since the previous update. In the first update only deleted_topics is set, with the
    /// topics that were deleted earlier in the log; everything in the image is new.
    controller::MetadataChanges changes;
    bool is_first = false;
};

/// Port: applies metadata updates. The next update comes when `apply` of the previous one has
/// ended.
class MetadataSubscriber {
public:
    virtual ~MetadataSubscriber() = default;
    [[nodiscard]] virtual Task<> apply(MetadataUpdate update) = 0;
};

/// An observer of the metadata quorum: fetches the log from the leader, builds images from its
/// committed records, and passes them to the subscriber. At start everything up to the high
/// watermark becomes one update.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class MetadataFollower {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
        ControllerLocator& locator;
        /// A connection to the controller that `locator` says to ask. Only the follower uses it,
        /// because a waiting fetch delays the requests behind it.
        replication::PeerClient& asked;
        bool is_only_broker;  ///< this node has no controller
    };

    MetadataFollower(const Ports& ports, BrokerId self, std::string cluster_id,
                     MetadataSubscriber& subscriber);
    MetadataFollower(const MetadataFollower&) = delete;
    MetadataFollower& operator=(const MetadataFollower&) = delete;

    /// Starts to fetch. `tell_end` is called when the log contradicts itself: the process must end.
    /// Damaged records are refused, and fetched again.
    void start(std::function<void(const Error&)> tell_end);
    /// Starts no further fetch. The caller then stops the channel to the leader, which ends the
    /// fetch that is under way.
    void begin_stop();
    [[nodiscard]] Task<> stop() { return tasks_.wait_idle(); }

private:
    using Reply = wire::DecodedMessage<schema::FetchResponse>;

    /// A batch that was fetched and is not known to be committed.
    struct FetchedBatch {
        Buffer bytes;
        Offset end_offset;
        LeaderEpoch epoch;
    };

    static constexpr ApiVersion kFetchVersion{18};
    /// Longest time that the leader waits for new records (fetch.max.wait.ms).
    static constexpr Millis kWait{500};
    static constexpr std::int32_t kMaxBytes = 1 << 20;
    /// Maximum bytes that are kept until they are committed; only the first batch may be larger.
    static constexpr std::size_t kMaxTailBytes = std::size_t{16} << 20;
    /// Limit of one fetch, its wait at the leader included.
    static constexpr Duration kLimit = std::chrono::seconds(2);
    /// Pause after a failed attempt.
    static constexpr Duration kRetry = std::chrono::milliseconds(50);

    [[nodiscard]] Task<> run();
    [[nodiscard]] Task<Result<Reply>> fetch();
    /// Takes the answer of the controller `from`.
    [[nodiscard]] Task<Result<void>> take(const Reply& answer, const ControllerAddress& from);
    [[nodiscard]] Task<Result<void>> take_records(const schema::FetchResponse::Partition& partition,
                                                  const ControllerAddress& from);
    /// After a failure: turns to another controller, if there is one.
    void ask_another(const ControllerAddress& from);
    /// Why the answer does not have one partition; none if it has.
    [[nodiscard]] static std::optional<std::string> trouble_of(const Reply& answer);
    /// Tells the locator who leads, according to the answer of `from`.
    void learn_leader(const Reply& answer, const ControllerAddress& from);
    /// The offset after the last fetched record.
    [[nodiscard]] Offset fetched_end_offset() const;
    /// Keeps the fetched batches. False if there is no room for all; the rest is fetched again.
    /// Errors: corrupt, if they are damaged; those before are kept.
    [[nodiscard]] Result<bool> add_to_tail(const schema::FetchResponse::Partition& partition);
    /// Loads the batches below `high_watermark`.
    [[nodiscard]] Task<Result<void>> load_committed(Offset high_watermark);
    [[nodiscard]] Task<Result<void>> load(ByteView batches);
    [[nodiscard]] Task<> publish(controller::Publication publication);
    /// Logs the trouble with `from`, unless that was the last trouble with it.
    void report(const ControllerAddress& from, const std::string& trouble);

    Shard& shard_;
    const Clock& clock_;
    Logger log_;
    BrokerId self_;
    bool is_only_broker_;
    std::string cluster_id_;
    ControllerLocator& locator_;
    replication::PeerClient& asked_;
    MetadataSubscriber& subscriber_;
    std::function<void(const Error&)> tell_end_;
    controller::ImageLoader loader_;
    std::deque<FetchedBatch> tail_;  ///< what follows the loaded records
    std::size_t tail_bytes_ = 0;
    /// Image and changes so far, until the high watermark is reached; none after that.
    std::optional<controller::Publication> catching_up_;
    /// The newest reported failure of each controller; empty after a fetch succeeded.
    std::map<std::string, std::string> troubles_;
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
};

}  // namespace hw::broker
