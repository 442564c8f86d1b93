#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/result.h"
#include "test/bench/toy_connection.h"
#include "test/bench/toy_file.h"
#include "tools/client/socket.h"

namespace hw::bench {

struct ToyOptions {
    std::uint16_t port = 0;  ///< 0: any free port
    std::string directory = "/dev/shm";
    std::int32_t partitions = 1;
};

/// A minimal broker that shows the unavoidable cost of producing and fetching with one thread. It
/// receives batches, computes their CRC, appends them to the page cache and answers; it sends
/// fetched records from the page cache. Every topic exists, and all topics share the files of the
/// partitions.
///
/// Serves only what `hw perf` uses: ApiVersions, Metadata, ListOffsets, Produce, Fetch. A Fetch at
/// the end of its partitions waits until there are records. Listens on loopback only. Creates new
/// files, and removes them when it is destroyed. Used by one thread.
class Toy {
public:
    /// Listens and creates the files. Errors: those of the operating system.
    [[nodiscard]] static Result<std::unique_ptr<Toy>> start(const ToyOptions& options);
    Toy(client::Poller poller, client::Listener listener, ToyFiles files)
        : poller_(std::move(poller)), listener_(std::move(listener)), files_(std::move(files)) {}

    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
    /// The files of the partitions, in order.
    [[nodiscard]] const ToyFiles& files() const { return files_; }

    /// Serves until `stop` becomes readable. Errors: those of the operating system.
    [[nodiscard]] Result<void> serve_until(const client::Descriptor& stop);

private:
    [[nodiscard]] Result<void> on_event(void* owner);
    [[nodiscard]] Result<void> accept_one();
    void answer_parked();

    client::Poller poller_;
    client::Listener listener_;
    ToyFiles files_;
    std::vector<std::unique_ptr<ToyConnection>> connections_;
};

}  // namespace hw::bench
