#include "tools/client/socket.h"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace hw::client {
namespace {

constexpr Milliseconds kLong{60000};

/// Listens on a free port of loopback and never answers; the kernel completes its connections.
class SilentListener {
public:
    SilentListener() : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* address = reinterpret_cast<sockaddr*>(&any);
        socklen_t size = sizeof any;
        REQUIRE(bind(descriptor_, address, size) == 0);
        REQUIRE(listen(descriptor_, 1) == 0);
        REQUIRE(getsockname(descriptor_, address, &size) == 0);
        address_ = {"127.0.0.1", ntohs(any.sin_port)};
    }
    ~SilentListener() { close(descriptor_); }

    [[nodiscard]] const config::Address& address() const { return address_; }

private:
    int descriptor_;
    config::Address address_;
};

TEST_CASE("socket: a read that nobody answers ends at its deadline", "[client]") {
    const SilentListener listener;
    auto socket = Socket::connect(listener.address(), Deadline(kLong));
    REQUIRE(socket);
    std::array<std::byte, 4> bytes{};
    const auto received = socket->receive(bytes, Deadline(Milliseconds(1)));
    REQUIRE_FALSE(received);
    CHECK(received.error().kind == ErrorKind::timed_out);
}

TEST_CASE("socket: a readable stop descriptor ends a wait before its deadline", "[client]") {
    const SilentListener listener;
    std::array<int, 2> pipe_ends{};
    REQUIRE(pipe(pipe_ends.data()) == 0);
    auto socket = Socket::connect(listener.address(), Deadline(kLong), pipe_ends[0]);
    REQUIRE(socket);
    REQUIRE(write(pipe_ends[1], "x", 1) == 1);
    std::array<std::byte, 4> bytes{};
    const auto received = socket->receive(bytes, Deadline(kLong));
    REQUIRE_FALSE(received);
    CHECK(received.error().kind == ErrorKind::closed);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_CASE("socket: a port where nobody listens refuses at once", "[client]") {
    const config::Address address = SilentListener().address();
    const auto socket = Socket::connect(address, Deadline(kLong));
    REQUIRE_FALSE(socket);
    CHECK(socket.error().kind == ErrorKind::closed);
    CHECK(socket.error().message == "connect: Connection refused");
}

}  // namespace
}  // namespace hw::client
