#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/disk.h"
#include "test/sim/scheduler.h"

namespace hw::sim {

/// How the simulated disk behaves; drawn per seed. One in 0 is never.
struct DiskFaults {
    static constexpr std::uint64_t kNoLimit = UINT64_MAX;

    std::uint64_t read_error_one_in = 0;
    std::uint64_t write_error_one_in = 0;
    std::uint64_t sync_error_one_in = 0;
    /// One write_at in so many ends later than its call.
    std::uint64_t late_write_one_in = 0;
    /// Bytes that may still be written before there is no space, and no room for a new entry.
    std::uint64_t space_left = kNoLimit;
    /// Operations that change something and still have an effect; then the disk is frozen: every
    /// operation fails, nothing changes. This is a crash between two operations of code that does
    /// not wait between them.
    std::uint64_t freeze_after = kNoLimit;
    /// Data directories whose blocking work begins and does not end until SimDisk::release.
    std::set<std::string> hung;
    Duration delay_least = std::chrono::microseconds(50);
    Duration delay_most = std::chrono::milliseconds(2);
};

/// The disk of one simulated node.
///
/// The model: a tree of directories and files. A file has a durable image and a current one, and
/// knows which sectors of 512 bytes of the two may differ. A directory has durable and current
/// entries; operations on entries (create, rename, remove) are pending until their directory is
/// synced. `sync` of a file makes its sectors and size durable, not its entry.
///
/// power_loss keeps of each file any subset of the unsynced sectors (so writes are torn and out of
/// order), a size between the durable and the current one, and any subset of the pending entry
/// operations, applied in order; what was synced is all there. process_kill keeps everything.
/// Both make all open files and locks dead.
///
/// A write that fails has written a prefix. Bytes that are written again take space again, and
/// nothing gives it back but a change of the faults. A sync that fails marks the sectors clean, as
/// Linux does: they are read back as written, and are gone after a power loss whatever is synced
/// later, unless they are written again. A sync of a directory that fails changes nothing.
/// run_blocking starts its work after a delay of the seed, so works overlap in any order. Work of a
/// directory that hangs is done when it is released, though it may be abandoned by then. A late
/// write_at takes its bytes when it ends. Bit flips and misdirected writes are made by tests with
/// `contents`, `overwrite` and `alter`.
class SimDisk final : public storage::Disk {
public:
    static constexpr std::uint64_t kSector = 512;

    SimDisk(Scheduler& scheduler, NodeTag node);
    ~SimDisk() override;

    void process_kill();
    void power_loss();

    [[nodiscard]] DiskFaults& faults() { return faults_; }
    /// Operations so far that changed something.
    [[nodiscard]] std::uint64_t operations() const { return operations_; }
    /// Operations so far that failed because there was no space.
    [[nodiscard]] std::uint64_t refusals() const { return refusals_; }
    /// When a sync failed by a fault for the first time since the last end of the node, if one did.
    [[nodiscard]] const std::optional<TimePoint>& sync_failed() const { return sync_failed_; }
    /// What a reader sees of a file now; empty when it does not exist.
    [[nodiscard]] std::string contents(const std::string& path) const;
    /// Changes bytes of a file, durably: damage at rest.
    void overwrite(const std::string& path, std::uint64_t position, std::string_view bytes);
    /// Changes bytes inside of a file where they are at rest; what else of it is not durable stays
    /// so.
    void alter(const std::string& path, std::uint64_t position, std::string_view bytes);
    /// A directory that hung works again; so does the work that waited.
    void release(const std::string& directory);

    Result<std::shared_ptr<storage::File>> open(const std::string& path,
                                                storage::OpenMode mode) override;
    Result<std::vector<storage::DirectoryEntry>> list(const std::string& path) override;
    Result<bool> exists(const std::string& path) override;
    /// There are no links, and the working directory is the root.
    Result<std::string> real_path(const std::string& path) override;
    Result<void> make_directories(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove_file(const std::string& path) override;
    Result<void> remove_tree(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::unique_ptr<storage::FileLock>> lock(const std::string& path) override;
    void run_blocking(const std::string& directory, Shard& shard,
                      std::move_only_function<void()> work, storage::BlockingDone done) override;
    [[nodiscard]] storage::BlockingProgress progress(const std::string& directory) override;
    void abandon(const std::string& directory) override;

private:
    friend class SimFile;
    friend class SimLock;
    struct Node;
    using NodePointer = std::shared_ptr<Node>;
    /// A change of entries that is not durable: `node` under `name` of `directory`, or nothing.
    struct EntryChange {
        NodePointer directory;
        std::string name;
        NodePointer node;
    };
    /// Entry changes that a power loss keeps or loses together.
    using Operation = std::vector<EntryChange>;

    struct Place {
        NodePointer directory;
        std::string name;
        NodePointer node;  ///< what stands there; null if nothing
    };

    /// One blocking work; owned by the scheduler's queue, or by `hung` of its directory.
    struct Work {
        Shard* shard;
        std::move_only_function<void()> work;
        storage::BlockingDone done;  ///< null when it was told
    };
    /// The blocking work of one data directory.
    struct Works {
        std::vector<std::weak_ptr<Work>> all;
        std::vector<std::shared_ptr<Work>> hung;
        std::uint64_t ended = 0;
        bool is_abandoned = false;
    };

    void schedule(const std::string& directory, std::shared_ptr<Work> work);
    [[nodiscard]] bool draw(std::uint64_t one_in);
    [[nodiscard]] bool draw_sync_error();
    /// Counts an operation that changes something. Errors: io when frozen.
    [[nodiscard]] Result<void> change(std::string_view what, const std::string& path);
    /// The same for an operation that makes an entry. Errors: also no_space.
    [[nodiscard]] Result<void> new_entry(std::string_view what, const std::string& path);
    [[nodiscard]] std::unexpected<Error> no_space(std::string_view what, const std::string& path);
    [[nodiscard]] Result<Place> find(const std::string& path) const;
    void apply(Operation operation);
    void lose_sectors(Node& file);
    void revert(Node& node);

    Scheduler* scheduler_;
    NodeTag node_;
    DiskFaults faults_;
    std::uint64_t operations_ = 0;
    std::uint64_t refusals_ = 0;
    std::uint64_t generation_ = 0;  ///< of handles that are alive
    std::optional<TimePoint> sync_failed_;
    NodePointer root_;
    std::vector<Operation> pending_;
    std::set<std::string> locks_;
    std::map<std::string, Works> works_;
};

}  // namespace hw::sim
