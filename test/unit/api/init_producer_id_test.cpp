#include "broker/api/init_producer_id.h"

#include <catch2/catch.hpp>

#include "protocol/schema/api/allocate_producer_ids.h"
#include "test/support/answered_peer.h"
#include "test/support/raft_process.h"
#include "test/unit/api/handler_world.h"

namespace hw::broker {
namespace {

using schema::InitProducerIdRequest;
using schema::InitProducerIdResponse;
using wire::ErrorCode;

/// A broker that gets the producer ids from 4000 on by `give_block`, and otherwise none.
struct World : HandlerWorld {
    ~World() {
        bool stopped = false;
        control.spawn(stop(stopped));
        CHECK(run_until([&] { return stopped; }));
    }
    Task<> stop(bool& stopped) {
        co_await pool.stop();
        stopped = true;
    }
    void give_block() {
        REQUIRE(run_until([&] { return controller.waiting() == 1; }));
        controller.answer(schema::AllocateProducerIdsResponse{.producer_id_start = ProducerId(4000),
                                                              .producer_id_len = 1000});
    }
    /// Answer to a request; checks that the controller was not asked.
    InitProducerIdResponse refusal_of(const InitProducerIdRequest& request, ApiVersion version) {
        const auto answer = ask<InitProducerIdResponse>(handler, request, version);
        CHECK(controller.count() == 0);
        return *answer;
    }

    sim::SimShard control{scheduler, 1, 1};
    test::NullLogSink log;
    test::AnsweredPeer controller{control};
    ProducerIdPool pool{control, clock, controller,
                        [] { return BrokerIdentity{BrokerId(1), BrokerEpoch(5)}; },
                        Logger(log, "test")};
    InitProducerIdHandler handler{services, pool};
};

/// The request of a producer without transactions.
InitProducerIdRequest idempotent() {
    InitProducerIdRequest request;
    request.transactional_id = std::string_view();
    return request;
}

void check_refused(const InitProducerIdResponse& answer, ErrorCode code) {
    CHECK(answer.error_code == code);
    CHECK(answer.producer_id == kNoProducerId);
    CHECK(answer.producer_epoch == ProducerEpoch(-1));
}

TEST_CASE("init producer id: each idempotent producer gets a new id with epoch 0, in every version",
          "[api][init-producer-id]") {
    World world;
    std::int64_t expected = 4000;
    for (const ApiVersion version : versions_of<InitProducerIdRequest>()) {
        const auto exchange = world.send(world.handler, idempotent(), version);
        if (version == ApiVersion(0)) {
            world.give_block();
        }
        const auto answer = world.answer_to<InitProducerIdResponse>(*exchange);
        CHECK(answer->error_code == ErrorCode::none);
        CHECK(answer->producer_id == ProducerId(expected++));
        CHECK(answer->producer_epoch == ProducerEpoch(0));
    }
}

TEST_CASE("init producer id: a producer that sends its previous id and epoch still gets a new id",
          "[api][init-producer-id]") {
    World world;
    InitProducerIdRequest request = idempotent();
    const std::int64_t id = GENERATE(std::int64_t{0}, std::int64_t{77});
    request.producer_id = ProducerId(id);
    request.producer_epoch = ProducerEpoch(0);
    const auto exchange = world.send(world.handler, request, ApiVersion(5));
    world.give_block();
    CHECK(world.answer_to<InitProducerIdResponse>(*exchange)->producer_id == ProducerId(4000));
}

TEST_CASE("init producer id: an id without an epoch, or an epoch without an id, is refused",
          "[api][init-producer-id]") {
    World world;
    InitProducerIdRequest request = idempotent();
    SECTION("no epoch") {
        request.producer_id = ProducerId(7);
    }
    SECTION("no id") {
        request.producer_epoch = ProducerEpoch(7);
    }
    check_refused(world.refusal_of(request, ApiVersion(3)), ErrorCode::invalid_request);
}

TEST_CASE("init producer id: a transactional id is refused, because there is no coordinator yet",
          "[api][init-producer-id]") {
    World world;
    InitProducerIdRequest request;
    for (const ApiVersion version : versions_of<InitProducerIdRequest>()) {
        request.transactional_id = "payments";
        check_refused(world.refusal_of(request, version), ErrorCode::coordinator_not_available);
        request.transactional_id = "";
        check_refused(world.refusal_of(request, version), ErrorCode::invalid_request);
    }
}

TEST_CASE(
    "init producer id: if no ids come from the controller, the producer gets a retriable error",
    "[api][init-producer-id]") {
    World world;
    const auto answer =
        world.ask<InitProducerIdResponse>(world.handler, idempotent(), ApiVersion(0));
    check_refused(*answer, ErrorCode::coordinator_load_in_progress);
}

TEST_CASE(
    "init producer id: a caller without IDEMPOTENT_WRITE on the cluster needs WRITE on some topic",
    "[api][init-producer-id]") {
    World world;
    world.authorizer.forbid(Operation::idempotent_write, kCluster);
    SECTION("the caller may write to some topic") {
        const auto exchange = world.send(world.handler, idempotent(), ApiVersion(4));
        world.give_block();
        CHECK(world.answer_to<InitProducerIdResponse>(*exchange)->error_code == ErrorCode::none);
    }
    SECTION("the caller may write to no topic") {
        world.authorizer.forbid_all(Operation::write, ResourceType::topic);
        check_refused(world.refusal_of(idempotent(), ApiVersion(4)),
                      ErrorCode::cluster_authorization_failed);
    }
    SECTION("a transactional id needs WRITE on that id") {
        world.authorizer.forbid(Operation::write, {ResourceType::transactional_id, "tx"});
        InitProducerIdRequest request;
        request.transactional_id = "tx";
        check_refused(world.refusal_of(request, ApiVersion(4)),
                      ErrorCode::transactional_id_authorization_failed);
    }
}

}  // namespace
}  // namespace hw::broker
