#include "broker/api/produce.h"

#include <memory>

#include "broker/api/guard_visit.h"
#include "broker/api/produce_job.h"

namespace hw::broker {

Task<> ProduceHandler::serve(ExchangePtr exchange, const schema::ProduceRequest& request) {
    const auto job = std::make_shared<ProduceJob>(services_, exchange, request);
    exchange->keep(job);
    job->check(scanner_);
    job->begin_wait();
    for (std::size_t next = 0; next < job->appends(); ++next) {
        while (!job->begin_append(next)) {
            co_await wait_for_room(services_.shard, services_.clock);
        }
    }
}

}  // namespace hw::broker
