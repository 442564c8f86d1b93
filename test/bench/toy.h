#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "protocol/base/result.h"
#include "test/bench/toy_connection.h"
#include "test/bench/toy_file.h"
#include "tools/perf/descriptor.h"

namespace hw::bench {

struct ToyOptions {
    std::uint16_t port = 0;  ///< 0: any free one
    std::string directory = "/dev/shm";
    std::int32_t partitions = 1;
};

/// The physical limit of producing: receive, CRC, append to the page cache, answer, with one
/// thread and no broker around it. Any topic exists, and all topics share the partitions' files.
///
/// Speaks just enough Kafka for `perf produce`: ApiVersions, Metadata, Produce. Listens on loopback
/// only. Its files are new and removed at its end. Used by one thread.
class Toy {
public:
    /// Listens and makes the files. Errors: those of the operating system.
    [[nodiscard]] static Result<std::unique_ptr<Toy>> start(const ToyOptions& options);
    Toy(perf::Descriptor epoll, perf::Descriptor listener, std::uint16_t port, ToyFiles files);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Of the partitions, in order.
    [[nodiscard]] const ToyFiles& files() const { return files_; }

    /// Serves until `stop` becomes readable. Errors: those of the operating system.
    [[nodiscard]] Result<void> serve_until(const perf::Descriptor& stop);

private:
    [[nodiscard]] Result<void> watch(int descriptor, void* owner);
    [[nodiscard]] Result<void> on_event(void* owner);
    [[nodiscard]] Result<void> accept_one();

    perf::Descriptor epoll_;
    perf::Descriptor listener_;
    std::uint16_t port_;
    ToyFiles files_;
    std::vector<std::unique_ptr<ToyConnection>> connections_;
};

}  // namespace hw::bench
