#include "broker/metadata/forwarded_request.h"

#include <algorithm>
#include <array>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/wire/encode_message.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Outcome = ForwardingAttempt::Outcome;
using Kind = ForwardingStep::Kind;
using Answer = Result<wire::DecodedMessage<schema::EnvelopeResponse>>;

constexpr TimePoint kStart{std::chrono::hours(1)};
constexpr Duration kTimeout = std::chrono::seconds(10);
constexpr const char* kController = "controller 1 at host:9093";

/// The first bytes of a request with correlation id 7.
constexpr std::array<std::byte, 8> kRequest{std::byte{0}, std::byte{19}, std::byte{0},
                                            std::byte{7}, std::byte{0},  std::byte{0},
                                            std::byte{0}, std::byte{7}};

Answer envelope(ErrorCode code, ByteView data = {}) {
    schema::EnvelopeResponse response;
    response.error_code = code;
    response.response_data = data;
    const auto encoded = wire::encode_message(response, ApiVersion(0));
    Buffer bytes(encoded->size);
    std::ranges::copy(encoded->own.view(), bytes.data());
    wire::DecodedMessage<schema::EnvelopeResponse> message(std::move(bytes), 16);
    REQUIRE(message.read(ApiVersion(0)));
    return message;
}

ForwardingStep after(Outcome outcome, TimePoint now = kStart) {
    ForwardedRequest request(kStart, kTimeout, 1);
    return request.after({outcome, "the reason"}, kController, now);
}

TEST_CASE("forwarded request: an error of the channel or of the Envelope becomes an outcome",
          "[metadata][forwarding]") {
    const auto of = [](const Answer& answer) { return attempt_of(answer, kRequest).outcome; };
    CHECK(of(fail(ErrorKind::not_sent, "x")) == Outcome::not_sent);
    CHECK(of(fail(ErrorKind::closed, "x")) == Outcome::unknown);
    CHECK(of(fail(ErrorKind::timed_out, "x")) == Outcome::unknown);
    CHECK(of(fail(ErrorKind::corrupt, "x")) == Outcome::unreadable);
    CHECK(of(envelope(ErrorCode::not_controller)) == Outcome::not_controller);
    CHECK(of(envelope(ErrorCode::unsupported_version)) == Outcome::unknown_version);
    CHECK(of(envelope(ErrorCode::request_timed_out)) == Outcome::unknown);
    CHECK(of(envelope(ErrorCode::invalid_request)) == Outcome::refused);
    CHECK(of(envelope(ErrorCode::cluster_authorization_failed)) == Outcome::refused);
}

TEST_CASE("forwarded request: only an answer with the request's correlation id is its answer",
          "[metadata][forwarding]") {
    const auto of = [](ByteView data) {
        return attempt_of(envelope(ErrorCode::none, data), kRequest).outcome;
    };
    const ByteView own = ByteView(kRequest).subspan(4);
    CHECK(of(own) == Outcome::answered);
    CHECK(of(own.first(3)) == Outcome::unreadable);
    CHECK(of({}) == Outcome::unreadable);
    CHECK(of(ByteView(kRequest).first(4)) == Outcome::unreadable);
}

TEST_CASE("forwarded request: it is sent again exactly if the controller has done nothing",
          "[metadata][forwarding]") {
    CHECK(after(Outcome::answered).kind == Kind::answer);
    CHECK(after(Outcome::not_sent).kind == Kind::send_again);
    CHECK(after(Outcome::not_controller).kind == Kind::send_again);
    CHECK(after(Outcome::unknown).kind == Kind::refuse);
    CHECK(after(Outcome::refused).kind == Kind::refuse);
    CHECK(after(Outcome::unreadable).kind == Kind::refuse);
    CHECK(after(Outcome::unknown_version).kind == Kind::disconnect);
}

TEST_CASE("forwarded request: the client is told what is known about the outcome",
          "[metadata][forwarding]") {
    const ForwardingStep late = after(Outcome::not_sent, kStart + kTimeout);
    CHECK(late.refusal.code == ErrorCode::request_timed_out);
    CHECK(late.refusal.message ==
          "nothing was done: for 10.0 s this broker has waited for the active controller. Last "
          "asked: controller 1 at host:9093: the reason. Try again when the controller answers");
    const ForwardingStep unknown = after(Outcome::unknown);
    CHECK(unknown.refusal.code == ErrorCode::request_timed_out);
    CHECK(
        unknown.refusal.message ==
        "the outcome is unknown: the request was sent to controller 1 at host:9093, and no answer "
        "came: the reason. Look whether it was carried out, for example in a list of the topics, "
        "before you try again");
    CHECK(after(Outcome::refused).refusal.code == ErrorCode::unknown_server_error);
    CHECK(after(Outcome::unreadable).refusal.code == ErrorCode::unknown_server_error);
}

TEST_CASE("forwarded request: pauses grow, differ by the seed, and end with the deadline",
          "[metadata][forwarding]") {
    const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{20}));
    ForwardedRequest request(kStart, kTimeout, seed);
    TimePoint now = kStart;
    Duration expected = ForwardedRequest::kFirstPause;
    int attempts = 0;
    for (;; ++attempts) {
        const ForwardingStep step = request.after({Outcome::not_sent, "x"}, kController, now);
        if (step.kind == Kind::refuse) {
            break;
        }
        REQUIRE(step.kind == Kind::send_again);
        CHECK(step.send_at - now >= expected * 3 / 4);
        CHECK(step.send_at - now <= expected * 5 / 4);
        CHECK(step.send_at < request.deadline());
        expected = std::min(2 * expected, ForwardedRequest::kMaxPause);
        now = step.send_at;
    }
    CHECK(attempts > 10);
    CHECK(attempts < 20);
    CHECK(request.deadline() - now < 2 * ForwardedRequest::kMaxPause);
    ForwardedRequest other(kStart, kTimeout, seed + 1);
    ForwardedRequest same(kStart, kTimeout, seed);
    const auto first_pause = [](ForwardedRequest& each) {
        return each.after({Outcome::not_sent, "x"}, kController, kStart).send_at;
    };
    CHECK(first_pause(other) != first_pause(same));
}

TEST_CASE("forwarded request: the client's timeout counts, within limits",
          "[metadata][forwarding]") {
    const auto deadline = [](Duration timeout) {
        return ForwardedRequest(kStart, timeout, 1).deadline() - kStart;
    };
    CHECK(deadline(kTimeout) == kTimeout);
    CHECK(deadline(Duration(0)) == ForwardedRequest::kMinTime);
    CHECK(deadline(std::chrono::milliseconds(-1)) == ForwardedRequest::kMinTime);
    CHECK(deadline(std::chrono::milliseconds(INT32_MAX)) == ForwardedRequest::kMaxTime);
}

TEST_CASE("forwarded request: after the stop it is not sent again", "[metadata][forwarding]") {
    ForwardedRequest request(kStart, kTimeout, 1);
    request.give_up(kStart);
    CHECK(request.after({Outcome::not_sent, "x"}, kController, kStart).kind == Kind::refuse);
}

TEST_CASE("forwarding limits: a request may have the largest size, and not a byte more",
          "[metadata][forwarding]") {
    CHECK(ForwardingLimits::check_size(ForwardingLimits::kMaxRequestBytes));
    const auto refused = ForwardingLimits::check_size(ForwardingLimits::kMaxRequestBytes + 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::policy_violation);
    CHECK(refused.error().message ==
          "the request has 4194305 bytes, and the controller accepts at most 4194304. Ask for less "
          "in one request");
}

TEST_CASE("forwarding limits: one request more than the limit is refused until another ends",
          "[metadata][forwarding]") {
    ForwardingLimits limits;
    for (std::size_t count = 0; count < ForwardingLimits::kMaxRequests; ++count) {
        REQUIRE(limits.begin(1));
    }
    const auto refused = limits.begin(1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::not_controller);
    CHECK(refused.error().message ==
          "nothing was done: 256 requests with 256 bytes wait for the controller at this broker, "
          "and the limit is 256 requests with 16777216 bytes. Try again");
    limits.end(1);
    CHECK(limits.begin(1));
}

TEST_CASE("forwarding limits: one byte more than the limit is refused until other bytes end",
          "[metadata][forwarding]") {
    ForwardingLimits limits;
    constexpr std::size_t kPart = ForwardingLimits::kMaxRequestBytes;
    for (std::size_t bytes = 0; bytes < ForwardingLimits::kMaxBytes; bytes += kPart) {
        REQUIRE(limits.begin(kPart));
    }
    const auto refused = limits.begin(1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::not_controller);
    limits.end(kPart);
    CHECK(limits.begin(kPart));
}

}  // namespace
}  // namespace hw::broker
