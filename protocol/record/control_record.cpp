#include "protocol/record/control_record.h"

namespace hw::record {
namespace {

constexpr std::int16_t kVersion = 0;

Result<void> check(ByteView bytes, std::size_t min_size, const char* what) {
    if (bytes.size() < min_size) {
        return fail(ErrorKind::corrupt, "{} has {} bytes, but needs at least {}", what,
                    bytes.size(), min_size);
    }
    const auto version = load_big_endian<std::int16_t>(bytes.data());
    if (version < 0) {
        return fail(ErrorKind::corrupt, "{} has version {}", what, version);
    }
    return {};
}

}  // namespace

std::array<std::byte, kControlKeySize> encode_control_key(ControlType type) {
    std::array<std::byte, kControlKeySize> key{};
    store_big_endian(key.data(), kVersion);
    store_big_endian(key.data() + sizeof kVersion, static_cast<std::int16_t>(type));
    return key;
}

Result<ControlType> parse_control_key(ByteView key) {
    HW_TRY_VOID(check(key, kControlKeySize, "the key of a control record"));
    const auto type = load_big_endian<std::int16_t>(key.data() + sizeof kVersion);
    if (type < 0 || type > static_cast<std::int16_t>(ControlType::kraft_voters)) {
        return fail(ErrorKind::unsupported, "a control record has the unknown type {}", type);
    }
    return static_cast<ControlType>(type);
}

std::array<std::byte, kEndTransactionSize> encode_end_transaction(CoordinatorEpoch epoch) {
    std::array<std::byte, kEndTransactionSize> value{};
    store_big_endian(value.data(), kVersion);
    store_big_endian(value.data() + sizeof kVersion, epoch.value());
    return value;
}

Result<CoordinatorEpoch> parse_end_transaction(ByteView value) {
    HW_TRY_VOID(check(value, kEndTransactionSize, "the value of an end-of-transaction marker"));
    return CoordinatorEpoch(load_big_endian<std::int32_t>(value.data() + sizeof kVersion));
}

}  // namespace hw::record
