#include "broker/runtime/asio_network.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <catch2/catch.hpp>

#include "broker/runtime/event_loop.h"

namespace hw::broker {
namespace {

bool has_ipv6() {
    const int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    const bool has = descriptor >= 0 &&
                     bind(descriptor, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
    close(descriptor);
    return has;
}

/// Listens on `bound` and connects to `called`. Sets `seen` to the host of the peer as the listener
/// sees it, or to the error.
Task<> call(EventLoop& loop, std::string bound, std::string called, std::string& seen) {
    AsioNetwork network;
    const Endpoint any_port{std::move(bound), 0};
    const auto listener = network.listen(loop, any_port);
    if (!listener) {
        seen = listener.error().message;
        loop.stop();
        co_return;
    }
    Endpoint address{std::move(called), (*listener)->local().port};
    const auto connected = co_await network.connect(loop, std::move(address), kNever);
    if (connected) {
        const auto accepted = co_await (*listener)->accept(loop);
        seen = accepted ? (*accepted)->peer().host : accepted.error().message;
    } else {
        seen = to_string(connected.error().kind);
    }
    loop.stop();
}

std::string peer_of_call(const std::string& bound, const std::string& called) {
    std::string seen;
    EventLoop loop(0);
    loop.spawn(call(loop, bound, called, seen));
    loop.run();
    return seen;
}

TEST_CASE("network: a listener without a host accepts IPv4 and IPv6", "[seam][network]") {
    CHECK(peer_of_call("", "127.0.0.1") == "127.0.0.1");
    if (has_ipv6()) {
        CHECK(peer_of_call("", "::1") == "::1");
        CHECK(peer_of_call("::", "127.0.0.1") == "127.0.0.1");
        CHECK(peer_of_call("::", "::1") == "::1");
    }
}

/// From now on, IPv6 sockets of this thread fail with that error. False if the system forbids this.
bool forbid_ipv6(unsigned error) {
    // The kernel passes the number and arguments of each system call to the filter `program`.
    constexpr unsigned kNumber = offsetof(seccomp_data, nr);
    constexpr unsigned kFamily = offsetof(seccomp_data, args);  // low half, little-endian
    constexpr unsigned kLoad = BPF_LD | BPF_W | BPF_ABS;
    constexpr unsigned kSkipUnlessEqual = BPF_JMP | BPF_JEQ | BPF_K;
    std::array<sock_filter, 6> program{{
        BPF_STMT(kLoad, kNumber),
        BPF_JUMP(kSkipUnlessEqual, SYS_socket, 0, 3),
        BPF_STMT(kLoad, kFamily),
        BPF_JUMP(kSkipUnlessEqual, AF_INET6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{.len = program.size(), .filter = program.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_CASE("network: a listener without a host is reached by IPv4 where there is no IPv6",
          "[seam][network]") {
    // EAFNOSUPPORT: the kernel has no IPv6. EADDRNOTAVAIL: it has, but no address is configured.
    const int error = GENERATE(EAFNOSUPPORT, EADDRNOTAVAIL);
    std::string without_host;
    std::string by_address;
    bool is_forbidden = false;
    std::thread machine([&] {
        is_forbidden = forbid_ipv6(static_cast<unsigned>(error));
        without_host = peer_of_call("", "127.0.0.1");
        by_address = peer_of_call("::", "127.0.0.1");
    });
    machine.join();
    CHECK(without_host == "127.0.0.1");
    if (is_forbidden) {
        CHECK(by_address.starts_with("listen on [::]:0: "));
    } else {
        WARN("this system does not allow seccomp filters, so IPv6 could not be switched off");
    }
}

TEST_CASE("network: a listener on an IPv4 address accepts only IPv4, one on ::1 only IPv6",
          "[seam][network]") {
    CHECK(peer_of_call("0.0.0.0", "127.0.0.1") == "127.0.0.1");
    CHECK(peer_of_call("127.0.0.1", "127.0.0.1") == "127.0.0.1");
    if (has_ipv6()) {
        CHECK(peer_of_call("0.0.0.0", "::1") != "::1");
        CHECK(peer_of_call("::1", "127.0.0.1") != "127.0.0.1");
    }
}

}  // namespace
}  // namespace hw::broker
