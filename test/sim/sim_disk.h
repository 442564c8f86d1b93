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

/// How the simulated disk behaves; drawn per seed. A `one_in` of 0 means never.
struct DiskFaults {
    static constexpr std::uint64_t kNoLimit = UINT64_MAX;

    std::uint64_t read_error_one_in = 0;
    std::uint64_t write_error_one_in = 0;
    std::uint64_t sync_error_one_in = 0;
    /// One write_at in this many ends later than its call.
    std::uint64_t late_write_one_in = 0;
    /// Bytes that may still be written before the disk is full, also for new entries.
    std::uint64_t space_left = kNoLimit;
    /// Changing operations that still have an effect; then the disk is frozen: every changing
    /// operation fails. This is a crash between two operations of code that does not wait between
    /// them.
    std::uint64_t freeze_after = kNoLimit;
    /// Data directories whose blocking work does not end until SimDisk::release.
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
/// operations, applied in order; synced data is kept. process_kill keeps everything. Both make all
/// open files and locks dead.
///
/// A write that fails has written a prefix. Overwriting bytes takes space again; only a change of
/// the faults frees space. A sync that fails marks the sectors clean, as Linux does: they are read
/// back as written, and are lost at a power loss even after later syncs, unless they are written
/// again. A sync of a directory that fails changes nothing. run_blocking starts its work after a
/// random delay, so works overlap in any order. Work of a directory that hangs is done after its
/// release, even if it was abandoned before. A late write_at reads its bytes when it ends. Tests
/// make bit flips and misdirected writes with `contents`, `overwrite` and `alter`.
class SimDisk final : public storage::Disk {
public:
    static constexpr std::uint64_t kSector = 512;

    SimDisk(Scheduler& scheduler, NodeTag node);
    ~SimDisk() override;

    void process_kill();
    void power_loss();

    [[nodiscard]] DiskFaults& faults() { return faults_; }
    /// Number of changing operations so far.
    [[nodiscard]] std::uint64_t operations() const { return operations_; }
    /// Number of operations so far that failed because the disk was full.
    [[nodiscard]] std::uint64_t refusals() const { return refusals_; }
    /// Time of the first sync that failed by a fault since the last end of the node, if any.
    [[nodiscard]] const std::optional<TimePoint>& sync_failed() const { return sync_failed_; }
    /// The current contents of a file; empty when it does not exist.
    [[nodiscard]] std::string contents(const std::string& path) const;
    /// Changes bytes of a file, durably: damage at rest.
    void overwrite(const std::string& path, std::uint64_t position, std::string_view bytes);
    /// Changes bytes inside a file in its durable and current images; other bytes that are not
    /// durable stay so.
    void alter(const std::string& path, std::uint64_t position, std::string_view bytes);
    /// Ends the hanging of a directory, and schedules the work that waited.
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
    /// A pending change of an entry: `node` under `name` in `directory`, or its removal if null.
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
        NodePointer node;  ///< null if it does not exist
    };

    /// One piece of blocking work; owned by the scheduler's queue, or by `hung` of its directory.
    struct Work {
        Shard* shard;
        std::move_only_function<void()> work;
        storage::BlockingDone done;  ///< null after it was called
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
    /// The same for an operation that creates an entry. Errors: also no_space.
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
    std::uint64_t generation_ = 0;  ///< handles of other generations are dead
    std::optional<TimePoint> sync_failed_;
    NodePointer root_;
    std::vector<Operation> pending_;
    std::set<std::string> locks_;
    std::map<std::string, Works> works_;
};

}  // namespace hw::sim
