#include "broker/api/envelope.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "broker/metadata/principal.h"

namespace hw::broker {
namespace {

using schema::EnvelopeResponse;

constexpr std::size_t kPrefix = 4;

/// The exchange of the request inside. Its answer becomes the answer to the envelope.
///
/// Ownership: the handler of the inner request holds an ExchangePtr until it answers. That pointer
/// owns this object, and this object owns the exchange of the envelope.
class Inner final : public AnswerSink {
public:
    Inner(ExchangePtr outer, ByteView request, std::string principal)
        : outer_(std::move(outer)),
          principal_(std::move(principal)),
          exchange_(copy_of(request), copy_memory(*outer_, request.size()), *this) {
        exchange_.context().listener = outer_->context().listener;
        exchange_.context().peer = outer_->context().peer;
        exchange_.context().principal = principal_;
    }

    [[nodiscard]] Exchange& exchange() { return exchange_; }

    void on_answer() override {
        std::string answer;
        for (const ByteView slice : exchange_.answer().slices) {
            answer += as_text(slice);
        }
        EnvelopeResponse response;
        response.response_data = as_bytes(std::string_view(answer)).subspan(kPrefix);
        outer_->reply(response);
    }

    void on_reject(const Error& reason) override {
        const bool unknown = reason.kind == ErrorKind::unsupported;
        EnvelopeResponse response;
        response.error_code =
            unknown ? wire::ErrorCode::unsupported_version : wire::ErrorCode::invalid_request;
        outer_->reply(response);
    }

private:
    static Reservation copy_memory(Exchange& outer, std::size_t size) {
        Reservation memory = outer.memory().beside();
        memory.add_work(size);
        return memory;
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

void refuse(Exchange& exchange, wire::ErrorCode code) {
    EnvelopeResponse response;
    response.error_code = code;
    exchange.reply(response);
}

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
    const auto inner =
        std::make_shared<Inner>(std::move(exchange), request.request_data, std::move(*principal));
    return dispatcher_.dispatch(ExchangePtr(inner, &inner->exchange()));
}

}  // namespace hw::broker
