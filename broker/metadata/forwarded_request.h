#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "protocol/base/result.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/envelope.h"
#include "protocol/wire/decoded_message.h"
#include "protocol/wire/refusal.h"

namespace hw::broker {

/// The outcome of sending a forwarded request to the controller once.
struct ForwardingAttempt {
    enum class Outcome : std::uint8_t {
        answered,         ///< the Envelope holds the answer to the request
        not_sent,         ///< nothing was sent, so nothing was done
        not_controller,   ///< the controller is not the active one, and did nothing
        unknown,          ///< sent, without an answer: it is unknown whether the controller acted
        refused,          ///< the controller refuses the Envelope
        unknown_version,  ///< the controller does not know the version of the request
        unreadable,       ///< the answer is not one to this request
    };
    Outcome outcome = Outcome::unknown;
    std::string reason;  ///< a part of a sentence; empty if answered
};

/// The outcome that the answer to an Envelope with `request` means.
[[nodiscard]] ForwardingAttempt attempt_of(
    const Result<wire::DecodedMessage<schema::EnvelopeResponse>>& answer, ByteView request);

/// What to do after an attempt.
struct ForwardingStep {
    enum class Kind : std::uint8_t {
        answer,      ///< give the client the controller's answer
        send_again,  ///< at `send_at`, or as soon as there is another controller
        refuse,      ///< answer with `refusal`
        disconnect,  ///< end the client's connection, for the reason in `refusal`
    };
    Kind kind = Kind::send_again;
    TimePoint send_at{};
    wire::Refusal refusal;
};

/// Decides for one forwarded request whether it is sent again, and what the client is answered.
///
/// It is sent again only if the controller has done nothing. At its deadline, or if the outcome is
/// unknown, the client gets REQUEST_TIMED_OUT, as in Kafka, with a message that says which of both
/// it is.
///
/// A core: no I/O, no clock. Owned by the coroutine that forwards the request.
class ForwardedRequest {
public:
    /// Limits of the time for all attempts. Some clients send a timeout of 0, for an answer without
    /// a wait; the controller must still get the time to answer.
    static constexpr Duration kMinTime = std::chrono::seconds(1);
    /// For requests without a timeout of their own. Less than clients wait by default, so that they
    /// get the answer that says what was done.
    static constexpr Duration kDefaultTime = std::chrono::seconds(10);
    static constexpr Duration kMaxTime = std::chrono::seconds(30);
    /// Pause before the second attempt. Doubled before each further one, up to kMaxPause, and up to
    /// a quarter shorter or longer, so that the requests of many clients do not come all at once.
    static constexpr Duration kFirstPause = std::chrono::milliseconds(50);
    static constexpr Duration kMaxPause = std::chrono::seconds(1);

    /// `timeout` is that of the request; `seed` makes the pauses differ.
    ForwardedRequest(TimePoint now, Duration timeout, std::uint64_t seed);

    /// When the client must have its answer.
    [[nodiscard]] TimePoint deadline() const { return deadline_; }
    /// The node stops: the request is not sent again.
    void give_up(TimePoint now) { deadline_ = now; }
    /// `controller` names the one that was asked.
    [[nodiscard]] ForwardingStep after(const ForwardingAttempt& attempt,
                                       const std::string& controller, TimePoint now);

private:
    [[nodiscard]] Duration next_pause();

    TimePoint start_;
    TimePoint deadline_;
    Duration pause_ = kFirstPause;
    Random random_;
};

/// Counts the requests of a node that are being forwarded, and refuses what exceeds the limits.
///
/// A core. Owned by the gateway.
class ForwardingLimits {
public:
    /// Bytes of one request. The controller writes at most this much for one (RecordBatch).
    static constexpr std::size_t kMaxRequestBytes = std::size_t{4} << 20;
    static constexpr std::size_t kMaxRequests = 256;
    static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

    /// Refuses a request of more than kMaxRequestBytes with POLICY_VIOLATION.
    [[nodiscard]] static wire::Checked<void> check_size(std::size_t bytes);
    /// Begins with a request of `bytes`, at most kMaxRequestBytes. Over the limits it refuses it
    /// with NOT_CONTROLLER, because that makes clients try again.
    [[nodiscard]] wire::Checked<void> begin(std::size_t bytes);
    void end(std::size_t bytes);

private:
    std::size_t requests_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace hw::broker
