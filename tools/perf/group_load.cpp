#include "tools/perf/group_load.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/client/words.h"
#include "tools/perf/classic_member.h"
#include "tools/perf/consumer_member.h"
#include "tools/perf/group_connection.h"
#include "tools/perf/load_loop.h"

namespace hw::perf {
namespace {

using std::chrono::steady_clock;

/// A member, where it is connected, and its group.
struct Seat {
    std::unique_ptr<GroupMember> member;
    GroupConnection* connection = nullptr;
    std::size_t group = 0;
};

/// A group, and whether it is stable.
struct Group {
    GroupContext context;
    std::vector<std::size_t> seats = {};
    std::int32_t min_epoch = 1;  ///< with an earlier one it is not stable
    bool is_stable = false;
};

enum class Step : std::uint8_t { join, add, crash, leave };

std::string_view name_of(Step step) {
    switch (step) {
        case Step::join:
            return "join";
        case Step::add:
            return "add";
        case Step::crash:
            return "crash";
        case Step::leave:
            break;
    }
    return "leave";
}

class GroupLoad {
public:
    GroupLoad(const GroupOptions& options, const GroupTarget& target)
        : options_(options), target_(target) {}

    /// Connects and makes the members.
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<GroupReport> run();

private:
    [[nodiscard]] Result<void> connect();
    [[nodiscard]] Result<GroupConnection*> connect_to_broker(std::size_t broker);
    void make_seat(std::size_t group, GroupConnection* connection);
    [[nodiscard]] bool is_stable(const Group& group) const;
    [[nodiscard]] SteadyTime last_join() const;
    [[nodiscard]] std::int32_t highest_epoch() const;

    /// Does what is due; returns when something is due again.
    [[nodiscard]] Result<SteadyTime> work(SteadyTime now);
    [[nodiscard]] Result<void> send_due(SteadyTime now);
    [[nodiscard]] Result<void> advance(SteadyTime now);
    void begin(Step step, SteadyTime now);
    void disturb_first_group();
    void end_step();
    void leave_all(SteadyTime now);
    [[nodiscard]] Step step_after(Step step) const;

    void on_answer(std::size_t seat, SteadyTime now);
    void update(Group& group, SteadyTime now);
    void queue(std::size_t seat) { due_.push({seats_[seat].member->due(), seat}); }

    using DueSeat = std::pair<SteadyTime, std::size_t>;

    const GroupOptions& options_;
    const GroupTarget& target_;
    GroupTally tally_;
    GroupReport report_;
    std::int64_t memory_before_ = 0;
    std::optional<Measurement> measurement_;
    LoadLoop loop_;
    std::vector<std::vector<GroupConnection*>> connections_;  ///< by broker
    std::vector<std::unique_ptr<Group>> groups_;
    std::vector<Seat> seats_;
    std::size_t spare_seat_ = 0;  ///< of the member that is added
    std::priority_queue<DueSeat, std::vector<DueSeat>, std::greater<>> due_;
    Step step_ = Step::join;
    SteadyTime step_began_;
    SteadyTime stable_at_;
    std::size_t unstable_ = 0;  ///< groups
    std::size_t leaving_ = 0;   ///< members that have not left yet
};

// --- Before the load

Result<void> GroupLoad::prepare() {
    if (options_.broker_pid) {
        HW_TRY(memory, resident_bytes_of(*options_.broker_pid));
        memory_before_ = memory;
    }
    HW_TRY_VOID(loop_.open(options_.stop_descriptor));
    HW_TRY_VOID(connect());
    std::vector<std::size_t> next(connections_.size());
    for (std::size_t number = 0; number < options_.groups; ++number) {
        groups_.push_back(std::make_unique<Group>(
            GroupContext{.name = group_name(options_.group, number),
                         .plan = target_.plan,
                         .tally = tally_,
                         .owners = PartitionOwners(target_.plan.partitions)}));
        const std::size_t broker = target_.coordinators.broker_of[number];
        for (std::size_t i = 0; i < options_.members; ++i) {
            const auto& connections = connections_[broker];
            make_seat(number, connections[next[broker]++ % connections.size()]);
        }
    }
    if (options_.adds) {
        HW_TRY(connection, connect_to_broker(target_.coordinators.broker_of[0]));
        spare_seat_ = seats_.size();
        make_seat(0, connection);
        groups_[0]->seats.pop_back();  // until it joins
    }
    unstable_ = groups_.size();
    return {};
}

Result<void> GroupLoad::connect() {
    const std::size_t brokers = target_.coordinators.brokers.size();
    HW_TRY(count, connections_of(options_, brokers));
    report_.connections = count * brokers + (options_.adds ? 1 : 0);
    HW_TRY_VOID(allow_open_files(report_.connections));
    for (std::size_t broker = 0; broker < brokers; ++broker) {
        std::vector<GroupConnection*> connections;
        for (std::size_t i = 0; i < count; ++i) {
            HW_TRY(connection, connect_to_broker(broker));
            connections.push_back(connection);
        }
        connections_.push_back(std::move(connections));
    }
    return {};
}

Result<GroupConnection*> GroupLoad::connect_to_broker(std::size_t broker) {
    HW_TRY(socket, connect_to(target_.coordinators.brokers[broker]));
    auto connection = std::make_unique<GroupConnection>(
        std::move(socket), [this](std::size_t seat, SteadyTime now) { on_answer(seat, now); });
    GroupConnection* const added = connection.get();
    HW_TRY_VOID(loop_.add(std::move(connection), Ready::edge));
    return added;
}

void GroupLoad::make_seat(std::size_t group, GroupConnection* connection) {
    GroupContext& context = groups_[group]->context;
    const auto index = static_cast<std::uint32_t>(groups_[group]->seats.size());
    Seat seat{.member = nullptr, .connection = connection, .group = group};
    if (target_.plan.protocol == GroupProtocol::classic) {
        seat.member = std::make_unique<ClassicMember>(context, index);
    } else {
        // An earlier run may have left members with other ids.
        const auto run = steady_clock::now().time_since_epoch().count();
        seat.member =
            std::make_unique<ConsumerMember>(context, index, fmt::format("perf-{}-{}", index, run));
    }
    groups_[group]->seats.push_back(seats_.size());
    seats_.push_back(std::move(seat));
}

// --- Members

Result<SteadyTime> GroupLoad::work(SteadyTime now) {
    HW_TRY_VOID(advance(now));
    HW_TRY_VOID(send_due(now));
    SteadyTime step_due =
        unstable_ == 0 ? stable_at_ + options_.hold : step_began_ + options_.step_max;
    step_due = step_ == Step::leave ? GroupMember::kNever : step_due;
    return due_.empty() ? step_due : std::min(step_due, due_.top().first);
}

Result<void> GroupLoad::send_due(SteadyTime now) {
    std::vector<GroupConnection*> used;
    while (!due_.empty() && due_.top().first <= now) {
        const std::size_t number = due_.top().second;
        due_.pop();
        const Seat& seat = seats_[number];
        // The queue may also have times that no longer hold.
        if (seat.member->due() <= now) {
            HW_TRY_VOID(seat.connection->stage(number, *seat.member, now));
            used.push_back(seat.connection);
        }
    }
    for (GroupConnection* const connection : used) {
        HW_TRY(sent, connection->send(now));
        std::ignore = sent;
    }
    return {};
}

void GroupLoad::on_answer(std::size_t seat, SteadyTime now) {
    if (seats_[seat].member->due() != GroupMember::kNever) {
        queue(seat);
    } else if (seats_[seat].member->has_left()) {
        --leaving_;
    }
    update(*groups_[seats_[seat].group], now);
}

void GroupLoad::update(Group& group, SteadyTime now) {
    const bool is_now = is_stable(group);
    if (is_now == group.is_stable) {
        return;
    }
    group.is_stable = is_now;
    is_now ? --unstable_ : ++unstable_;
    if (unstable_ == 0) {
        stable_at_ = now;
    }
}

bool GroupLoad::is_stable(const Group& group) const {
    if (!group.context.owners.is_complete()) {
        return false;
    }
    const auto active = static_cast<std::size_t>(std::ranges::count_if(
        group.seats, [&](std::size_t seat) { return seats_[seat].member->is_active(); }));
    const auto partitions = static_cast<std::size_t>(target_.plan.partitions);
    std::optional<std::int32_t> epoch;
    for (const std::size_t seat : group.seats) {
        const GroupMember& member = *seats_[seat].member;
        if (!member.is_active()) {
            continue;
        }
        const std::size_t share = member.owned().size();
        const bool is_fair =
            share == partitions / active || share == (partitions + active - 1) / active;
        if (!member.is_settled() || !is_fair || member.epoch() != epoch.value_or(member.epoch())) {
            return false;
        }
        epoch = member.epoch();
    }
    return epoch && *epoch >= group.min_epoch;
}

// --- Steps

Result<void> GroupLoad::advance(SteadyTime now) {
    if (step_ == Step::leave) {
        return {};
    }
    if (unstable_ == 0 && now - stable_at_ >= options_.hold) {
        end_step();
        begin(step_after(step_), now);
        return {};
    }
    if (now - step_began_ >= options_.step_max) {
        return fail(ErrorKind::timed_out, "{} not stable {} s after step '{}' began",
                    unstable_ == 1 ? "a group was"
                                   : fmt::format("{} of {} groups were", unstable_, groups_.size()),
                    options_.step_max.count(), name_of(step_));
    }
    return {};
}

void GroupLoad::end_step() {
    GroupStep step{.name = name_of(step_),
                   .stable = stable_at_ - step_began_,
                   .stable_after_join = {},
                   .told = {},
                   .epoch = highest_epoch()};
    if (step_ != Step::crash) {
        step.stable_after_join = stable_at_ - last_join();
    }
    if (step_ != Step::join && groups_[0]->context.told_at) {
        step.told = *groups_[0]->context.told_at - step_began_;
    }
    report_.steps.push_back(step);
    if (step_ == Step::join && options_.broker_pid) {
        const auto memory = resident_bytes_of(*options_.broker_pid);
        report_.memory = memory ? std::optional(*memory - memory_before_) : std::nullopt;
    }
}

Step GroupLoad::step_after(Step step) const {
    if (step == Step::join && options_.adds) {
        return Step::add;
    }
    return step != Step::crash && options_.crashes ? Step::crash : Step::leave;
}

void GroupLoad::begin(Step step, SteadyTime now) {
    step_ = step;
    step_began_ = now;
    switch (step) {
        case Step::join:
            for (std::size_t seat = 0; seat < options_.groups * options_.members; ++seat) {
                seats_[seat].member->start(now);
                queue(seat);
            }
            break;
        case Step::add:
            disturb_first_group();
            groups_[0]->seats.push_back(spare_seat_);
            seats_[spare_seat_].member->start(now);
            queue(spare_seat_);
            break;
        case Step::crash:
            disturb_first_group();
            seats_[groups_[0]->seats[0]].member->crash();
            break;
        case Step::leave:
            leave_all(now);
            return;
    }
    update(*groups_[0], now);
}

void GroupLoad::disturb_first_group() {
    groups_[0]->min_epoch = seats_[groups_[0]->seats[0]].member->epoch() + 1;
    groups_[0]->context.told_at.reset();
}

void GroupLoad::leave_all(SteadyTime now) {
    measurement_->finish(report_.costs);
    for (const auto& group : groups_) {
        for (const std::size_t seat : group->seats) {
            GroupMember& member = *seats_[seat].member;
            if (member.is_active()) {
                member.leave(now);
                ++leaving_;
                queue(seat);
            }
        }
    }
}

SteadyTime GroupLoad::last_join() const {
    SteadyTime last;
    for (const Seat& seat : seats_) {
        last = std::max(last, seat.member->joined_at().value_or(last));
    }
    return last;
}

std::int32_t GroupLoad::highest_epoch() const {
    std::int32_t highest = 0;
    for (const Seat& seat : seats_) {
        highest = std::max(highest, seat.member->epoch());
    }
    return highest;
}

Result<GroupReport> GroupLoad::run() {
    report_.protocol = options_.protocol;
    report_.topic = options_.topic;
    report_.partitions = target_.plan.partitions;
    report_.is_created = target_.is_created;
    report_.groups = options_.groups;
    report_.members = options_.members;
    HW_TRY(measurement, Measurement::start(options_.broker_pid));
    measurement_ = measurement;
    begin(Step::join, steady_clock::now());
    const auto stop = [this] {
        if (step_ != Step::leave) {
            begin(Step::leave, steady_clock::now());
        }
    };
    const auto done =
        loop_.run({.is_done = [this] { return step_ == Step::leave && leaving_ == 0; },
                   .stop = stop,
                   .work = [this](SteadyTime now) { return work(now); }});
    if (!done) {
        report_.failure = done.error().message;
    }
    if (step_ != Step::leave) {
        measurement_->finish(report_.costs);
    }
    report_.tally = tally_;
    return std::move(report_);
}

}  // namespace

Result<std::size_t> connections_of(const GroupOptions& options, std::size_t brokers) {
    constexpr std::size_t kMostClassic = 1000;
    constexpr std::size_t kMostConsumer = 64;
    const bool is_classic = options.protocol == GroupProtocol::classic;
    const std::size_t least = is_classic ? options.members : 1;
    const std::size_t all = options.groups * options.members;
    const std::size_t by_default = std::min(all, is_classic ? kMostClassic : kMostConsumer);
    const std::size_t wanted = options.connections > 0 ? options.connections : by_default;
    const std::size_t each = (wanted + brokers - 1) / brokers;
    if (options.connections > 0 && each < least) {
        return fail(ErrorKind::invalid,
                    "{} for groups of {}: each member of a classic group needs its own, because "
                    "the answers on a connection wait for a JoinGroup before them",
                    client::counted(options.connections, "connection"), options.members);
    }
    return std::max(each, least);
}

Result<GroupReport> run_load(const GroupOptions& options, const GroupTarget& target) {
    GroupLoad load(options, target);
    HW_TRY_VOID(load.prepare());
    return load.run();
}

}  // namespace hw::perf
