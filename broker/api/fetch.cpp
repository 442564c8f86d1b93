#include "broker/api/fetch.h"

#include <memory>
#include <utility>

#include "broker/api/fetch_job.h"
#include "broker/api/isolation_level.h"

namespace hw::broker {

using replication::FetchSessionCache;

Task<> FetchHandler::serve(ExchangePtr exchange, const schema::FetchRequest& request) {
    const auto isolation = isolation_level(request.isolation_level);
    if (!isolation) {
        exchange->reject(isolation.error());
        return done();
    }
    auto job = std::make_shared<FetchJob>(services_, exchange, request, *isolation);
    if (job->is_of_follower() && job->may_follow()) {
        exchange->note_follower();
    }
    const bool is_full = request.session_epoch == replication::kInitialSessionEpoch ||
                         request.session_epoch == replication::kFinalSessionEpoch;
    if (is_full) {
        sessions_.remove(request.session_id);
    }
    if (request.session_epoch != replication::kFinalSessionEpoch) {
        const bool is_follower = job->is_of_follower() && job->may_follow();
        const auto reader =
            is_follower ? FetchSessionCache::Reader::follower : FetchSessionCache::Reader::consumer;
        auto session = SessionFetch::begin(sessions_, request, exchange->version(), reader);
        if (!session) {
            schema::FetchResponse response;
            response.error_code = session.error();
            exchange->reply(response);
            return done();
        }
        job->use_session(std::move(*session));
    }
    if (selector_ == ReplicaSelector::rack_aware) {
        job->offer_followers();
    }
    exchange->keep(job);
    return FetchJob::serve(std::move(exchange), *job);
}

}  // namespace hw::broker
