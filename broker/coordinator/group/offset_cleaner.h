#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/coordinator/group/group_coordinators.h"
#include "broker/coordinator/group/log_ends.h"
#include "broker/coordinator/group/offset_expiry.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Removes the committed offsets that nobody needs any more, see offset_expiry.h: every `interval`,
/// and those of deleted topics soon after their deletion.
///
/// A pass enters one coordinator after another, each for a page of groups at a time. Lives on the
/// control shard; owned by the node. `stop` must have ended before it is destroyed.
class OffsetCleaner {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
        GroupCoordinators& groups;
        LogEnds::Ports log_ends;
        /// The newest metadata.
        std::function<std::shared_ptr<const controller::MetadataImage>()> image;
    };
    struct Options {
        std::chrono::milliseconds retention{};
        Duration interval{};
    };

    OffsetCleaner(Ports ports, const Options& options)
        : ports_(std::move(ports)),
          options_(options),
          log_ends_(ports_.log_ends),
          tasks_(ports_.shard) {}
    OffsetCleaner(const OffsetCleaner&) = delete;
    OffsetCleaner& operator=(const OffsetCleaner&) = delete;

    void start();
    [[nodiscard]] Task<> stop();

private:
    /// Topics are often deleted together.
    static constexpr Duration kDeletionPause = std::chrono::seconds(1);
    static constexpr std::size_t kPage = 1000;  ///< groups and offsets

    [[nodiscard]] Task<> run();
    [[nodiscard]] Task<> pass(bool only_orphaned);
    [[nodiscard]] Task<> clean(ReplicaPtr replica, bool only_orphaned);
    /// Keeps those that are read, or need not be.
    [[nodiscard]] Task<> drop_unread(ExpiryPage& page);
    [[nodiscard]] Task<> remove(const ReplicaPtr& replica, const ExpiryPage& page);

    Ports ports_;
    Options options_;
    LogEnds log_ends_;
    TaskGroup tasks_;
    Signal changed_;
    bool has_orphans_ = false;  ///< topics were deleted
    bool stopping_ = false;
};

}  // namespace hw::broker
