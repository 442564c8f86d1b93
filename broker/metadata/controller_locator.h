#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// A controller to connect to. The id is not known for an address of
/// controller.quorum.bootstrap.servers.
struct ControllerAddress {
    BrokerId id = kNoBroker;
    Endpoint endpoint;

    bool operator==(const ControllerAddress&) const = default;
};

/// "controller 1 at host:9093"; without an id "the controller at host:9093".
[[nodiscard]] std::string to_string(const ControllerAddress& controller);

/// Knows where the active controller is: the leader of the metadata quorum. It learns this from the
/// answers to fetches of the metadata log. While it does not know the active controller, it names
/// the configured ones in turn, to be asked.
///
/// A core: no I/O, no clock. Used on the control shard; owned by the node.
class ControllerLocator {
public:
    /// `configured` are the voters or bootstrap servers of this node's configuration; at least one.
    /// A single voter is the active controller from the start.
    explicit ControllerLocator(std::vector<ControllerAddress> configured);
    ControllerLocator(const ControllerLocator&) = delete;
    ControllerLocator& operator=(const ControllerLocator&) = delete;

    /// `call` is called after each change of `active`.
    void on_change(std::function<void()> call) { tell_change_ = std::move(call); }

    /// The active controller, as far as known; none before the first answer.
    [[nodiscard]] const std::optional<ControllerAddress>& active() const { return active_; }
    /// Whether the active controller is known, and has answered the last fetch.
    [[nodiscard]] bool is_answering() const { return active_ && !is_doubted_; }
    /// The controller to fetch from: the active one, or if that is not known or does not answer,
    /// the next one to ask who is active.
    [[nodiscard]] ControllerAddress to_ask() const;
    [[nodiscard]] LeaderEpoch epoch() const { return epoch_; }

    /// A controller said that `leader` leads in `epoch`; -1 when it knows no leader. `endpoint` is
    /// the leader's, if the controller said it. Earlier epochs are ignored.
    void on_leader(BrokerId leader, LeaderEpoch epoch, const std::optional<Endpoint>& endpoint);
    /// `asked` gave no answer, or does not know the active controller: another one is asked next.
    /// The active controller stays the same until another one is known, because only the connection
    /// that fetches may have failed.
    void on_no_answer(const ControllerAddress& asked);

private:
    [[nodiscard]] std::optional<Endpoint> configured_endpoint(BrokerId id) const;
    void set_active(std::optional<ControllerAddress> active);

    std::vector<ControllerAddress> configured_;
    std::optional<ControllerAddress> active_;
    LeaderEpoch epoch_{0};
    bool is_doubted_ = false;  ///< the active controller gave no answer
    std::size_t turn_ = 0;     ///< index of the configured controller to ask
    std::function<void()> tell_change_;
};

}  // namespace hw::broker
