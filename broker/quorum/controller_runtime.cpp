#include "broker/quorum/controller_runtime.h"

#include <utility>
#include <vector>

#include "broker/quorum/broker_changes.h"
#include "broker/quorum/metadata_batch.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/schema/metadata_record.h"

namespace hw::broker {

using controller::ControllerEffects;

ControllerRuntime::ControllerRuntime(Shard& shard, const Clock& clock, replication::RaftNode& raft,
                                     controller::QuorumController controller, Logger log)
    : shard_(shard),
      clock_(clock),
      raft_(raft),
      controller_(std::move(controller)),
      log_(log),
      tasks_(shard) {}

void ControllerRuntime::start() {
    raft_.start(*this);
    tasks_.spawn(watch());
}

Task<> ControllerRuntime::stop() {
    stopping_ = true;
    deadline_changed_.set();
    co_await tasks_.wait_idle();
}

Task<> ControllerRuntime::watch() {
    while (!stopping_) {
        co_await shard_.wait(deadline_changed_, controller_.next_deadline());
        if (!stopping_ && clock_.now() >= controller_.next_deadline()) {
            ControllerEffects effects;
            controller_.on_deadline(clock_.now(), effects);
            execute(effects);
        }
    }
}

void ControllerRuntime::handle(const controller::ControllerRequest& request, Done done) {
    const controller::Ticket ticket = next_ticket_++;
    waiting_.emplace(ticket, std::move(done));
    ControllerEffects effects;
    controller_.handle(request, ticket, clock_.now(), effects);
    execute(effects);
}

bool ControllerRuntime::fence_gone(BrokerId broker, BrokerEpoch epoch) {
    ControllerEffects effects;
    const bool is_fenced = controller_.fence_gone(broker, epoch, clock_.now(), effects);
    execute(effects);
    return is_fenced;
}

void ControllerRuntime::on_activate(LeaderEpoch epoch, Offset) {
    if (failed_) {
        return;  // it has not read all that is committed, so it must decide nothing
    }
    ControllerEffects effects;
    controller_.on_leader(epoch, clock_.now(), effects);
    execute(effects);
    if (tell_role_) {
        tell_role_();
    }
}

void ControllerRuntime::on_resign(LeaderEpoch) {
    if (failed_ || !controller_.is_leading()) {
        return;
    }
    ControllerEffects effects;
    controller_.on_resigned(effects);
    // As a leader the controller applied its own decisions. From here on it reads the log again.
    followed_ = controller_.committed_end_offset();
    cursor_ = {};
    execute(effects);
    if (tell_role_) {
        tell_role_();
    }
}

void ControllerRuntime::on_committed(Offset end_offset) {
    if (failed_) {
        return;
    }
    if (controller_.is_leading()) {
        ControllerEffects effects;
        controller_.on_committed(end_offset - 1, effects);
        publish();
        execute(effects);
    } else if (const auto followed = follow(end_offset); !followed) {
        on_failure(followed.error());
    } else {
        publish();
    }
}

void ControllerRuntime::on_leader(BrokerId leader) {
    leader_ = leader;
    published_ = nullptr;
    publish();
}

void ControllerRuntime::publish() {
    if (!publish_ || published_ == controller_.committed_image()) {
        return;
    }
    if (published_ != nullptr && controller_.is_leading()) {
        log_broker_changes(log_, *published_, *controller_.committed_image());
    }
    published_ = controller_.committed_image();
    auto image = std::make_shared<controller::MetadataImage>(*published_);
    image->set_controller(leader_);
    publish_(std::move(image));
}

void ControllerRuntime::on_failure(const Error& reason) {
    if (std::exchange(failed_, true)) {
        return;
    }
    log_.error("the controller of this node has failed: {}", reason.message);
    if (tell_end_) {
        std::exchange(tell_end_, nullptr)(reason);
    }
}

Result<void> ControllerRuntime::follow(Offset end_offset) {
    while (followed_ < end_offset) {
        const auto answer = raft_.read(followed_, end_offset, kReadBytes, cursor_);
        if (!answer) {
            const bool corrupt = answer.error().code == wire::ErrorCode::corrupt_message;
            return fail(corrupt ? ErrorKind::corrupt : ErrorKind::io,
                        "the metadata log cannot be read at offset {}: {}", followed_,
                        answer.error().message);
        }
        if (answer->next_offset <= followed_) {
            return fail(ErrorKind::corrupt,
                        "the metadata log has no whole batch at offset {}, although all below {} "
                        "is committed",
                        followed_, end_offset);
        }
        if (const auto loaded = load(answer->bytes.view()); !loaded) {
            return fail(loaded.error().kind, "{}: {}", cursor_.file->path(),
                        loaded.error().message);
        }
        followed_ = answer->next_offset;
    }
    return {};
}

Result<void> ControllerRuntime::load(ByteView batches) {
    record::BatchCursor cursor(batches);
    while (const auto batch = cursor.next()) {
        HW_TRY(decoded, DecodedBatch::decode(*batch));
        HW_TRY_VOID(controller_.on_batch(decoded.view()));
    }
    return cursor.status();
}

void ControllerRuntime::execute(ControllerEffects& effects) {
    for (const controller::MetadataAppend& batch : effects.appends) {
        const auto appended = append(batch);
        if (!appended) {
            log_.error("a decision of the controller cannot be appended: {}",
                       appended.error().message);
            ControllerEffects resigned;
            controller_.on_resigned(resigned);
            std::ranges::move(resigned.answers, std::back_inserter(effects.answers));
            on_failure(appended.error());
            break;
        }
    }
    using std::chrono::milliseconds;
    const auto session = std::chrono::duration_cast<milliseconds>(controller_.session_timeout());
    for (const BrokerId broker : effects.expired) {
        log_.warning("broker {} has sent no heartbeat for {} ms (broker.session.timeout.ms)",
                     broker, session.count());
    }
    for (const controller::ControllerAnswer& answer : effects.answers) {
        auto waiting = waiting_.extract(answer.ticket);
        HW_ASSERT(!waiting.empty());
        waiting.mapped()(answer.response);
    }
    deadline_changed_.set();
}

Result<void> ControllerRuntime::append(const controller::MetadataAppend& append) {
    std::vector<Buffer> values;
    std::vector<ByteView> views;
    for (const auto& [version, record] : append.records.records()) {
        HW_TRY(value, schema::encode_metadata_record(record, version));
        values.push_back(std::move(value));
        views.push_back(values.back().view());
    }
    HW_TRY(first, raft_.append(views));
    if (first != append.base_offset) {
        return fail(ErrorKind::invalid, "the log ends at {}, but the decision is for offset {}",
                    first, append.base_offset);
    }
    controller_.on_appended(first + static_cast<std::int64_t>(views.size()) - 1);
    return {};
}

}  // namespace hw::broker
