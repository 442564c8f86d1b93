#include "tools/perf/produce_load.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <span>
#include <sys/epoll.h>
#include <vector>

#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/produce.h"
#include "tools/perf/batch.h"
#include "tools/perf/blocking_socket.h"
#include "tools/perf/load_connection.h"
#include "tools/perf/process_cpu.h"

namespace hw::perf {
namespace {

using std::chrono::steady_clock;

constexpr Millis kRequestTimeout{30000};
/// Who has asked for a stop sits and waits.
constexpr int kStoppedPatienceSeconds = 1;

/// The frames of the partitions that one broker leads.
struct Lane {
    const LeaderOf* leader;
    std::vector<RequestFrame> frames;
};

class ProduceLoad {
public:
    ProduceLoad(const ProduceOptions& options, const Target& target, LoadBatch batch)
        : options_(options), target_(target), batch_(std::move(batch)) {}

    /// Encodes the requests and connects.
    Result<void> prepare();
    Result<ProduceReport> run();

private:
    Result<Lane> make_lane(const LeaderOf& leader) const;
    Result<void> add_connection(const Lane& lane, std::size_t first);
    Result<void> watch(int descriptor, std::uint32_t events, LoadConnection* connection);
    Result<void> send_all();
    Result<void> take_events(std::span<const epoll_event> events);
    Result<void> confirm_all();
    [[nodiscard]] bool is_done() const;

    const ProduceOptions& options_;
    const Target& target_;
    LoadBatch batch_;
    SharedLoad load_;
    std::vector<Lane> lanes_;
    std::vector<std::unique_ptr<LoadConnection>> connections_;
    Descriptor epoll_;
    bool stopped_ = false;
};

Result<void> ProduceLoad::prepare() {
    epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_.is_open()) {
        return std::unexpected(system_error(errno, "epoll_create1"));
    }
    if (options_.stop_descriptor != client::Socket::kNoStop) {
        // By its edge: once heard, it is not to end every wait.
        const std::uint32_t events = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
        if (auto watched = watch(options_.stop_descriptor, events, nullptr); !watched) {
            return watched;
        }
    }
    load_.batch = batch_.bytes.view();
    load_.version = target_.produce_version;
    load_.answered = options_.acks != client::Acks::none;
    load_.in_flight = options_.in_flight;
    const std::uint64_t size = batch_.bytes.size();
    load_.supply = Supply(options_.bytes ? (*options_.bytes + size - 1) / size
                                         : std::numeric_limits<std::uint64_t>::max());
    for (const LeaderOf& leader : target_.leaders) {
        auto lane = make_lane(leader);
        if (!lane) {
            return std::unexpected(lane.error());
        }
        lanes_.push_back(std::move(*lane));
    }
    for (std::size_t i = 0; i < options_.connections; ++i) {
        const std::size_t turn = i / lanes_.size();
        if (auto added = add_connection(lanes_[i % lanes_.size()], turn); !added) {
            return added;
        }
    }
    return {};
}

Result<Lane> ProduceLoad::make_lane(const LeaderOf& leader) const {
    Lane lane{.leader = &leader, .frames = {}};
    const ByteView batch = load_.batch;
    const wire::Records records(&batch, 1);
    for (const PartitionIndex index : leader.partitions) {
        const schema::ProduceRequest::Partition partition{.index = index, .records = records};
        const schema::ProduceRequest::Topic topic{
            .name = options_.topic, .topic_id = {}, .partition_data = {&partition, 1}};
        const schema::ProduceRequest request{.transactional_id = {},
                                             .acks = static_cast<std::int16_t>(options_.acks),
                                             .timeout_ms = kRequestTimeout,
                                             .topic_data = {&topic, 1}};
        auto frame = encode_request(request, load_.version, batch);
        if (!frame) {
            return std::unexpected(frame.error());
        }
        lane.frames.push_back(std::move(*frame));
    }
    return lane;
}

/// Takes the lane's partitions in turn, from the `first` on, so that all get the same share.
Result<void> ProduceLoad::add_connection(const Lane& lane, std::size_t first) {
    auto socket = connect_to(lane.leader->address);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    if (auto set = set_waiting(*socket, Waiting::non_blocking); !set) {
        return set;
    }
    std::vector<const RequestFrame*> frames;
    for (std::size_t i = 0; i < lane.frames.size(); ++i) {
        frames.push_back(&lane.frames[(first + i) % lane.frames.size()]);
    }
    auto connection =
        std::make_unique<LoadConnection>(std::move(*socket), std::move(frames), load_);
    // Without answers only the room in the socket says when to go on, as long as there is some.
    const std::uint32_t edge = load_.answered ? static_cast<std::uint32_t>(EPOLLET) : 0;
    const std::uint32_t events = EPOLLIN | EPOLLOUT | edge;
    if (auto watched = watch(connection->socket().number(), events, connection.get()); !watched) {
        return watched;
    }
    connections_.push_back(std::move(connection));
    return {};
}

Result<void> ProduceLoad::watch(int descriptor, std::uint32_t events, LoadConnection* connection) {
    epoll_event event{.events = events, .data = {.ptr = connection}};
    if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
        return std::unexpected(system_error(errno, "epoll_ctl"));
    }
    return {};
}

Result<ProduceReport> ProduceLoad::run() {
    ProduceReport report;
    report.topic = options_.topic;
    report.created = target_.created;
    report.batch_size = batch_.bytes.size();
    report.batch_records = batch_.records;
    for (const LeaderOf& leader : target_.leaders) {
        report.partitions += leader.partitions.size();
    }
    const auto broker_cpu = [this]() -> Result<std::chrono::nanoseconds> {
        return options_.broker_pid ? cpu_of(*options_.broker_pid) : std::chrono::nanoseconds(0);
    };
    const auto broker_before = broker_cpu();
    if (!broker_before) {
        return std::unexpected(broker_before.error());
    }
    const auto cpu_before = own_cpu();
    const auto begin = steady_clock::now();
    auto sent = send_all();
    if (sent && !load_.answered) {
        sent = confirm_all();
    }
    report.elapsed = steady_clock::now() - begin;
    report.driver_cpu = own_cpu() - cpu_before;
    if (const auto broker_after = broker_cpu(); options_.broker_pid && broker_after) {
        report.broker_cpu = *broker_after - *broker_before;
    }
    if (!sent) {
        report.failure = sent.error().message;
    }
    report.tally = std::move(load_.tally);
    return report;
}

Result<void> ProduceLoad::send_all() {
    const auto begin = steady_clock::now();
    for (const auto& connection : connections_) {
        if (auto sent = connection->send(steady_clock::now()); !sent) {
            return sent;
        }
    }
    std::array<epoll_event, 256> events{};
    while (!is_done()) {
        const int patience = stopped_ ? kStoppedPatienceSeconds : kPatienceSeconds;
        const int count = ::epoll_wait(epoll_.number(), events.data(),
                                       static_cast<int>(events.size()), patience * 1000);
        if (count == 0) {
            return fail(ErrorKind::timed_out, "the broker was silent for {} s", patience);
        }
        if (count < 0 && errno != EINTR) {
            return std::unexpected(system_error(errno, "epoll_wait"));
        }
        if (options_.seconds && steady_clock::now() - begin >= *options_.seconds) {
            load_.supply.stop();
        }
        const auto ready = static_cast<std::size_t>(std::max(count, 0));
        if (auto taken = take_events(std::span(events).first(ready)); !taken) {
            return taken;
        }
    }
    return {};
}

Result<void> ProduceLoad::take_events(std::span<const epoll_event> events) {
    for (const epoll_event& event : events) {
        if (event.data.ptr == nullptr) {
            stopped_ = true;
            load_.supply.stop();
            continue;
        }
        auto& connection = *static_cast<LoadConnection*>(event.data.ptr);
        const bool readable = (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
        const auto now = steady_clock::now();
        if (auto moved = readable ? connection.receive(now) : connection.send(now); !moved) {
            return moved;
        }
    }
    return {};
}

/// A broker answers nothing with acks=0, but it answers in order: the answer to another request
/// says that all before it were handled. One that refused closes the connection instead.
Result<void> ProduceLoad::confirm_all() {
    const schema::ApiVersionsRequest request;
    const auto frame = encode_request(request, schema::ApiVersionsRequest::kVersions.low);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    for (const auto& connection : connections_) {
        if (auto set = set_waiting(connection->socket(), Waiting::blocking); !set) {
            return set;
        }
        if (auto answer = ask(connection->socket(), frame->head); !answer) {
            return std::unexpected(answer.error());
        }
    }
    return {};
}

bool ProduceLoad::is_done() const {
    return load_.supply.is_empty() &&
           std::ranges::all_of(connections_, [](const auto& each) { return each->is_idle(); });
}

}  // namespace

Result<ProduceReport> run_load(const ProduceOptions& options, const Target& target) {
    const Timestamp now(std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count());
    auto batch = make_batch(options.record_size, options.batch_size, now);
    if (!batch) {
        return std::unexpected(batch.error());
    }
    ProduceLoad load(options, target, std::move(*batch));
    if (auto prepared = load.prepare(); !prepared) {
        return std::unexpected(prepared.error());
    }
    return load.run();
}

}  // namespace hw::perf
