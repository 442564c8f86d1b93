#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/net/peer_channel.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/network.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Asks the leaders of partitions where their logs end for consumers: at the high watermark.
///
/// One caller; lives on the control shard. `stop` must have been called, and `ask` have ended,
/// before it is destroyed.
class LogEnds {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Network& network;
        std::string listener;  ///< inter.broker.listener.name
    };
    using Image = std::shared_ptr<const controller::MetadataImage>;
    using Partition = std::pair<std::string, PartitionIndex>;
    using Ends = std::map<Partition, Offset>;

    explicit LogEnds(Ports ports) : ports_(std::move(ports)) {}
    LogEnds(const LogEnds&) = delete;
    LogEnds& operator=(const LogEnds&) = delete;

    /// The ends of those partitions whose leaders answer.
    [[nodiscard]] Task<Ends> ask(Image image, std::set<Partition> partitions);
    /// Ends `ask` early.
    void stop();

private:
    /// Limit of a leader's answer.
    static constexpr Duration kLimit = std::chrono::seconds(5);
    /// Limit of one attempt to connect, so that a machine that is off does not delay a stop.
    static constexpr Duration kConnectLimit = std::chrono::seconds(1);

    [[nodiscard]] Task<> ask_leader(Image image, BrokerId leader, std::vector<Partition> partitions,
                                    Ends& ends);
    [[nodiscard]] Task<Result<std::unique_ptr<Transport>>> connect(Image image, BrokerId leader,
                                                                   TimePoint deadline);

    Ports ports_;
    PeerChannel* channel_ = nullptr;  ///< to the leader that is being asked
    bool stopping_ = false;
};

}  // namespace hw::broker
