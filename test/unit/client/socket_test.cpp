#include "tools/client/socket.h"

#include <array>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tools/client/frame_input.h"

namespace hw::client {
namespace {

constexpr Milliseconds kLong{60000};

/// A listener on a free loopback port. The kernel completes connections before they are accepted.
Listener silent_listener() {
    auto listener = Listener::open(0);
    REQUIRE(listener);
    return std::move(*listener);
}

config::Address address_of(const Listener& listener) {
    return {"127.0.0.1", listener.port()};
}

/// A connection between the socket under test and a descriptor of the test.
struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        socket.emplace(Descriptor(ends[0]));
        other = Descriptor(ends[1]);
    }
    void put(std::string_view bytes) const {
        REQUIRE(::write(other.number(), bytes.data(), bytes.size()) ==
                static_cast<ssize_t>(bytes.size()));
    }

    std::optional<Socket> socket;
    Descriptor other;
};

TEST_CASE("socket: a read without data ends at its deadline", "[client]") {
    const Listener listener = silent_listener();
    auto socket = Socket::connect(address_of(listener), Deadline(kLong));
    REQUIRE(socket);
    std::array<std::byte, 4> bytes{};
    const auto received = socket->receive(bytes, Deadline(Milliseconds(1)));
    REQUIRE_FALSE(received);
    CHECK(received.error().kind == ErrorKind::timed_out);
    CHECK(received.error().message == "no answer within 1 ms");
}

TEST_CASE("deadline: its text has the time, the option it was given with, and its share of it",
          "[client]") {
    CHECK(Deadline(Milliseconds(15000)).text() == "15 s");
    CHECK(Deadline(Milliseconds(1500)).text() == "1.5 s");
    const Deadline whole(kLong, "--timeout");
    CHECK(whole.text() == "60 s (--timeout)");
    CHECK(whole.within(whole.left()).text() == "60 s (--timeout)");
    CHECK(whole.within(Milliseconds(5000)).text() == "5 s, its share of 60 s (--timeout)");
}

TEST_CASE("socket: a readable stop descriptor ends a wait before its deadline", "[client]") {
    const Listener listener = silent_listener();
    std::array<int, 2> pipe_ends{};
    REQUIRE(pipe(pipe_ends.data()) == 0);
    auto socket = Socket::connect(address_of(listener), Deadline(kLong), pipe_ends[0]);
    REQUIRE(socket);
    REQUIRE(write(pipe_ends[1], "x", 1) == 1);
    std::array<std::byte, 4> bytes{};
    const auto received = socket->receive(bytes, Deadline(kLong));
    REQUIRE_FALSE(received);
    CHECK(received.error().kind == ErrorKind::closed);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_CASE("socket: a connection to a port without a listener fails at once", "[client]") {
    const config::Address address = address_of(silent_listener());
    const auto socket = Socket::connect(address, Deadline(kLong));
    REQUIRE_FALSE(socket);
    CHECK(socket.error().kind == ErrorKind::closed);
    CHECK(socket.error().message == "connect: Connection refused");
}

TEST_CASE("socket: an accepted socket receives what the caller sends", "[client]") {
    Listener listener = silent_listener();
    auto caller = Socket::connect(address_of(listener), Deadline(kLong));
    REQUIRE(caller);
    auto called = listener.accept();
    REQUIRE(called);
    REQUIRE(caller->send(as_bytes("ping"), Deadline(kLong)));
    std::array<std::byte, 4> bytes{};
    REQUIRE(called->receive(bytes, Deadline(kLong)));
    CHECK(as_text(bytes) == "ping");
}

TEST_CASE("socket: receive_now returns the bytes that have arrived, or 0 if there are none",
          "[client]") {
    Pair pair;
    std::array<std::byte, 4> bytes{};
    CHECK(pair.socket->receive_now(bytes) == std::size_t{0});
    pair.put("ab");
    CHECK(pair.socket->receive_now(bytes) == std::size_t{2});
    pair.other = Descriptor();
    const auto ended = pair.socket->receive_now(bytes);
    REQUIRE_FALSE(ended);
    CHECK(ended.error().message == "the other side closed the connection");
}

TEST_CASE("socket: send_now sends part of a large text, and 0 bytes when the socket is full",
          "[client]") {
    Pair pair;
    const std::string large(std::size_t{8} << 20, 'x');
    iovec slice = slice_of(as_bytes(large));
    const auto sent = pair.socket->send_now({&slice, 1});
    REQUIRE(sent);
    CHECK(*sent > 0);
    CHECK(*sent < large.size());
    slice = slice_of(as_bytes(large));
    CHECK(pair.socket->send_now({&slice, 1}) == std::size_t{0});
}

TEST_CASE("socket: a frame is returned without its length; one over the limit is refused",
          "[client]") {
    Pair pair;
    pair.put(std::string("\0\0\0\2ab\0\0\0\3", 10));
    const auto frame = pair.socket->receive_frame(2, Deadline(kLong));
    REQUIRE(frame);
    CHECK(as_text(frame->view()) == "ab");
    const auto larger = pair.socket->receive_frame(2, Deadline(kLong));
    REQUIRE_FALSE(larger);
    CHECK(larger.error().kind == ErrorKind::corrupt);
    CHECK(larger.error().message == "announced a response of 3 bytes; the limit is 2");
}

TEST_CASE("slices: bytes that were sent are removed from the front", "[client]") {
    std::array slices{slice_of(as_bytes("abc")), slice_of({}), slice_of(as_bytes("de"))};
    CHECK(slices_after(slices, 0).size() == 3);
    CHECK(slices_after(slices, 3).size() == 1);
    const auto left = slices_after(slices, 2);
    REQUIRE(left.size() == 3);
    CHECK(left[0].iov_len == 1);
    CHECK(*static_cast<const char*>(left[0].iov_base) == 'c');
    CHECK(slices_after(left, 3).empty());
}

TEST_CASE("frames: whole frames are returned in order; a part waits for its rest", "[client]") {
    Pair pair;
    FrameInput input(16, 100);
    pair.put(std::string("\0\0\0\1a\0\0\0\0\0\0\0\2b", 14));
    REQUIRE(input.receive(*pair.socket)->bytes == 14);
    CHECK(as_text(**input.next()) == "a");
    CHECK((*input.next())->empty());
    CHECK_FALSE(*input.next());
    pair.put("c");
    REQUIRE(input.receive(*pair.socket)->bytes == 1);
    CHECK(as_text(**input.next()) == "bc");
    CHECK_FALSE(*input.next());
    CHECK(input.receive(*pair.socket)->bytes == 0);
}

TEST_CASE("frames: a frame that is larger than one read is returned whole", "[client]") {
    Pair pair;
    FrameInput input(8, 1000);
    pair.put(std::string("\0\0\1\0", 4) + std::string(256, 'x') + std::string(4, '\0'));
    REQUIRE(input.receive(*pair.socket)->bytes == 8);
    CHECK_FALSE(*input.next());
    const auto rest = input.receive(*pair.socket);
    REQUIRE(rest);
    CHECK(rest->bytes == 252);
    CHECK(rest->may_have_more);
    CHECK(as_text(**input.next()) == std::string(256, 'x'));
    REQUIRE(input.receive(*pair.socket)->bytes == 4);
    CHECK((*input.next())->empty());
}

TEST_CASE("frames: a frame over the limit is refused before its body arrives", "[client]") {
    Pair pair;
    FrameInput input(8, 100);
    pair.put(std::string("\0\0\0\x61", 4));
    REQUIRE(input.receive(*pair.socket));
    const auto frame = input.next();
    REQUIRE_FALSE(frame);
    CHECK(frame.error().message == "a frame of 101 bytes is over the limit of 100");
}

}  // namespace
}  // namespace hw::client
