#include "test/sim/sim_disk.h"

#include <algorithm>
#include <utility>

namespace hw::sim {

using storage::BlockingDone;
using storage::BlockingEnd;
using storage::BlockingProgress;
using storage::DirectoryEntry;
using storage::File;
using storage::FileLock;
using storage::OpenMode;

/// A file or a directory.
struct SimDisk::Node {
    bool is_directory = false;
    std::map<std::string, NodePointer> entries;
    std::map<std::string, NodePointer> durable_entries;
    std::string current;
    std::string durable;
    std::set<std::uint64_t> dirty;  ///< sectors whose current bytes may survive a power loss

    void write(std::uint64_t position, ByteView bytes) {
        if (current.size() < position + bytes.size()) {
            current.resize(position + bytes.size());
        }
        std::ranges::copy(as_text(bytes), current.begin() + static_cast<std::ptrdiff_t>(position));
        for (auto s = position / kSector; s * kSector < position + bytes.size(); ++s) {
            dirty.insert(s);
        }
    }
};

class SimFile final : public File {
public:
    SimFile(SimDisk& disk, SimDisk::NodePointer node, std::string path)
        : disk_(&disk),
          node_(std::move(node)),
          path_(std::move(path)),
          generation_(disk.generation_) {}

    void write_at(std::uint64_t position, std::span<const ByteView> slices, Done done) override {
        if (!disk_->draw(disk_->faults_.late_write_one_in)) {
            done(write(position, slices));
            return;
        }
        std::vector<ByteView> kept(slices.begin(), slices.end());
        auto later = [this, position, kept = std::move(kept), done = std::move(done)]() mutable {
            done(write(position, kept));
        };
        disk_->scheduler_->ready(disk_->node_, std::move(later));
    }

    Result<void> write_now(std::uint64_t position, ByteView bytes) override {
        return write(position, {&bytes, 1});
    }

    Result<std::size_t> read_at(std::uint64_t position, MutableBytes into) override {
        if (dead() || disk_->draw(disk_->faults_.read_error_one_in)) {
            return failure("read");
        }
        const std::string& bytes = node_->current;
        const std::uint64_t start = std::min<std::uint64_t>(position, bytes.size());
        const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - start);
        std::ranges::copy(as_bytes(std::string_view(bytes).substr(start, count)), into.begin());
        return count;
    }

    Result<std::size_t> read_cached(std::uint64_t position, MutableBytes into) override {
        if (disk_->draw(disk_->faults_.uncached_one_in)) {
            return storage::would_block();
        }
        return read_at(position, into);
    }

    [[nodiscard]] const std::string& path() const override { return path_; }

    Result<std::uint64_t> size() override {
        if (dead()) {
            return failure("stat");
        }
        return node_->current.size();
    }

    Result<void> truncate(std::uint64_t size) override {
        if (dead() || !disk_->change("truncate", path_)) {
            return failure("truncate");
        }
        const std::uint64_t from = std::min<std::uint64_t>(size, node_->current.size());
        const std::uint64_t to = std::max<std::uint64_t>(size, node_->current.size());
        node_->current.resize(size);
        for (auto s = from / SimDisk::kSector; s * SimDisk::kSector < to; ++s) {
            node_->dirty.insert(s);
        }
        return {};
    }

    Result<void> sync() override {
        if (dead() || !disk_->change("sync", path_)) {
            return failure("sync");
        }
        if (disk_->draw_sync_error(path_)) {
            node_->dirty.clear();
            return failure("sync");
        }
        copy_dirty_sectors();
        return {};
    }

private:
    [[nodiscard]] bool is_down() const { return generation_ != disk_->generation_; }
    [[nodiscard]] bool dead() const { return is_down() || disk_->has_failed(path_); }
    [[nodiscard]] std::unexpected<Error> failure(std::string_view what) const {
        return fail(ErrorKind::io, "{} {}: {}", what, path_,
                    is_down() ? "the node is down" : "Input/output error");
    }

    Result<void> write(std::uint64_t position, std::span<const ByteView> slices) {
        if (dead() || !disk_->change("write", path_)) {
            return failure("write");
        }
        const bool broken = disk_->draw(disk_->faults_.write_error_one_in);
        for (const ByteView slice : slices) {
            const auto room = std::min<std::uint64_t>(slice.size(), disk_->faults_.space_left);
            const auto count = broken ? disk_->scheduler_->random().below(slice.size() + 1) : room;
            node_->write(position, slice.first(std::min<std::uint64_t>(count, room)));
            disk_->faults_.space_left -= std::min<std::uint64_t>(count, room);
            position += slice.size();
            if (broken) {
                return failure("write");
            }
            if (room < slice.size()) {
                return disk_->no_space("write", path_);
            }
        }
        return {};
    }

    /// Makes the dirty sectors durable, but not those that a failed sync has marked clean.
    void copy_dirty_sectors() {
        std::string& durable = node_->durable;
        durable.resize(node_->current.size());
        for (const std::uint64_t sector : node_->dirty) {
            const std::uint64_t at = sector * SimDisk::kSector;
            if (at < durable.size()) {
                durable.replace(at, SimDisk::kSector, node_->current.substr(at, SimDisk::kSector));
            }
        }
        node_->dirty.clear();
    }

    SimDisk* disk_;
    SimDisk::NodePointer node_;
    std::string path_;
    std::uint64_t generation_;
};

class SimLock final : public FileLock {
public:
    SimLock(SimDisk& disk, std::string path)
        : disk_(&disk), path_(std::move(path)), generation_(disk.generation_) {}
    ~SimLock() override {
        if (generation_ == disk_->generation_) {
            disk_->locks_.erase(path_);
        }
    }

private:
    SimDisk* disk_;
    std::string path_;
    std::uint64_t generation_;
};

SimDisk::SimDisk(Scheduler& scheduler, NodeTag node)
    : scheduler_(&scheduler), node_(node), root_(std::make_shared<Node>()) {
    root_->is_directory = true;
}

SimDisk::~SimDisk() = default;

std::string SimDisk::data_directory_of(const std::string& path) {
    return path.substr(0, path.find('/', 1));
}

bool SimDisk::draw(std::uint64_t one_in) {
    return one_in != 0 && scheduler_->random().chance(1, one_in);
}

bool SimDisk::draw_sync_error(const std::string& path) {
    const bool fails = draw(faults_.sync_error_one_in);
    if (fails) {
        failed_syncs_.try_emplace(data_directory_of(path), scheduler_->now());
    }
    return fails;
}

bool SimDisk::has_failed(const std::string& path) const {
    return !faults_.failed.empty() && faults_.failed.contains(data_directory_of(path));
}

Result<void> SimDisk::reach(std::string_view what, const std::string& path) const {
    if (has_failed(path)) {
        return fail(ErrorKind::io, "{} {}: Input/output error", what, path);
    }
    return {};
}

Result<void> SimDisk::change(std::string_view what, const std::string& path) {
    if (operations_ >= faults_.freeze_after) {
        return fail(ErrorKind::io, "{} {}: the disk is frozen", what, path);
    }
    if (faults_.read_only.contains(data_directory_of(path))) {
        return fail(ErrorKind::permission, "{} {}: Read-only file system", what, path);
    }
    ++operations_;
    return {};
}

Result<void> SimDisk::new_entry(std::string_view what, const std::string& path) {
    if (faults_.space_left == 0) {
        return no_space(what, path);
    }
    return change(what, path);
}

std::unexpected<Error> SimDisk::no_space(std::string_view what, const std::string& path) {
    ++refusals_;
    return fail(ErrorKind::no_space, "{} {}: No space left on device", what, path);
}

Result<SimDisk::Place> SimDisk::find(const std::string& path) const {
    Place place{root_, "", root_};
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string part = path.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".") {
            continue;
        }
        if (!place.node || !place.node->is_directory) {
            return fail(ErrorKind::not_found, "{}: No such file or directory", path);
        }
        const NodePointer directory = place.node;
        const auto entry = directory->entries.find(part);
        place = {directory, part, entry == directory->entries.end() ? nullptr : entry->second};
    }
    return place;
}

void SimDisk::apply(Operation operation) {
    for (const EntryChange& entry : operation) {
        if (entry.node) {
            entry.directory->entries[entry.name] = entry.node;
        } else {
            entry.directory->entries.erase(entry.name);
        }
    }
    pending_.push_back(std::move(operation));
}

Result<std::shared_ptr<File>> SimDisk::open(const std::string& path, OpenMode mode) {
    HW_TRY_VOID(reach("open", path));
    const auto place = find(path);
    if (!place) {
        return std::unexpected(place.error());
    }
    NodePointer node = place->node;
    if (node && mode == OpenMode::create_new) {
        return fail(ErrorKind::exists, "open {}: File exists", path);
    }
    if (!node && (mode == OpenMode::read || mode == OpenMode::write)) {
        return fail(ErrorKind::not_found, "open {}: No such file or directory", path);
    }
    if (!node) {
        if (const auto allowed = new_entry("open", path); !allowed) {
            return std::unexpected(allowed.error());
        }
        node = std::make_shared<Node>();
        apply({{place->directory, place->name, node}});
    }
    return std::make_shared<SimFile>(*this, node, path);
}

Result<std::vector<DirectoryEntry>> SimDisk::list(const std::string& path) {
    HW_TRY_VOID(reach("list", path));
    const auto place = find(path);
    if (!place || !place->node) {
        return fail(ErrorKind::not_found, "list {}: No such file or directory", path);
    }
    std::vector<DirectoryEntry> found;
    for (const auto& [name, node] : place->node->entries) {
        found.push_back({name, node->is_directory});
    }
    return found;
}

Result<bool> SimDisk::exists(const std::string& path) {
    HW_TRY_VOID(reach("stat", path));
    const auto place = find(path);
    return place && place->node;
}

Result<std::string> SimDisk::real_path(const std::string& path) {
    HW_TRY_VOID(reach("realpath", path));
    const auto place = find(path);
    if (!place || !place->node) {
        return fail(ErrorKind::not_found, "realpath {}: No such file or directory", path);
    }
    std::string real;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string part = path.substr(at, end - at);
        at = end + 1;
        real += part.empty() || part == "." ? "" : "/" + part;
    }
    return real.empty() ? "/" : real;
}

Result<void> SimDisk::make_directories(const std::string& path) {
    HW_TRY_VOID(reach("mkdir", path));
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        const auto place = find(part);
        if (!place) {
            return std::unexpected(place.error());
        }
        if (!place->node) {
            if (auto allowed = new_entry("mkdir", part); !allowed) {
                return allowed;
            }
            auto node = std::make_shared<Node>();
            node->is_directory = true;
            apply({{place->directory, place->name, std::move(node)}});
        }
        if (end == std::string::npos) {
            return {};
        }
    }
}

Result<void> SimDisk::rename(const std::string& from, const std::string& to) {
    HW_TRY_VOID(reach("rename", from));
    HW_TRY_VOID(reach("rename", to));
    const auto source = find(from);
    const auto target = find(to);
    if (!source || !source->node || !target) {
        return fail(ErrorKind::not_found, "rename {} to {}: No such file or directory", from, to);
    }
    if (target->node && target->node->is_directory) {
        return fail(ErrorKind::exists, "rename {} to {}: Directory not empty", from, to);
    }
    if (auto allowed = change("rename", from); !allowed) {
        return allowed;
    }
    apply({{source->directory, source->name, nullptr},
           {target->directory, target->name, source->node}});
    return {};
}

Result<void> SimDisk::remove_file(const std::string& path) {
    HW_TRY_VOID(reach("unlink", path));
    const auto place = find(path);
    if (!place || !place->node) {
        return fail(ErrorKind::not_found, "unlink {}: No such file or directory", path);
    }
    if (auto allowed = change("unlink", path); !allowed) {
        return allowed;
    }
    apply({{place->directory, place->name, nullptr}});
    return {};
}

Result<void> SimDisk::remove_tree(const std::string& path) {
    HW_TRY_VOID(reach("unlink", path));
    const auto place = find(path);
    if (!place || !place->node) {
        return {};
    }
    const auto names = place->node->entries;
    for (const auto& [name, node] : names) {
        const std::string inner = path + "/" + name;
        if (auto removed = node->is_directory ? remove_tree(inner) : remove_file(inner); !removed) {
            return removed;
        }
    }
    return remove_file(path);
}

Result<void> SimDisk::sync_directory(const std::string& path) {
    HW_TRY_VOID(reach("sync", path));
    const auto place = find(path);
    if (!place || !place->node) {
        return fail(ErrorKind::not_found, "sync {}: No such file or directory", path);
    }
    if (auto allowed = change("sync", path); !allowed) {
        return allowed;
    }
    const auto concerns = [&](const Operation& operation) {
        return std::ranges::any_of(
            operation, [&](const EntryChange& entry) { return entry.directory == place->node; });
    };
    if (draw_sync_error(path)) {
        return fail(ErrorKind::io, "sync {}: Input/output error", path);
    }
    for (const Operation& operation : pending_) {
        if (!concerns(operation)) {
            continue;
        }
        for (const auto& [directory, name, node] : operation) {
            node ? void(directory->durable_entries[name] = node)
                 : void(directory->durable_entries.erase(name));
        }
    }
    std::erase_if(pending_, concerns);
    return {};
}

Result<std::unique_ptr<FileLock>> SimDisk::lock(const std::string& path) {
    if (const auto file = open(path, OpenMode::create); !file) {
        return std::unexpected(file.error());
    }
    if (!locks_.insert(path).second) {
        return fail(ErrorKind::busy, "lock {}: Resource temporarily unavailable", path);
    }
    return std::make_unique<SimLock>(*this, path);
}

void SimDisk::run_blocking(const std::string& directory, Shard& shard,
                           std::move_only_function<void()> work, BlockingDone done) {
    DirectoryWork& queue = directory_work_[directory];
    if (queue.is_abandoned) {
        shard.post([done = std::move(done)]() mutable { done(BlockingEnd::abandoned); });
        return;
    }
    auto entry = std::make_shared<Work>(&shard, std::move(work), std::move(done));
    std::erase_if(queue.all, [](const auto& each) { return each.expired(); });
    queue.all.push_back(entry);
    if (faults_.hung.contains(directory)) {
        queue.hung.push_back(std::move(entry));
    } else {
        schedule(directory, std::move(entry));
    }
}

void SimDisk::run_read(const std::string& directory, Shard& shard,
                       std::move_only_function<void()> work, BlockingDone done) {
    run_blocking(directory, shard, std::move(work), std::move(done));
}

void SimDisk::schedule(const std::string& directory, std::shared_ptr<Work> work) {
    const Duration delay(
        scheduler_->random().between(faults_.delay_least.count(), faults_.delay_most.count()));
    auto run = [this, directory, work = std::move(work)] {
        work->work();
        ++directory_work_[directory].ended;
        if (work->done) {
            work->shard->post(
                [done = std::exchange(work->done, nullptr)]() mutable { done(BlockingEnd::done); });
        }
    };
    scheduler_->park(node_, std::move(run), scheduler_->now() + delay);
}

void SimDisk::release(const std::string& directory) {
    faults_.hung.erase(directory);
    for (auto& work : std::exchange(directory_work_[directory].hung, {})) {
        schedule(directory, std::move(work));
    }
}

BlockingProgress SimDisk::progress(const std::string& directory) {
    const DirectoryWork& queue = directory_work_[directory];
    const auto is_pending = [](const std::weak_ptr<Work>& each) {
        const auto work = each.lock();
        return work != nullptr && work->done != nullptr;
    };
    return {static_cast<std::size_t>(std::ranges::count_if(queue.all, is_pending)), queue.ended};
}

void SimDisk::abandon(const std::string& directory) {
    DirectoryWork& queue = directory_work_[directory];
    queue.is_abandoned = true;
    for (const auto& each : queue.all) {
        const auto work = each.lock();
        if (work != nullptr && work->done) {
            work->shard->post([done = std::exchange(work->done, nullptr)]() mutable {
                done(BlockingEnd::abandoned);
            });
        }
    }
}

void SimDisk::process_kill() {
    ++generation_;
    failed_syncs_.clear();
    locks_.clear();
    directory_work_.clear();
}

void SimDisk::power_loss() {
    process_kill();
    for (const Operation& operation : pending_) {
        if (!scheduler_->random().chance(1, 2)) {
            continue;
        }
        for (const auto& [directory, name, node] : operation) {
            node ? void(directory->durable_entries[name] = node)
                 : void(directory->durable_entries.erase(name));
        }
    }
    pending_.clear();
    revert(*root_);
}

void SimDisk::lose_sectors(Node& file) {
    Random& random = scheduler_->random();
    const auto [min, max] = std::minmax(file.durable.size(), file.current.size());
    std::string kept = file.durable;
    kept.resize(min + random.below(max - min + 1));
    for (const std::uint64_t sector : file.dirty) {
        const std::uint64_t at = sector * kSector;
        if (at < std::min(kept.size(), file.current.size()) && random.chance(1, 2)) {
            const std::string bytes =
                file.current.substr(at, std::min<std::size_t>(kSector, kept.size() - at));
            kept.replace(at, bytes.size(), bytes);
        }
    }
    file.dirty.clear();
    file.current = kept;
    file.durable = std::move(kept);
}

void SimDisk::revert(Node& node) {
    if (!node.is_directory) {
        lose_sectors(node);
        return;
    }
    node.entries = node.durable_entries;
    for (const auto& [name, child] : node.entries) {
        revert(*child);
    }
}

bool SimDisk::has(const std::string& path) const {
    const auto place = find(path);
    return place && place->node;
}

std::string SimDisk::contents(const std::string& path) const {
    const auto place = find(path);
    return place && place->node ? place->node->current : "";
}

void SimDisk::overwrite(const std::string& path, std::uint64_t position, std::string_view bytes) {
    const auto place = find(path);
    if (place && place->node) {
        place->node->write(position, as_bytes(bytes));
        place->node->durable = place->node->current;
        place->node->dirty.clear();
    }
}

std::string SimDisk::durable_contents(const std::string& path) const {
    NodePointer node = root_;
    for (std::size_t at = 1; at <= path.size() && node;) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const auto entry = node->durable_entries.find(path.substr(at, end - at));
        node = entry == node->durable_entries.end() ? nullptr : entry->second;
        at = end + 1;
    }
    return node ? node->durable : std::string();
}

void SimDisk::alter(const std::string& path, std::uint64_t position, std::string_view bytes) {
    const auto place = find(path);
    if (!place || !place->node) {
        return;
    }
    for (std::string* image : {&place->node->current, &place->node->durable}) {
        if (position + bytes.size() <= image->size()) {
            image->replace(position, bytes.size(), bytes);
        }
    }
}

}  // namespace hw::sim
