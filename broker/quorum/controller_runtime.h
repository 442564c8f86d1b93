#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "controller/quorum_controller.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "replication/raft/raft_node.h"

namespace hw::broker {

/// Runs the controller of a node: feeds it the metadata log, appends its decisions, and answers
/// requests when their decisions are committed.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class ControllerRuntime final : public replication::RaftListener {
public:
    using Done = std::move_only_function<void(const controller::ControllerResponse&)>;

    ControllerRuntime(Shard& shard, const Clock& clock, replication::RaftNode& raft,
                      controller::QuorumController controller, Logger log);
    ControllerRuntime(const ControllerRuntime&) = delete;
    ControllerRuntime& operator=(const ControllerRuntime&) = delete;

    /// Joins the quorum, and starts watching the controller's deadlines.
    void start();
    [[nodiscard]] Task<> stop();
    /// `call` is called once, with the reason, when the node can no longer take part: the process
    /// must end then.
    void on_end(std::function<void(const Error&)> call) { tell_end_ = std::move(call); }
    /// `call` is called with each new committed image; its controller() is the leader of the quorum
    /// as this node knows it.
    using Publish = std::function<void(std::shared_ptr<const controller::MetadataImage>)>;
    void on_image(Publish call) { publish_ = std::move(call); }
    /// `call` is called when this controller has become the active one, or has ceased to be it.
    void on_role_change(std::function<void()> call) { tell_role_ = std::move(call); }

    /// `done` is called once: when the decision is committed, or at once with NOT_CONTROLLER.
    void handle(const controller::ControllerRequest& request, Done done);
    /// See QuorumController::fence_gone.
    [[nodiscard]] bool fence_gone(BrokerId broker, BrokerEpoch epoch);
    [[nodiscard]] const controller::QuorumController& controller() const { return controller_; }

    void on_activate(LeaderEpoch epoch, Offset next_offset) override;
    void on_resign(LeaderEpoch epoch) override;
    void on_committed(Offset end_offset) override;
    void on_leader(BrokerId leader) override;
    void on_failure(const Error& reason) override;

private:
    /// Bytes of the log that are read at a time.
    static constexpr std::size_t kReadBytes = std::size_t{1} << 20;

    [[nodiscard]] Task<> watch();
    /// Feeds the controller the committed log below `end_offset`. Errors: corrupt, io.
    [[nodiscard]] Result<void> follow(Offset end_offset);
    /// Errors: corrupt, unsupported, with the offset of the batch.
    [[nodiscard]] Result<void> load(ByteView batches);
    void execute(controller::ControllerEffects& effects);
    void publish();
    [[nodiscard]] Result<void> append(const controller::MetadataAppend& append);

    Shard& shard_;
    const Clock& clock_;
    replication::RaftNode& raft_;
    controller::QuorumController controller_;
    Logger log_;
    std::function<void(const Error&)> tell_end_;
    std::function<void()> tell_role_;
    Publish publish_;
    std::shared_ptr<const controller::MetadataImage> published_;  ///< without its controller
    BrokerId leader_ = kNoBroker;
    std::map<controller::Ticket, Done> waiting_;
    controller::Ticket next_ticket_ = 0;
    Offset followed_{0};  ///< end of the log that the controller was given
    storage::ReadCursor cursor_;
    TaskGroup tasks_;
    Signal deadline_changed_;
    bool stopping_ = false;
    bool failed_ = false;
};

}  // namespace hw::broker
