#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/net/memory_budget.h"
#include "broker/net/request_context.h"
#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/base/bytes.h"
#include "protocol/schema/api/header.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/error_code.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace hw::broker {

/// State of a connection that a handler keeps between requests. A connection has one place for it,
/// so at most one handler of a dispatcher keeps such state.
class ConnectionState {
public:
    virtual ~ConnectionState() = default;
};

/// Receiver of an exchange's answer, such as the connection that the request came from.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    virtual void on_answer() = 0;
    /// The request cannot be answered, for example because it breaks the protocol. The connection
    /// ends once the answers before this one are sent; no later answer is sent.
    virtual void on_reject(const Error& reason) = 0;
    /// Takes the memory that the receiver itself needs for an answer of `bytes`, before the work is
    /// done. False: there is not enough.
    [[nodiscard]] virtual bool on_hold_answer(std::size_t bytes) {
        static_cast<void>(bytes);
        return true;
    }
    /// Where the state is kept, which ends with the receiver; nullptr if it keeps none.
    [[nodiscard]] virtual std::unique_ptr<ConnectionState>* connection_state() { return nullptr; }
    /// The request comes from a broker that follows partitions of this one. Until it has fetched
    /// again, writes with acks=all cannot be answered.
    virtual void on_follower() {}
};

/// One request and the place of its answer. The bytes of the request, the decoded request and the
/// answer live until the answer is sent, so nothing is copied between them.
///
/// Shared by the connection, which sends answers in the order of requests, and the code that
/// answers. An answer after the end of the connection is dropped. Used on the connection's shard
/// only.
class Exchange final : private ArenaSource {
public:
    Exchange(Buffer frame, Reservation memory, AnswerSink& sink);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() override;

    /// Reads the request header; the frame's rest is the body. Errors: corrupt.
    [[nodiscard]] Result<void> read_header();

    [[nodiscard]] const schema::ApiInfo& api() const { return *api_; }
    [[nodiscard]] ApiVersion version() const { return version_; }
    [[nodiscard]] std::int16_t api_key() const { return api_key_; }
    /// The API in the first bytes of the request; may be called before read_header. nullptr:
    /// unknown.
    [[nodiscard]] const schema::ApiInfo* named_api() const;
    [[nodiscard]] const RequestContext& context() const { return context_; }
    [[nodiscard]] RequestContext& context() { return context_; }
    [[nodiscard]] Arena& arena() { return arena_; }
    /// The received request: header and body.
    [[nodiscard]] ByteView request_bytes() const { return frame_.view(); }
    void set_api(const schema::ApiInfo& api) { api_ = &api; }

    /// Decodes the body; the result lives as long as the exchange. Errors: corrupt, limit (also
    /// when no memory is left to decode it). Bytes after the message are ignored, as in Kafka:
    /// librdkafka's request for the metadata of all topics has three of them from version 9 on.
    template <class Message>
    [[nodiscard]] Result<const Message*> parse();

    /// Answers with a message in the request's version, and sets its throttle time. At most one
    /// answer is given.
    template <class Message>
    void reply(Message message) {
        reply_as(message, version_);
    }
    /// The same in another version: ApiVersions answers an unknown version in version 0.
    template <class Message>
    void reply_as(Message message, ApiVersion version);
    /// Answers with an encoded response header and body. Its memory is counted, but never refused,
    /// because it is an answer of another node, which has acted.
    void reply_encoded(ByteView header_and_body);
    /// Takes memory for the answer before the work is done, so that the answer finds it. False, and
    /// nothing taken, if there is not enough.
    [[nodiscard]] bool hold_answer(std::size_t bytes);
    /// The error of the request as a whole, if it has one: the Envelope around it may carry it.
    [[nodiscard]] wire::ErrorCode error() const { return error_; }
    void set_error(wire::ErrorCode code) { error_ = code; }
    /// The request wants no answer (Produce with acks=0).
    void finish_silently();
    /// See AnswerSink::on_reject.
    void reject(const Error& reason);

    /// Write access to `part`, which lies in the request's bytes.
    [[nodiscard]] MutableBytes writable(ByteView part);
    /// Keeps one object as long as the exchange: the job that makes the answer, or bytes that the
    /// answer points to. The connection owns the exchange, so a waiting Fetch ends with it.
    void keep(std::shared_ptr<const void> work) { work_ = std::move(work); }
    /// The memory that the request holds. A handler takes more of it before it uses more. The
    /// frame, the decoded request and the encoded answer are counted without its help.
    [[nodiscard]] Reservation& memory() { return memory_; }
    /// Takes memory for the work on the `items` that the request names. When there is not enough,
    /// rejects the request and returns false.
    [[nodiscard]] bool take_work(std::size_t items, std::size_t bytes_each);

    /// Where state of the connection is kept; nullptr when the connection has ended, or keeps none.
    [[nodiscard]] std::unique_ptr<ConnectionState>* connection_state() {
        return sink_ == nullptr ? nullptr : sink_->connection_state();
    }

    /// See AnswerSink::on_follower.
    void note_follower() {
        if (sink_ != nullptr) {
            sink_->on_follower();
        }
    }

    /// False when the connection has ended, so an answer would be dropped.
    [[nodiscard]] bool is_wanted() const { return sink_ != nullptr; }

    /// For the connection. Answered: the work on the request has ended. Rejected: there is no
    /// answer, and the connection ends.
    [[nodiscard]] bool answered() const { return answered_; }
    [[nodiscard]] bool rejected() const { return rejected_; }
    [[nodiscard]] const wire::Encoded& answer() const { return answer_; }
    void detach() {
        sink_ = nullptr;
        if (auto call = std::exchange(on_detach_, nullptr)) {
            call();
        }
    }
    /// `call` is called when the connection ends before the answer.
    void on_detach(std::move_only_function<void()> call) { on_detach_ = std::move(call); }

private:
    [[nodiscard]] bool reserve(std::size_t bytes) override;
    [[nodiscard]] bool take_answer(std::size_t bytes);
    [[nodiscard]] Error out_of_memory(std::string_view purpose, std::size_t bytes) const;
    void set_answer(wire::Encoded answer);

    Buffer frame_;
    Reservation memory_;
    AnswerSink* sink_;
    Arena arena_{0};  ///< begins in the unused rest of the frame's buffer
    RequestContext context_;
    const schema::ApiInfo* api_ = nullptr;
    std::int16_t api_key_ = -1;
    ApiVersion version_;
    CorrelationId correlation_id_;
    ByteView body_;
    wire::Encoded answer_;
    bool answered_ = false;
    bool rejected_ = false;
    std::size_t held_answer_ = 0;  ///< bytes that hold_answer took
    wire::ErrorCode error_ = wire::ErrorCode::none;
    std::size_t refused_bytes_ = 0;  ///< that the arena asked for and did not get
    std::shared_ptr<const void> work_;
    std::move_only_function<void()> on_detach_;
};

using ExchangePtr = std::shared_ptr<Exchange>;

template <class Message>
Result<const Message*> Exchange::parse() {
    constexpr std::size_t kSlack = 64 * 1024;
    arena_.reset(frame_.size() * api_->memory_factor + kSlack);
    auto* message = arena_.allocate<Message>(1);
    if (message == nullptr) {
        return std::unexpected(out_of_memory("decode the request", sizeof(Message)));
    }
    new (message) Message();
    wire::Reader reader(body_, arena_);
    decode(reader, version_, *message);
    if (const auto decoded = reader.status(); !decoded) {
        return std::unexpected(refused_bytes_ == 0
                                   ? decoded.error()
                                   : out_of_memory("decode the request", refused_bytes_));
    }
    return message;
}

template <class Message>
void Exchange::reply_as(Message message, ApiVersion version) {
    if constexpr (requires { message.throttle_time_ms; }) {
        message.throttle_time_ms = context_.throttle;
    }
    constexpr std::size_t kPrefix = 4;
    const ApiVersion header_version = api_->response_header_version(version);
    const schema::ResponseHeader header{.correlation_id = correlation_id_};
    const auto head = measure(header, header_version);
    const auto body = measure(message, version);
    if (!body) {
        reject(body.error());
        return;
    }
    const std::size_t size = head->total() + body->total();
    if (!take_answer(kPrefix + head->own + body->own)) {
        return;
    }
    wire::Encoded answer{
        .own = Buffer(kPrefix + head->own + body->own), .slices = {}, .size = kPrefix + size};
    wire::Writer writer(answer.own.bytes(), answer.slices);
    writer.integer(static_cast<std::int32_t>(size));
    encode(writer, header, header_version);
    encode(writer, message, version);
    writer.finish();
    set_answer(std::move(answer));
}

}  // namespace hw::broker
