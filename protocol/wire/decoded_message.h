#pragma once

#include <cstddef>
#include <utility>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/wire/reader.h"

namespace hw::wire {

/// A decoded message, with the bytes and the arena that it points to.
template <class Message>
class DecodedMessage {
public:
    /// Decoding may take `memory_factor` times the size of `bytes`, and kSlack more.
    DecodedMessage(Buffer bytes, std::size_t memory_factor)
        : bytes_(std::move(bytes)), arena_(bytes_.size() * memory_factor + kSlack) {}

    /// Decodes the message, which begins after a header that `read_header`, a function of a Reader,
    /// consumes. Errors: corrupt, limit, those of `read_header`.
    template <class ReadHeader>
    [[nodiscard]] Result<void> read(ApiVersion version, ReadHeader read_header) {
        Reader reader(bytes_.view(), arena_);
        HW_TRY_VOID(read_header(reader));
        decode(reader, version, message_);
        return reader.finish();
    }
    /// Decodes the message, which begins with the first byte. Errors: corrupt, limit.
    [[nodiscard]] Result<void> read(ApiVersion version) {
        return read(version, [](Reader&) { return Result<void>(); });
    }

    [[nodiscard]] const Message& operator*() const { return message_; }
    [[nodiscard]] const Message* operator->() const { return &message_; }

private:
    static constexpr std::size_t kSlack = 64 * 1024;

    Buffer bytes_;
    Arena arena_;
    Message message_;
};

}  // namespace hw::wire
