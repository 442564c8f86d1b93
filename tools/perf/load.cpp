#include "tools/perf/load.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/produce.h"
#include "tools/perf/load_connection.h"
#include "tools/perf/load_loop.h"

namespace hw::perf {
namespace {

using client::Deadline;
using client::Milliseconds;
using client::Socket;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
constexpr std::int32_t kMaxAnswerBytes = 1 << 20;

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
             .max_wait = kSilenceMax,
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
    const Millis timeout(static_cast<std::int32_t>(Milliseconds(kSilenceMax).count()));
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
    measurement.finish(report.costs);
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
        const Deadline deadline(kSilenceMax);
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
                     .max_wait = kSilenceMax,
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
    measurement.finish(report.costs);
    if (!done) {
        report.failure = done.error().message;
    }
    report.tally = load.tally;
    return report;
}

}  // namespace hw::perf
