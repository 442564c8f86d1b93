#include "test/sim/machine.h"

#include "broker/format.h"
#include "protocol/base/assert.h"

namespace hw::sim {

Machine::Machine(const ProcessWorld& world, EventTrace& trace, const NodePlan& plan,
                 const std::string& properties)
    : world_(world),
      plan_(plan),
      config_(load_config(properties)),
      log_(trace, plan.id),
      disk_(world.scheduler, plan.id),
      clock_(world.scheduler, plan.clock_rate) {}

Machine::~Machine() {
    tell_end_ = nullptr;
    end_process(ProcessEnd::kill);
}

void Machine::format(const std::string& cluster_id) {
    const auto formatted = broker::format_directories(
        disk_, world_.entropy, config_,
        {.cluster_id = cluster_id, .now = clock_.wall_now(), .tell = [](const std::string&) {}});
    HW_ASSERT(formatted.has_value());
}

void Machine::start() {
    HW_ASSERT(process_ == nullptr);
    ++life_;
    process_ = std::make_unique<BrokerProcess>(world_, ProcessMachine{tag(), clock_, disk_, log_},
                                               config_);
    process_->begin_start();
}

void Machine::end_process(ProcessEnd end) {
    if (process_ == nullptr && end != ProcessEnd::power_loss) {
        return;
    }
    // The disk and the network are cut off before the objects are destroyed.
    if (end == ProcessEnd::power_loss) {
        world_.network.cut_power(tag());
        disk_.power_loss();
    } else {
        world_.network.cut(tag());
        disk_.process_kill();
    }
    process_.reset();
    world_.scheduler.resume(tag());
    if (tell_end_) {
        tell_end_(end);
    }
}

std::optional<std::string> Machine::folder_of(const PartitionPlan& partition) const {
    for (const std::string& directory : plan_.directories) {
        std::string folder = fmt::format("{}/{}-{}", directory, partition.topic, partition.index);
        if (disk_.has(folder)) {
            return folder;
        }
    }
    return std::nullopt;
}

bool Machine::has_given_up() const {
    return process_ != nullptr &&
           (process_->ended() || (is_started() && !process_->started()->has_value()));
}

}  // namespace hw::sim
