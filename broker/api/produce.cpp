#include "broker/api/produce.h"

#include <memory>

#include "broker/api/produce_job.h"
#include "broker/net/long_loop.h"
#include "broker/replicas/guard_visit.h"

namespace hw::broker {

Task<> ProduceHandler::serve(ExchangePtr exchange, const schema::ProduceRequest& request) {
    // The memory of a single partition is in the job.
    const std::size_t items = request.topic_data.size() + ProduceJob::partitions_of(request);
    if (items > 2 && !exchange->take_work(items, ProduceJob::kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<ProduceJob>(services_, exchange, request);
    exchange->keep(job);
    bool has_yielded = false;
    while (!job->check(scanner_, loop_, has_yielded)) {
        co_await let_others_run(services_.shard);
        has_yielded = true;
    }
    job->begin_wait();
    LongLoop loop;
    for (std::size_t next = 0; next < job->appends(); ++next) {
        while (!job->begin_append(next)) {
            co_await wait_for_room(services_.shard, services_.clock);
        }
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
}

}  // namespace hw::broker
