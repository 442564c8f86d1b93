#include "storage/posix_disk/posix_disk.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "broker/runtime/process.h"
#include "storage/data_directory.h"

namespace hw::storage {
namespace {

/// A folder in /tmp that is removed after the test.
class TemporaryFolder {
public:
    TemporaryFolder() {
        char pattern[] = "/tmp/highwater-disk-XXXXXX";
        REQUIRE(::mkdtemp(pattern) != nullptr);
        path = pattern;
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string path;
};

TEST_CASE("posix disk: written bytes can be read, truncated and synced", "[storage][posix]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    const std::string path = folder.path + "/f";
    CHECK(disk.open(path, OpenMode::read).error().kind == ErrorKind::not_found);
    auto file = disk.open(path, OpenMode::create_new);
    REQUIRE(file.has_value());
    CHECK(disk.open(path, OpenMode::create_new).error().kind == ErrorKind::exists);
    std::vector<ByteView> slices(1500, as_bytes("ab"));
    slices.insert(slices.begin(), ByteView());
    bool done = false;
    (*file)->write_at(3, slices, [&](const Result<void>& outcome) { done = outcome.has_value(); });
    CHECK(done);
    CHECK(*(*file)->size() == 3003);
    Buffer bytes(4000);
    CHECK(*(*file)->read_at(0, bytes.bytes()) == 3003);
    CHECK(as_text(bytes.view().subspan(1, 4)) == std::string_view("\0\0ab", 4));
    REQUIRE((*file)->truncate(5).has_value());
    REQUIRE((*file)->write_now(5, as_bytes("xyz")).has_value());
    REQUIRE((*file)->sync().has_value());
    CHECK(*(*file)->read_at(3, bytes.bytes().first(3)) == 3);
    CHECK(as_text(bytes.view().first(3)) == "abx");
}

TEST_CASE("posix disk: two names of one data directory are refused, two directories are not",
          "[storage][posix]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    const std::string root = *disk.real_path(folder.path);
    const auto check = [&](const std::string& one, const std::string& other) {
        const auto made = make_distinct_directories(disk, {root + one, root + other});
        CHECK((!made || std::ranges::all_of(*made, [](const auto& each) { return !!each; })));
        return made ? std::string() : made.error().message;
    };
    CHECK(disk.real_path(root + "/a").error().kind == ErrorKind::not_found);
    CHECK(check("/a", "/b").empty());
    REQUIRE(disk.exists(root + "/b").value());
    REQUIRE(symlink((root + "/a").c_str(), (root + "/link").c_str()) == 0);
    CHECK(check("/b", "/link").empty());
    const std::string twice =
        fmt::format("are the same data directory, {}/a: name it once in log.dirs", root);
    CHECK(check("/a", "/link") == fmt::format("'{0}/a' and '{0}/link' {1}", root, twice));
    CHECK(check("/a", "/b/../a") == fmt::format("'{0}/a' and '{0}/b/../a' {1}", root, twice));
    CHECK(
        check("/link/inner", "/a") ==
        fmt::format("the data directory '{0}/link/inner' ({0}/a/inner) lies in the data directory "
                    "'{0}/a' ({0}/a): choose a directory outside of it",
                    root));
    CHECK(check("/a", "/ab").empty());
}

TEST_CASE("posix disk: files and folders are created, listed in order, renamed and removed",
          "[storage][posix]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    const std::string root = folder.path;
    REQUIRE(disk.make_directories(root + "/b/c").has_value());
    REQUIRE(disk.make_directories(root + "/b/c").has_value());
    REQUIRE(disk.open(root + "/a", OpenMode::create).has_value());
    const auto entries = disk.list(root);
    REQUIRE(entries->size() == 2);
    CHECK((*entries)[0].name == "a");
    CHECK_FALSE((*entries)[0].is_directory);
    CHECK((*entries)[1].is_directory);
    REQUIRE(disk.rename(root + "/a", root + "/d").has_value());
    REQUIRE(disk.sync_directory(root).has_value());
    CHECK_FALSE(*disk.exists(root + "/a"));
    REQUIRE(disk.remove_file(root + "/d").has_value());
    CHECK(disk.remove_file(root + "/d").error().message.find(root + "/d") != std::string::npos);
    REQUIRE(disk.remove_tree(root + "/b").has_value());
    CHECK(disk.list(root)->empty());
    CHECK(disk.list(root + "/b").error().kind == ErrorKind::not_found);
}

TEST_CASE("posix disk: a lock is held until it is given back", "[storage][posix]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    PosixDisk other;
    auto lock = disk.lock(folder.path + "/.lock");
    REQUIRE(lock.has_value());
    CHECK(other.lock(folder.path + "/.lock").error().kind == ErrorKind::busy);
    lock->reset();
    CHECK(other.lock(folder.path + "/.lock").has_value());
}

TEST_CASE("posix disk: errors of the system name the path", "[storage][posix]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    const std::string path = folder.path + "/f";
    REQUIRE(disk.open(path, OpenMode::create).has_value());
    auto file = disk.open(path, OpenMode::read);
    const auto refused = (*file)->write_now(0, as_bytes("x"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.starts_with("write " + path));
}

TEST_CASE("posix disk: a cached read gives the bytes that are in memory, up to the file's end",
          "[storage][posix]") {
    // tmpfs refuses the flag of such reads, but its files are in memory.
    const std::string folder = GENERATE(std::string("/tmp"), std::string("/dev/shm"));
    std::string path = folder + "/highwater-cached-XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    PosixDisk disk;
    const auto file = disk.open(path, OpenMode::write);
    REQUIRE(file.has_value());
    CHECK((*file)->path() == path);
    REQUIRE((*file)->write_now(0, as_bytes("abcdef")).has_value());
    Buffer bytes(10);
    for (int i = 0; i < 2; ++i) {
        const auto read = (*file)->read_cached(2, bytes.bytes());
        if (read) {
            CHECK(*read == 4);
            CHECK(as_text(bytes.view().first(4)) == "cdef");
        } else {
            CHECK(read.error().kind == ErrorKind::would_block);  // the file system cannot tell
            CHECK(folder != "/dev/shm");
        }
    }
    std::filesystem::remove(path);
}

TEST_CASE("posix disk: a cached read does not wait for bytes that are only on the disk",
          "[storage][posix]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    const auto file = disk.open(folder.path + "/f", OpenMode::create_new);
    REQUIRE(file.has_value());
    constexpr std::size_t kSize = 1 << 20;
    Buffer bytes(kSize);
    std::ranges::fill(bytes.bytes(), std::byte{7});
    REQUIRE((*file)->write_now(0, bytes.view()).has_value());
    REQUIRE((*file)->sync().has_value());
    const int descriptor = ::open((*file)->path().c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(descriptor >= 0);
    REQUIRE(::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0);
    ::close(descriptor);
    Buffer read(kSize);
    const auto cached = (*file)->read_cached(0, read.bytes());
    if (cached) {
        WARN("/tmp keeps its files in memory, so this test shows nothing here");
    } else {
        CHECK(cached.error().kind == ErrorKind::would_block);
    }
    CHECK(*(*file)->read_at(0, read.bytes()) == kSize);
    CHECK(std::ranges::equal(read.view(), bytes.view()));
}

/// Runs `work` twice; returns how many of the ends came on the shard's thread, when both have
/// ended.
Task<int> run_two(PosixDisk& disk, std::string directory, Shard& shard,
                  std::function<void()> work) {
    const std::thread::id shard_thread = std::this_thread::get_id();
    Signal ended;
    int ends = 0;
    int on_shard = 0;
    for (int i = 0; i < 2; ++i) {
        auto done = [&](BlockingEnd) {
            ++ends;
            on_shard += std::this_thread::get_id() == shard_thread ? 1 : 0;
            ended.set();
        };
        disk.run_blocking(directory, shard, work, std::move(done));
    }
    while (ends < 2) {
        co_await shard.wait(ended, kNever);
    }
    co_return on_shard;
}

TEST_CASE("posix disk: two pieces of blocking work run at the same time, and end on the shard",
          "[storage][posix]") {
    const TemporaryFolder folder;
    broker::LoopThreads loops(1);
    PosixDisk disk;
    Shard& shard = loops.control();
    std::atomic<int> working{0};
    // Returns only when both are running.
    const auto meet = [&] {
        ++working;
        while (working.load() < 2) {
            std::this_thread::yield();
        }
    };
    CHECK(loops.run_on_control(run_two(disk, folder.path, shard, meet)) == 2);
}

TEST_CASE("posix disk: reads have threads of their own, which other work does not occupy",
          "[storage][posix]") {
    const TemporaryFolder folder;
    broker::LoopThreads loops(1);
    PosixDisk disk;
    Shard& shard = loops.control();
    std::promise<void> release;
    const auto released = release.get_future().share();
    std::atomic<std::size_t> ended{0};
    for (std::size_t i = 0; i < 2 * PosixDisk::kReadThreads; ++i) {
        disk.run_read(
            folder.path, shard, [released] { released.wait(); }, [&](BlockingEnd) { ++ended; });
    }
    const auto no_work = [] {};
    CHECK(loops.run_on_control(run_two(disk, folder.path, shard, no_work)) == 2);
    CHECK(ended == 0);
    CHECK(disk.progress(folder.path).pending == 2 * PosixDisk::kReadThreads);
    release.set_value();
    while (ended != 2 * PosixDisk::kReadThreads) {
        CHECK(loops.run_on_control(run_two(disk, folder.path, shard, no_work)) == 2);
    }
    CHECK(disk.progress(folder.path).pending == 0);
}

/// Runs `work`; returns how it ended.
Task<BlockingEnd> run_one(PosixDisk& disk, std::string directory, Shard& shard,
                          std::function<void()> work) {
    Signal ended;
    BlockingEnd how = BlockingEnd::done;
    auto done = [&](BlockingEnd end) {
        how = end;
        ended.set();
    };
    disk.run_blocking(directory, shard, std::move(work), std::move(done));
    co_await shard.wait(ended, kNever);
    co_return how;
}

TEST_CASE(
    "posix disk: a directory that hangs blocks no other, and is not waited for once abandoned",
    "[storage][posix]") {
    broker::LoopThreads loops(1);
    Shard& shard = loops.control();
    const auto released = std::make_shared<std::atomic<bool>>(false);
    const auto hang = [released] {
        while (!released->load()) {
            std::this_thread::yield();
        }
    };
    {
        PosixDisk disk;
        const auto work_in = [&](const char* directory, std::function<void()> work) {
            return run_one(disk, directory, shard, std::move(work));
        };
        std::vector<std::future<BlockingEnd>> hung;
        for (std::size_t i = 0; i < PosixDisk::kThreads + 1; ++i) {
            hung.push_back(loops.start_on_control(work_in("/bad", hang)));
        }
        CHECK(loops.run_on_control(work_in("/good", [] {})) == BlockingEnd::done);
        CHECK(disk.progress("/bad").pending == PosixDisk::kThreads + 1);
        CHECK(disk.progress("/bad").ended == 0);
        CHECK(disk.progress("/good").ended == 1);
        disk.abandon("/bad");
        for (auto& each : hung) {
            CHECK(each.get() == BlockingEnd::abandoned);
        }
        CHECK(loops.run_on_control(work_in("/bad", [] {})) == BlockingEnd::abandoned);
        CHECK(loops.run_on_control(work_in("/good", [] {})) == BlockingEnd::done);
    }
    // The disk is destroyed, but its hung threads still run.
    released->store(true);
}

}  // namespace
}  // namespace hw::storage
