#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/disk.h"

namespace hw::broker {

/// Watchdog that lets a stop end although a disk hangs. A data directory hangs when blocking work
/// is pending in it and none has ended for kLimit. The watchdog then gives it up: from then on,
/// callers that wait for its work get an error. The other directories are closed as usual.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class HangWatch {
public:
    /// Longer than a single slow operation takes, such as the unlink of a large file, or a sync on
    /// a slow disk.
    static constexpr Duration kLimit = std::chrono::seconds(20);
    static constexpr Duration kInterval = std::chrono::seconds(1);

    struct Ports {
        Shard& shard;
        const Clock& clock;
        storage::Disk& disk;
        Logger log;
    };

    HangWatch(const Ports& ports, std::vector<std::string> directories);
    HangWatch(const HangWatch&) = delete;
    HangWatch& operator=(const HangWatch&) = delete;

    void start() { tasks_.spawn(run()); }
    [[nodiscard]] Task<> stop();
    /// The directories that were given up.
    [[nodiscard]] const std::vector<std::string>& hung() const { return hung_; }

private:
    struct Seen {
        std::uint64_t ended = 0;
        TimePoint since{};  ///< when `ended` last changed, or nothing was pending
    };

    [[nodiscard]] Task<> run();
    void look(const std::string& directory);

    Ports ports_;
    std::vector<std::string> directories_;
    std::map<std::string, Seen> seen_;
    std::vector<std::string> hung_;
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
};

}  // namespace hw::broker
