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
    /// One read_cached in this many finds that bytes are not in memory.
    std::uint64_t uncached_one_in = 3;
    /// One write_at in this many ends later than its call.
    std::uint64_t late_write_one_in = 0;
    /// Bytes that can be written, for data and new entries, before the disk is full.
    std::uint64_t space_left = kNoLimit;
    /// The disk freezes when SimDisk::operations reaches this number: every later operation that
    /// changes something fails. So a crash can happen between two operations of code that does not
    /// wait between them.
    std::uint64_t freeze_after = kNoLimit;
    /// Data directories that hang: their blocking work does not end until SimDisk::release.
    std::set<std::string> hung;
    /// Data directories in which everything fails with an I/O error, reads too.
    std::set<std::string> failed;
    /// Data directories in which existing files can be read, but nothing can be changed.
    std::set<std::string> read_only;
    Duration delay_least = std::chrono::microseconds(50);
    Duration delay_most = std::chrono::milliseconds(2);
};

/// The disk of one simulated node.
///
/// The model is a tree of directories and files. A file has a durable and a current image, and a
/// set of dirty sectors (512 bytes) in which the two may differ. A directory has durable and
/// current entries; operations on entries (create, rename, remove) are pending until their
/// directory is synced. `sync` of a file makes its sectors and size durable, but not its entry.
///
/// power_loss keeps all synced data. Of each file it keeps a random subset of the unsynced sectors
/// (so writes are torn and out of order) and a size between the durable and the current one. Of the
/// pending entry operations it applies a random subset in order. process_kill keeps everything.
/// After both, all open files and locks are dead.
///
/// A failing write writes a prefix of its bytes. Overwriting bytes takes space again; space is
/// freed only when a test raises the limit in DiskFaults. A failing sync marks the sectors clean,
/// as Linux does: reads return the written bytes, but a power loss loses them even after later
/// syncs, unless they are written again. A failing sync of a directory changes nothing.
/// run_blocking starts its work after a random delay, so pieces of work overlap in any order. The
/// work of a directory that hangs is done after its release, even if it was abandoned before. A
/// late write_at reads its bytes when it ends. Tests make bit flips and misdirected writes with
/// `contents`, `overwrite` and `alter`.
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
    /// Times of the first failing sync in each data directory, in the current life of the node.
    [[nodiscard]] const std::map<std::string, TimePoint>& failed_syncs() const {
        return failed_syncs_;
    }
    /// Whether a file or directory exists, also in a data directory that has failed.
    [[nodiscard]] bool has(const std::string& path) const;
    /// The current contents of a file; empty if it does not exist.
    [[nodiscard]] std::string contents(const std::string& path) const;
    /// What a power loss is sure to leave of a file; empty if that may be nothing.
    [[nodiscard]] std::string durable_contents(const std::string& path) const;
    /// Changes bytes of a file and makes the whole file durable.
    void overwrite(const std::string& path, std::uint64_t position, std::string_view bytes);
    /// Changes bytes of a file in its durable and current images, and leaves other unsynced bytes
    /// unsynced.
    void alter(const std::string& path, std::uint64_t position, std::string_view bytes);
    /// Lets a directory work again, and schedules the work that waited.
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
    void run_read(const std::string& directory, Shard& shard, std::move_only_function<void()> work,
                  storage::BlockingDone done) override;
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
    /// All blocking work of one data directory.
    struct DirectoryWork {
        std::vector<std::weak_ptr<Work>> all;
        std::vector<std::shared_ptr<Work>> hung;
        std::uint64_t ended = 0;
        bool is_abandoned = false;
    };

    void schedule(const std::string& directory, std::shared_ptr<Work> work);
    [[nodiscard]] bool draw(std::uint64_t one_in);
    [[nodiscard]] bool draw_sync_error(const std::string& path);
    [[nodiscard]] static std::string data_directory_of(const std::string& path);
    /// Whether the path is in a data directory that has failed.
    [[nodiscard]] bool has_failed(const std::string& path) const;
    [[nodiscard]] Result<void> reach(std::string_view what, const std::string& path) const;
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
    std::map<std::string, TimePoint> failed_syncs_;
    NodePointer root_;
    std::vector<Operation> pending_;
    std::set<std::string> locks_;
    std::map<std::string, DirectoryWork> directory_work_;
};

}  // namespace hw::sim
