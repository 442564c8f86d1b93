#include <algorithm>
#include <utility>

#include "broker/node.h"
#include "broker/storage_opening.h"
#include "controller/image/features.h"

namespace hw::broker {

/// Also reports the directories that failed while their logs were opened.
void Node::watch_directories() {
    for (const auto& directory : logs_.directories()) {
        if (std::ranges::count(config_.storage.log_dirs, directory->path()) == 0) {
            continue;
        }
        const auto tell = [this, failed = directory.get()] { on_directory_failed(*failed); };
        directory->on_failure([tell](const Error&) { tell(); });
        if (directory->failure()) {
            tell();
        }
    }
}

bool Node::has_failed(const storage::LogDirectory& directory) const {
    return directory.failure() &&
           std::ranges::count(config_.storage.log_dirs, directory.path()) > 0;
}

/// Ends the node if the metadata cannot say that a directory has failed.
void Node::check_failures_can_be_told() {
    const auto failed = std::ranges::find_if(
        logs_.directories(), [this](const auto& each) { return has_failed(*each); });
    if (failed == logs_.directories().end()) {
        return;
    }
    const auto image = applier_->image();
    const controller::MetadataVersion version(
        image == nullptr ? controller::kInitialMetadataVersion.level()
                         : image->feature_level(controller::kMetadataVersionFeature));
    if (!version.has_directories()) {
        end({(*failed)->failure()->kind,
             fmt::format("metadata.version {} of this cluster cannot say that one data directory "
                         "of a broker has failed: {}",
                         version.level(), (*failed)->failure()->message)});
    }
}

void Node::on_directory_failed(const storage::LogDirectory& directory) {
    check_failures_can_be_told();
    const bool is_last = std::ranges::all_of(logs_.directories(), [this](const auto& each) {
        return each->failure() || std::ranges::count(config_.storage.log_dirs, each->path()) == 0;
    });
    if (is_last) {
        end({directory.failure()->kind,
             "no data directory (log.dirs) is left: " + directory.failure()->message});
        return;
    }
    if (directory.id() != DirectoryId() && !ended_) {
        agent_->on_directory_failed(directory.id());
    }
}

void Node::end(const Error& reason) {
    if (ended_) {
        return;
    }
    ended_ = with_repair_advice(with_advice(reason));
    session_changed_.set();
    if (tell_end_) {
        tell_end_(*ended_);
    }
}

Task<> Node::stop() {
    hang_watch_.start();
    co_await stop_in_order();
    co_await hang_watch_.stop();
}

Task<> Node::leave() {
    has_left_ = true;
    co_await stop_accepting();
    if (in_session_ && !ended_) {
        // Otherwise producers would not learn that their batches are in the log.
        co_await shards_.drain(ports_.clock.now() + kDrainLimit);
        co_await agent_->leave();
    }
}

Task<> Node::stop_in_order() {
    if (!has_left_) {
        co_await leave();
    }
    if (controller_ != nullptr) {
        co_await controller_->resign();
    }
    co_await stop_serving();
    co_await stop_following();
    co_await close_logs();
}

Task<> Node::stop_accepting() {
    for (const auto& acceptor : acceptors_) {
        co_await acceptor->stop();
    }
}

Task<> Node::stop_serving() {
    co_await shards_.stop();
    // Closed connections have posted work here that lowers the acceptors' count of connections; let
    // it run.
    Signal settled;
    ports_.control.post([&settled] { settled.set(); });
    co_await ports_.control.wait(settled, kNever);
}

Task<> Node::stop_following() {
    if (follower_ != nullptr) {
        follower_->begin_stop();
        applier_->begin_stop();
    }
    producer_ids_.begin_stop();
    topic_creator_.begin_stop();
    isr_updater_.begin_stop();
    if (assigner_ != nullptr) {
        assigner_->begin_stop();
    }
    gateway_.begin_stop();
    connector_.end_waits();
    co_await session_channel_.stop();
    co_await request_channel_.stop();
    co_await id_channel_.stop();
    co_await isr_channel_.stop();
    co_await directory_channel_.stop();
    co_await metadata_channel_.stop();
    co_await gateway_.stop();
    co_await producer_ids_.stop();
    co_await topic_creator_.stop();
    co_await isr_updater_.stop();
    co_await shards_.stop_fetching();
    if (registrar_ != nullptr) {
        co_await registrar_->stop();
    }
    if (applier_ == nullptr) {
        co_return;
    }
    co_await offset_cleaner_->stop();
    co_await groups_.stop();
    co_await follower_->stop();
    co_await agent_->stop();
    co_await assigner_->stop();
    co_await checkpointer_->stop();
    co_await producer_expiry_->stop();
    co_await isr_watch_->stop();
}

Task<> Node::close_logs() {
    std::vector<storage::ClosingLog> closing;
    if (applier_ != nullptr) {
        co_await applier_->stop(closing);
    }
    if (controller_ != nullptr) {
        co_await controller_->stop();
        closing.push_back(controller_->closing_log());
    }
    const BrokerEpoch epoch = agent_ == nullptr ? BrokerEpoch(-1) : agent_->epoch();
    const auto closed = co_await logs_.close(std::move(closing), epoch);
    if (!closed && !ended_) {
        ended_ = Error{closed.error().kind,
                       fmt::format("the data was not closed cleanly; the next start checks it: {}",
                                   closed.error().message)};
    }
    // The last writes release their requests by posts to the shards; let these run.
    co_await shards_.settle();
}

}  // namespace hw::broker
