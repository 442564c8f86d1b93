#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/disk.h"

namespace hw::broker {

/// Sees that a stop ends though a disk hangs: gives up the blocking work of a data directory where
/// some is pending and none has ended for kLimit. Everybody who waits for it then goes on with an
/// error, and the other directories are closed as if nothing had happened.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class HangWatch {
public:
    /// A single work may take long, such as the unlink of a large file; a sync takes seconds on a
    /// slow disk.
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
    /// Directories that were given up.
    [[nodiscard]] const std::vector<std::string>& hung() const { return hung_; }

private:
    struct Seen {
        std::uint64_t ended = 0;
        TimePoint since{};  ///< when this many had ended, or nothing was pending
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
