#include "broker/metadata/principal.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>

#include "protocol/schema/api/principal.h"
#include "protocol/wire/encode_message.h"
#include "protocol/wire/reader.h"

namespace hw::broker {
namespace {

constexpr ApiVersion kVersion{0};

}  // namespace

Result<Buffer> encode_principal(std::string_view principal) {
    const std::size_t colon = principal.find(':');
    if (colon == std::string_view::npos) {
        return fail(ErrorKind::invalid, "'{}' is not a principal: it has no colon", principal);
    }
    const schema::DefaultPrincipalData data{.type = principal.substr(0, colon),
                                            .name = principal.substr(colon + 1)};
    HW_TRY(encoded, wire::encode_message(data, kVersion));
    Buffer bytes(sizeof(std::int16_t) + encoded.size);
    store_big_endian(bytes.data(), kVersion.value());
    std::ranges::copy(encoded.own.view(), bytes.data() + sizeof(std::int16_t));
    return bytes;
}

Result<std::string> decode_principal(ByteView bytes) {
    Arena arena(bytes.size());
    wire::Reader reader(bytes, arena);
    const ApiVersion version(reader.integer<std::int16_t>());
    if (!reader.failed() && version != kVersion) {
        return fail(ErrorKind::unsupported, "principal version {} is not supported", version);
    }
    schema::DefaultPrincipalData data;
    decode(reader, kVersion, data);
    HW_TRY_VOID(reader.finish());
    return fmt::format("{}:{}", data.type, data.name);
}

Buffer encode_address(const std::string& host) {
    Buffer address(sizeof(in6_addr));
    if (::inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
        return address;
    }
    address.resize(sizeof(in_addr));
    std::ranges::fill(address.bytes(), std::byte{0});
    static_cast<void>(::inet_pton(AF_INET, host.c_str(), address.data()));
    return address;
}

}  // namespace hw::broker
