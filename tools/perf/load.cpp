#include "tools/perf/load.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <limits>
#include <memory>
#include <sys/timerfd.h>

#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/produce.h"
#include "tools/perf/load_connection.h"

namespace hw::perf {
namespace {

using client::Deadline;
using client::Milliseconds;
using client::Socket;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeout{30};
/// Shorter after a stop, because the user is waiting.
constexpr std::chrono::seconds kStoppedTimeout{1};
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
constexpr std::int32_t kMaxAnswerBytes = 1 << 20;

/// How a socket is watched: edge reports once when it becomes ready, level as long as it is ready.
enum class Ready : std::uint8_t { edge, level };

/// The connections of a load and the thread that serves them.
class LoadLoop {
public:
    /// The loop ends when `is_done`. When `time` is over or the user asks to stop, `stop` is
    /// called, which makes it done soon.
    struct Rules {
        std::function<bool()> is_done;
        std::function<void()> stop;
        std::optional<std::chrono::seconds> time;
    };

    /// Errors: those of the operating system.
    [[nodiscard]] Result<void> open(int stop_descriptor);
    [[nodiscard]] Result<void> add(std::unique_ptr<LoadConnection> connection, Ready ready);
    /// Also lets all connections send at every tick of a timer. Errors: those of the operating
    /// system.
    [[nodiscard]] Result<void> tick_every(nanoseconds interval);

    /// Serves the connections until the end. Errors: those of LoadConnection; timed_out (the broker
    /// was silent).
    [[nodiscard]] Result<void> run(const Rules& rules);

    [[nodiscard]] bool is_idle() const {
        return std::ranges::all_of(connections_, [](const auto& each) { return each->is_idle(); });
    }

private:
    [[nodiscard]] Result<std::size_t> on_event(const epoll_event& event, const Rules& rules);
    [[nodiscard]] Result<std::size_t> on_tick();

    std::optional<client::Poller> poller_;
    std::vector<std::unique_ptr<LoadConnection>> connections_;
    client::Descriptor timer_;
    std::size_t turn_ = 0;
    bool is_stopped_ = false;
};

Result<void> LoadLoop::open(int stop_descriptor) {
    HW_TRY(poller, client::Poller::open());
    poller_ = std::move(poller);
    if (stop_descriptor == Socket::kNoStop) {
        return {};
    }
    // Edge-triggered, so that it does not end every later wait.
    return poller_->watch(stop_descriptor, EPOLLIN | static_cast<std::uint32_t>(EPOLLET), nullptr);
}

Result<void> LoadLoop::add(std::unique_ptr<LoadConnection> connection, Ready ready) {
    const std::uint32_t edge = ready == Ready::edge ? static_cast<std::uint32_t>(EPOLLET) : 0;
    connections_.push_back(std::move(connection));
    LoadConnection& added = *connections_.back();
    return poller_->watch(added.socket().number(), EPOLLIN | EPOLLOUT | edge, &added);
}

Result<void> LoadLoop::tick_every(nanoseconds interval) {
    timer_ = client::Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(interval);
    const timespec step{.tv_sec = seconds.count(), .tv_nsec = (interval - seconds).count()};
    const itimerspec steps{.it_interval = step, .it_value = step};
    if (!timer_.is_open() || ::timerfd_settime(timer_.number(), 0, &steps, nullptr) != 0) {
        return std::unexpected(system_error(errno, "timerfd"));
    }
    return poller_->watch(timer_.number(), EPOLLIN, this);
}

Result<void> LoadLoop::run(const Rules& rules) {
    const SteadyTime begin = steady_clock::now();
    SteadyTime moved = begin;
    HW_TRY_VOID(on_tick());
    while (!rules.is_done()) {
        const auto timeout = is_stopped_ ? kStoppedTimeout : kTimeout;
        HW_TRY(events, poller_->wait(timeout));
        if (rules.time && steady_clock::now() - begin >= *rules.time) {
            rules.stop();
        }
        std::size_t amount = 0;
        for (const epoll_event& event : events) {
            HW_TRY(done, on_event(event, rules));
            amount += done;
        }
        const SteadyTime now = steady_clock::now();
        moved = amount > 0 ? now : moved;
        if (now - moved >= timeout) {
            return fail(ErrorKind::timed_out, "the broker was silent for {} s", timeout.count());
        }
    }
    return {};
}

Result<std::size_t> LoadLoop::on_event(const epoll_event& event, const Rules& rules) {
    if (event.data.ptr == nullptr) {
        is_stopped_ = true;
        rules.stop();
        return 1;
    }
    if (event.data.ptr == this) {
        return on_tick();
    }
    auto& connection = *static_cast<LoadConnection*>(event.data.ptr);
    const bool is_readable = (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
    const SteadyTime now = steady_clock::now();
    return is_readable ? connection.receive(now) : connection.send(now);
}

/// Starts with another connection each time, so that all get the same share at a low rate.
Result<std::size_t> LoadLoop::on_tick() {
    if (timer_.is_open()) {
        std::uint64_t steps = 0;
        std::ignore = ::read(timer_.number(), &steps, sizeof steps);
    }
    std::size_t amount = 0;
    ++turn_;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        LoadConnection& connection = *connections_[(turn_ + i) % connections_.size()];
        const auto sent = connection.send(steady_clock::now());
        if (!sent) {
            return sent;
        }
        amount += *sent;
    }
    return amount;
}

/// Measures time and CPU from its construction on.
class Measurement {
public:
    /// Errors: those of cpu_of.
    [[nodiscard]] static Result<Measurement> start(std::optional<std::int64_t> broker_pid) {
        Measurement measurement(broker_pid);
        if (broker_pid) {
            HW_TRY(cpu, cpu_of(*broker_pid));
            measurement.broker_cpu_ = cpu;
        }
        measurement.driver_cpu_ = own_cpu();
        measurement.begin_ = steady_clock::now();
        return measurement;
    }

    void finish(LoadReport& report) const {
        report.elapsed = steady_clock::now() - begin_;
        report.driver_cpu = own_cpu() - driver_cpu_;
        if (!broker_pid_) {
            return;
        }
        if (const auto cpu = cpu_of(*broker_pid_)) {
            report.broker_cpu = *cpu - broker_cpu_;
        }
    }

private:
    explicit Measurement(std::optional<std::int64_t> broker_pid) : broker_pid_(broker_pid) {}

    std::optional<std::int64_t> broker_pid_;
    nanoseconds broker_cpu_{0};
    nanoseconds driver_cpu_{0};
    SteadyTime begin_;
};

Result<Socket> connect_to(const config::Address& address) {
    auto socket = Socket::connect(address, Deadline(kTimeout));
    if (!socket) {
        return fail(socket.error().kind, "{}: {}", config::to_string(address),
                    socket.error().message);
    }
    return socket;
}

std::size_t count_partitions(const Target& target) {
    std::size_t count = 0;
    for (const LeaderOf& leader : target.leaders) {
        count += leader.partitions.size();
    }
    return count;
}

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
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<LoadReport> run();

private:
    [[nodiscard]] Result<Lane> make_lane(const LeaderOf& leader) const;
    [[nodiscard]] Result<void> add_connection(const Lane& lane, std::size_t first);
    [[nodiscard]] Result<void> add_tail(const LeaderOf& leader);
    [[nodiscard]] Result<void> start_pace();
    [[nodiscard]] bool is_done() const;
    [[nodiscard]] Result<void> confirm_all();

    const ProduceOptions& options_;
    const Target& target_;
    LoadBatch batch_;
    SharedProduce load_;
    SharedFetch tail_;
    std::vector<Lane> lanes_;
    std::vector<LoadConnection*> producers_;
    LoadLoop loop_;
};

Result<void> ProduceLoad::prepare() {
    HW_TRY_VOID(loop_.open(options_.stop_descriptor));
    load_.batch = batch_.bytes.view();
    load_.batch_records = batch_.records;
    load_.version = target_.version;
    load_.is_answered = options_.acks != client::Acks::none;
    load_.in_flight = options_.in_flight;
    const std::uint64_t size = batch_.bytes.size();
    load_.supply = Supply(options_.bytes ? (*options_.bytes + size - 1) / size : kNoLimit);
    lanes_.reserve(target_.leaders.size());
    for (const LeaderOf& leader : target_.leaders) {
        HW_TRY(lane, make_lane(leader));
        lanes_.push_back(std::move(lane));
    }
    for (std::size_t i = 0; i < options_.connections; ++i) {
        const std::size_t turn = i / lanes_.size();
        HW_TRY_VOID(add_connection(lanes_[i % lanes_.size()], turn));
    }
    tail_ = {.topic = options_.topic,
             .version = target_.tail_version,
             .at_log_end = AtLogEnd::wait,
             .partition_bytes = 1 << 20,
             .max_wait = kTimeout,
             .bytes_wanted = kNoLimit,
             .tally = {}};
    for (std::size_t i = 0; i < options_.tails; ++i) {
        for (const LeaderOf& leader : target_.leaders) {
            HW_TRY_VOID(add_tail(leader));
        }
    }
    return {};
}

Result<Lane> ProduceLoad::make_lane(const LeaderOf& leader) const {
    Lane lane{.leader = &leader, .frames = {}};
    const ByteView batch = load_.batch;
    const wire::Records records(&batch, 1);
    const Millis timeout(static_cast<std::int32_t>(Milliseconds(kTimeout).count()));
    for (const PartitionIndex index : leader.partitions) {
        const schema::ProduceRequest::Partition partition{.index = index, .records = records};
        const schema::ProduceRequest::Topic topic{
            .name = options_.topic, .topic_id = {}, .partition_data = {&partition, 1}};
        const schema::ProduceRequest request{.transactional_id = {},
                                             .acks = static_cast<std::int16_t>(options_.acks),
                                             .timeout_ms = timeout,
                                             .topic_data = {&topic, 1}};
        HW_TRY(frame, encode_request(request, load_.version, batch));
        lane.frames.push_back(std::move(frame));
    }
    return lane;
}

/// Takes the lane's partitions in turn, from the `first` on, so that all get the same share.
Result<void> ProduceLoad::add_connection(const Lane& lane, std::size_t first) {
    HW_TRY(socket, connect_to(lane.leader->address));
    std::vector<const RequestFrame*> frames;
    for (std::size_t i = 0; i < lane.frames.size(); ++i) {
        frames.push_back(&lane.frames[(first + i) % lane.frames.size()]);
    }
    auto connection =
        std::make_unique<ProduceConnection>(std::move(socket), std::move(frames), load_);
    producers_.push_back(connection.get());
    // With acks=0 no answer triggers the next send, so the socket is watched level-triggered: the
    // connection sends whenever there is space.
    return loop_.add(std::move(connection), load_.is_answered ? Ready::edge : Ready::level);
}

Result<void> ProduceLoad::add_tail(const LeaderOf& leader) {
    HW_TRY(socket, connect_to(leader.address));
    std::vector<FetchPosition> positions;
    for (const PartitionIndex partition : leader.partitions) {
        const LogEnds& ends = target_.log_ends.at(partition);
        positions.push_back({partition, ends.start_offset, ends.end_offset});
    }
    return loop_.add(
        std::make_unique<FetchConnection>(std::move(socket), std::move(positions), tail_),
        Ready::edge);
}

Result<void> ProduceLoad::start_pace() {
    const nanoseconds interval = nanoseconds(std::chrono::seconds(1)) / *options_.rate;
    load_.supply =
        Supply(*options_.rate * static_cast<std::uint64_t>(options_.seconds.value().count()));
    load_.supply.pace(steady_clock::now() + interval, interval);
    return loop_.tick_every(interval);
}

/// A tail has read everything once it has as many bytes as were acknowledged.
bool ProduceLoad::is_done() const {
    return load_.supply.is_empty() &&
           std::ranges::all_of(producers_, [](const auto* each) { return each->is_idle(); }) &&
           tail_.tally.bytes >= options_.tails * load_.tally.bytes;
}

Result<LoadReport> ProduceLoad::run() {
    LoadReport report;
    report.topic = options_.topic;
    report.partitions = count_partitions(target_);
    report.is_created = target_.is_created;
    report.batch_size = batch_.bytes.size();
    report.batch_records = batch_.records;
    report.rate = options_.rate;
    HW_TRY(measurement, Measurement::start(options_.broker_pid));
    Result<void> done = options_.rate ? start_pace() : Result<void>();
    if (done) {
        done = loop_.run({.is_done = [this] { return is_done(); },
                          .stop = [this] { load_.supply.stop(); },
                          .time = options_.rate ? std::nullopt : options_.seconds});
    }
    if (done && !load_.is_answered) {
        done = confirm_all();
    }
    measurement.finish(report);
    if (!done) {
        report.failure = done.error().message;
    }
    report.tally = load_.tally;
    if (options_.tails > 0) {
        report.tail = tail_.tally;
    }
    return report;
}

/// With acks=0 a broker does not answer, but it handles requests in order: its answer to one more
/// request means that all before it were handled. If it refused one, it closes the connection.
Result<void> ProduceLoad::confirm_all() {
    const schema::ApiVersionsRequest request;
    HW_TRY(frame, encode_request(request, schema::ApiVersionsRequest::kVersions.low));
    for (LoadConnection* connection : producers_) {
        const Deadline deadline(kTimeout);
        Socket& socket = connection->socket();
        HW_TRY_VOID(socket.send(ByteView(frame.head), deadline));
        HW_TRY_VOID(socket.receive_frame(kMaxAnswerBytes, deadline));
    }
    return {};
}

}  // namespace

Result<LoadReport> run_load(const ProduceOptions& options, const Target& target) {
    const Timestamp now(std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count());
    HW_TRY(batch, make_batch(options.record_size, options.batch_size, now));
    ProduceLoad load(options, target, std::move(batch));
    HW_TRY_VOID(load.prepare());
    return load.run();
}

Result<LoadReport> run_load(const FetchOptions& options, const Target& target) {
    LoadLoop loop;
    HW_TRY_VOID(loop.open(options.stop_descriptor));
    SharedFetch load{.topic = options.topic,
                     .version = target.version,
                     .at_log_end = AtLogEnd::start_over,
                     .partition_bytes = options.fetch_size,
                     .max_wait = kTimeout,
                     .bytes_wanted = options.bytes.value_or(kNoLimit),
                     .tally = {}};
    for (std::size_t i = 0; i < options.connections; ++i) {
        const LeaderOf& leader = target.leaders[i % target.leaders.size()];
        const std::size_t turn = i / target.leaders.size();
        const PartitionIndex partition = leader.partitions[turn % leader.partitions.size()];
        const Offset start = target.log_ends.at(partition).start_offset;
        HW_TRY(socket, connect_to(leader.address));
        std::vector<FetchPosition> positions{{partition, start, start}};
        HW_TRY_VOID(loop.add(
            std::make_unique<FetchConnection>(std::move(socket), std::move(positions), load),
            Ready::edge));
    }
    LoadReport report;
    report.topic = options.topic;
    report.partitions = count_partitions(target);
    HW_TRY(measurement, Measurement::start(options.broker_pid));
    const auto done = loop.run(
        {.is_done = [&] { return load.tally.bytes >= load.bytes_wanted && loop.is_idle(); },
         .stop = [&] { load.bytes_wanted = 0; },
         .time = options.seconds});
    measurement.finish(report);
    if (!done) {
        report.failure = done.error().message;
    }
    report.tally = load.tally;
    return report;
}

}  // namespace hw::perf
