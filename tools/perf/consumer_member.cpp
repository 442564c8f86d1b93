#include "tools/perf/consumer_member.h"

#include <array>
#include <string_view>
#include <vector>

#include "protocol/base/arena.h"
#include "tools/perf/answer.h"

namespace hw::perf {

using wire::ErrorCode;

namespace {

using Request = schema::ConsumerGroupHeartbeatRequest;

constexpr ApiVersion kClientMakesIdFrom{1};
constexpr std::int32_t kLeaveEpoch = -1;

}  // namespace

Result<RequestFrame> ConsumerMember::make_request() {
    const std::array<std::string_view, 1> topics{plan().topic};
    const std::array owned_partitions{
        Request::TopicPartitions{.topic_id = plan().topic_id, .partitions = owned()}};
    const wire::Array<Request::TopicPartitions> none;
    Request request{.group_id = group().name, .member_id = id_, .member_epoch = epoch()};
    if (must_say_all_) {
        const bool brings_id = plan().versions.consumer_heartbeat >= kClientMakesIdFrom;
        request.member_id = brings_id ? std::string_view(id_) : "";
        request.rebalance_timeout_ms =
            Millis(static_cast<std::int32_t>(plan().rebalance_max.count()));
        request.subscribed_topic_names = topics;
        request.topic_partitions = none;
        note_joining();
    }
    if (must_say_owned_) {
        owned().empty() ? void(request.topic_partitions = none)
                        : void(request.topic_partitions = owned_partitions);
    }
    note_heartbeat();
    return encode_request(request, plan().versions.consumer_heartbeat);
}

Result<RequestFrame> ConsumerMember::make_farewell() {
    const Request request{.group_id = group().name, .member_id = id_, .member_epoch = kLeaveEpoch};
    return encode_request(request, plan().versions.consumer_heartbeat);
}

Result<void> ConsumerMember::take_answer(ByteView answer, SteadyTime now) {
    HW_TRY(response, decoded_copy<Response>(answer, plan().versions.consumer_heartbeat));
    const ErrorCode code = response->error_code;
    if (is_temporary(code)) {
        retry_later(code, now);
        return {};
    }
    if (code == ErrorCode::unknown_member_id || code == ErrorCode::fenced_member_epoch) {
        on_removed();
        must_say_all_ = true;
        must_say_owned_ = false;
        schedule_step(now);
        return {};
    }
    if (code != ErrorCode::none) {
        return std::unexpected(refusal(code, response->error_message));
    }
    must_say_all_ = false;
    must_say_owned_ = false;
    if (!wire::is_null(response->member_id)) {
        id_ = response->member_id;
    }
    set_epoch(response->member_epoch, now);
    if (response->assignment != nullptr) {
        HW_TRY(has_changed, take_assignment(*response->assignment));
        must_say_owned_ = has_changed;
    }
    set_settled(!must_say_owned_);
    if (must_say_owned_) {
        note_told(now);
        schedule_step(now);
    } else {
        schedule_heartbeat(sent_at(),
                           client::Milliseconds(response->heartbeat_interval_ms.value()));
    }
    return {};
}

Result<bool> ConsumerMember::take_assignment(const Response::Assignment& assignment) {
    std::vector<PartitionIndex> partitions;
    for (const Response::TopicPartitions& topic : assignment.topic_partitions) {
        if (topic.topic_id != plan().topic_id) {
            return fail(ErrorKind::corrupt, "group '{}': assigned partitions of another topic",
                        group().name);
        }
        partitions.insert(partitions.end(), topic.partitions.begin(), topic.partitions.end());
    }
    return own(std::move(partitions));
}

}  // namespace hw::perf
