#include "broker/api/envelope.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "broker/metadata/principal.h"
#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

using schema::EnvelopeResponse;

constexpr std::size_t kPrefix = 4;

void refuse(Exchange& exchange, wire::ErrorCode code) {
    EnvelopeResponse response;
    response.error_code = code;
    exchange.reply(response);
}

/// The exchange of the request inside. Its answer becomes the answer to the envelope.
///
/// Ownership: the handler of the inner request holds an ExchangePtr until it answers. That pointer
/// owns this object, and this object owns the exchange of the envelope.
class Inner final : public AnswerSink {
public:
    /// `memory` counts a copy of the request.
    Inner(ExchangePtr outer, ByteView request, Reservation memory, std::string principal)
        : outer_(std::move(outer)),
          principal_(std::move(principal)),
          exchange_(copy_of(request), std::move(memory), *this) {
        exchange_.context().listener = outer_->context().listener;
        exchange_.context().peer = outer_->context().peer;
        exchange_.context().principal = principal_;
    }

    [[nodiscard]] Exchange& exchange() { return exchange_; }

    void on_answer() override {
        if (exchange_.error() == wire::ErrorCode::not_controller) {
            // Nothing was done. The broker that forwards looks for the active controller.
            refuse(*outer_, wire::ErrorCode::not_controller);
            return;
        }
        const wire::Slices& slices = exchange_.answer().slices;
        HW_ASSERT(slices.size() == 1);  // forwarded APIs have no records
        EnvelopeResponse response;
        response.response_data = slices.front().subspan(kPrefix);
        outer_->reply(response);
    }

    void on_reject(const Error& reason) override { refuse(*outer_, code_of(reason.kind)); }

    bool on_hold_answer(std::size_t bytes) override {
        constexpr std::size_t kEnvelope = 64;
        return outer_->hold_answer(bytes + kEnvelope);
    }

private:
    static wire::ErrorCode code_of(ErrorKind kind) {
        switch (kind) {
            case ErrorKind::unsupported:
                return wire::ErrorCode::unsupported_version;
            case ErrorKind::limit:
                return wire::ErrorCode::request_timed_out;  // no memory
            default:
                return wire::ErrorCode::invalid_request;
        }
    }
    static Buffer copy_of(ByteView bytes) {
        Buffer copy(bytes.size());
        std::ranges::copy(bytes, copy.data());
        return copy;
    }

    ExchangePtr outer_;
    std::string principal_;
    Exchange exchange_;
};

/// True for a request that brokers forward for clients. Other requests are refused, so that an
/// Envelope cannot contain one that only brokers may send.
bool is_forwardable(ByteView request) {
    if (request.size() < sizeof(std::int16_t)) {
        return false;
    }
    const auto key = static_cast<schema::ApiKey>(load_big_endian<std::int16_t>(request.data()));
    const schema::ApiInfo* api = schema::find_api(key);
    return api != nullptr && api->forwarded && !api->cluster_action;
}

}  // namespace

Task<> EnvelopeHandler::serve(ExchangePtr exchange, const schema::EnvelopeRequest& request) {
    if (!exchange->context().allows(Operation::cluster_action, kCluster)) {
        refuse(*exchange, wire::ErrorCode::cluster_authorization_failed);
        return done();
    }
    if (!is_forwardable(request.request_data)) {
        refuse(*exchange, wire::ErrorCode::invalid_request);
        return done();
    }
    auto principal = decode_principal(request.request_principal);
    if (!principal) {
        refuse(*exchange, wire::ErrorCode::principal_deserialization_failure);
        return done();
    }
    Reservation memory = exchange->memory().beside();
    if (!memory.try_work(request.request_data.size())) {
        refuse(*exchange, wire::ErrorCode::request_timed_out);
        return done();
    }
    const auto inner = std::make_shared<Inner>(std::move(exchange), request.request_data,
                                               std::move(memory), std::move(*principal));
    return dispatcher_.dispatch(ExchangePtr(inner, &inner->exchange()));
}

}  // namespace hw::broker
