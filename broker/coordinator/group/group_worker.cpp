#include "broker/coordinator/group/group_worker.h"

#include <utility>

#include "broker/coordinator/group/group_coordinators.h"

namespace hw::broker {

void GroupWorker::ask(Job job) {
    control_.post([this, job = std::move(job)]() mutable {
        if (!stopping_) {
            tasks_.spawn(run(std::move(job)));
        }
    });
}

Task<> GroupWorker::stop() {
    stopping_ = true;
    co_await tasks_.wait_idle();
}

Task<> GroupWorker::run(Job job) {
    const GroupAnswer answer = co_await ask_worker(std::move(job.question));
    const ReplicaPtr replica = job.replica.lock();
    if (replica == nullptr || stopping_) {
        co_return;
    }
    const auto take = [&](GroupMachine& groups, Decision& decision) {
        groups.take(job.group, answer, clock_.wall_now(), decision);
    };
    co_await act_at_group(control_, clock_, replica, take);
}

Task<GroupAnswer> GroupWorker::ask_worker(GroupQuestion question) {
    struct Pending {
        GroupAnswer answer;
        Signal is_there;
    };
    auto pending = std::make_shared<Pending>();
    worker_.post([control = &control_, pending, question = std::move(question)]() mutable {
        control->post([pending, found = answer(std::move(question))]() mutable {
            pending->answer = std::move(found);
            pending->is_there.set();
        });
    });
    co_await control_.wait(pending->is_there, kNever);
    co_return std::move(pending->answer);
}

}  // namespace hw::broker
