#include "broker/metadata/forwarded_request.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Outcome = ForwardingAttempt::Outcome;
using Kind = ForwardingStep::Kind;

/// True if `answer` can be the answer to `request`: both have the same correlation id.
bool belongs_to(ByteView answer, ByteView request) {
    constexpr std::size_t kIdInRequest = 4;  // after the API's key and version
    if (answer.size() < sizeof(std::int32_t) ||
        request.size() < kIdInRequest + sizeof(std::int32_t)) {
        return false;
    }
    return load_big_endian<std::int32_t>(answer.data()) ==
           load_big_endian<std::int32_t>(request.data() + kIdInRequest);
}

ForwardingAttempt attempt_of(const Error& error) {
    switch (error.kind) {
        case ErrorKind::not_sent:
            return {Outcome::not_sent, error.message};
        case ErrorKind::closed:
        case ErrorKind::timed_out:
            return {Outcome::unknown, error.message};
        default:
            return {Outcome::unreadable, error.message};
    }
}

Outcome outcome_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::not_controller:
            return Outcome::not_controller;
        case ErrorCode::unsupported_version:
            return Outcome::unknown_version;
        case ErrorCode::request_timed_out:
            return Outcome::unknown;
        default:
            return Outcome::refused;
    }
}

double seconds(Duration span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

ForwardingAttempt attempt_of(const Result<wire::DecodedMessage<schema::EnvelopeResponse>>& answer,
                             ByteView request) {
    if (!answer) {
        return attempt_of(answer.error());
    }
    const schema::EnvelopeResponse& response = **answer;
    if (response.error_code != ErrorCode::none) {
        return {outcome_of(response.error_code),
                fmt::format("it answered {}", response.error_code)};
    }
    if (!belongs_to(response.response_data, request)) {
        return {Outcome::unreadable,
                fmt::format("its answer of {} bytes does not belong to the request",
                            response.response_data.size())};
    }
    return {Outcome::answered, {}};
}

ForwardedRequest::ForwardedRequest(TimePoint now, Duration timeout, std::uint64_t seed)
    : start_(now), deadline_(now + std::clamp(timeout, kMinTime, kMaxTime)), random_(seed) {}

Duration ForwardedRequest::next_pause() {
    const Duration pause = std::exchange(pause_, std::min(2 * pause_, kMaxPause));
    const std::int64_t quarter = pause.count() / 4;
    return pause + Duration(random_.between(-quarter, quarter));
}

ForwardingStep ForwardedRequest::after(const ForwardingAttempt& attempt,
                                       const std::string& controller, TimePoint now) {
    switch (attempt.outcome) {
        case Outcome::answered:
            return {.kind = Kind::answer, .send_at = {}, .refusal = {}};
        case Outcome::not_sent:
        case Outcome::not_controller: {
            const TimePoint next = now + next_pause();
            if (next < deadline_) {
                return {.kind = Kind::send_again, .send_at = next, .refusal = {}};
            }
            return {.kind = Kind::refuse,
                    .send_at = {},
                    .refusal = {ErrorCode::request_timed_out,
                                fmt::format("nothing was done: for {:.1f} s this broker has waited "
                                            "for the active controller. Last asked: {}: {}. Try "
                                            "again when the controller answers",
                                            seconds(now - start_), controller, attempt.reason)}};
        }
        case Outcome::unknown:
            return {.kind = Kind::refuse,
                    .send_at = {},
                    .refusal = {ErrorCode::request_timed_out,
                                fmt::format("the outcome is unknown: the request was sent to {}, "
                                            "and no answer came: {}. Look whether it was carried "
                                            "out, for example in a list of the topics, before you "
                                            "try again",
                                            controller, attempt.reason)}};
        case Outcome::unknown_version:
            return {.kind = Kind::disconnect,
                    .send_at = {},
                    .refusal = {ErrorCode::unsupported_version,
                                fmt::format("{} does not know this version of the request: {}",
                                            controller, attempt.reason)}};
        case Outcome::refused:
        case Outcome::unreadable:
            break;
    }
    return {.kind = Kind::refuse,
            .send_at = {},
            .refusal = {ErrorCode::unknown_server_error,
                        fmt::format("this broker and {} do not understand each other: {}. Check "
                                    "that both run the same version, and the log of the broker",
                                    controller, attempt.reason)}};
}

wire::Checked<void> ForwardingLimits::check_size(std::size_t bytes) {
    if (bytes > kMaxRequestBytes) {
        return wire::refuse(ErrorCode::policy_violation,
                            "the request has {} bytes, and the controller accepts at most {}. Ask "
                            "for less in one request",
                            bytes, kMaxRequestBytes);
    }
    return {};
}

wire::Checked<void> ForwardingLimits::begin(std::size_t bytes) {
    HW_ASSERT(bytes <= kMaxRequestBytes);
    if (requests_ == kMaxRequests || bytes > kMaxBytes - bytes_) {
        return wire::refuse(ErrorCode::not_controller,
                            "nothing was done: {} requests with {} bytes wait for the controller "
                            "at this broker, and the limit is {} requests with {} bytes. Try again",
                            requests_, bytes_, kMaxRequests, kMaxBytes);
    }
    ++requests_;
    bytes_ += bytes;
    return {};
}

void ForwardingLimits::end(std::size_t bytes) {
    HW_ASSERT(requests_ > 0);
    HW_ASSERT(bytes_ >= bytes);
    --requests_;
    bytes_ -= bytes;
}

}  // namespace hw::broker
